"""Pairs worth scoring: scratch table `candidates(join_key_l, join_key_r, match_key)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cdmq.kinds.matching.engine.blocks import Block, budget, key_sql
from cdmq.kinds.matching.engine.names import CANDIDATES, FEATURES, INPUTS, Names
from cdmq.kinds.matching.words import MatchingRule

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def make_candidates(
    connection: DuckDBPyConnection, rule: MatchingRule, blocks: Sequence[Block], records: int
) -> None:
    """By the steward's lists, else by `blocks`; every pair where there are few records."""
    most = budget(records).pairs
    if rule.candidates:
        sources = [_of_columns(Names.of(rule).of_values(columns)) for columns in rule.candidates]
        most = float("inf")
    elif records * (records - 1) / 2 <= most or not blocks:
        sources, most = [_everyone()], float("inf")
    else:
        keys = key_sql(rule)
        sources = [_of_keys([keys[name][0] for name in block]) for block in blocks]
    connection.execute("CREATE OR REPLACE TABLE blocked(a INTEGER, b INTEGER)")
    for source in sources:
        _block(connection, source, most / 3)
    connection.execute(
        f"CREATE OR REPLACE TABLE {CANDIDATES} AS SELECT DISTINCT a AS join_key_l, "
        "b AS join_key_r, '0' AS match_key FROM blocked"
    )
    connection.execute("DROP TABLE blocked; DROP TABLE IF EXISTS block")


def candidate_count(connection: DuckDBPyConnection) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {CANDIDATES}").fetchall()[0][0])


def _everyone() -> str:
    return f"SELECT rid, 1 AS h FROM {FEATURES}"


def _of_keys(keys: Sequence[str]) -> str:
    there = " AND ".join(f"({key}) IS NOT NULL" for key in keys)
    return f"SELECT rid, hash({', '.join(keys)}) AS h FROM {FEATURES} WHERE {there}"


def _of_columns(columns: Sequence[str]) -> str:
    there = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    return f"SELECT rid, hash({', '.join(columns)}) AS h FROM {INPUTS} WHERE {there}"


def _block(connection: DuckDBPyConnection, source: str, most: float) -> None:
    """Joins the records of each block; the largest blocks are left out where all would be more
    than `most` pairs."""
    connection.execute(f"CREATE OR REPLACE TABLE block AS {source}")
    sizes = connection.execute(
        "SELECT n, count(*) FROM (SELECT count(*) AS n FROM block GROUP BY h) WHERE n > 1 "
        "GROUP BY n ORDER BY n"
    ).fetchall()
    largest, pairs = 1, 0.0
    for size, blocks in sizes:
        pairs += blocks * size * (size - 1) / 2
        if pairs > most:
            break
        largest = size
    connection.execute(
        "CREATE OR REPLACE TABLE block AS SELECT rid, h FROM block JOIN (SELECT h FROM block "
        f"GROUP BY h HAVING count(*) BETWEEN 2 AND {largest}) USING (h)"
    )
    connection.execute(
        "INSERT INTO blocked SELECT l.rid, r.rid FROM block l JOIN block r "
        "ON l.h = r.h AND l.rid < r.rid"
    )
