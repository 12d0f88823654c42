"""The comparison vectors that training looks at, counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cdmq.kinds.matching.engine.candidates import candidate_count
from cdmq.kinds.matching.engine.comparisons import Comparison, splink_settings
from cdmq.kinds.matching.engine.names import CANDIDATES, FEATURES
from cdmq.kinds.matching.engine.splinking import weighed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Pairs drawn from all: so many per record, within these limits.
CHANCE_PAIRS, FEWEST_CHANCE_PAIRS, PER_RECORD = 1_000_000, 250_000, 10
LEARN_FROM = 300_000
EQUAL_PAIRS = 20_000

Vector = tuple[int, ...]  # per comparison: 0 is missing, 1 is unlike, the highest is equal
Vectors = dict[Vector, float]


@dataclass(frozen=True)
class Evidence:
    """`candidates`: how many candidate pairs have a vector (scaled up where they are a sample);
    `chance`: the same of pairs drawn from all; `equal`: per comparison, of pairs that are equal
    in it; `pairs`: how many pairs there are in all."""

    candidates: Vectors
    chance: Vectors
    equal: list[Vectors]
    pairs: float

    @cached_property
    def all_vectors(self) -> list[Vector]:
        some = set(self.candidates)
        for vectors in self.equal:
            some.update(vectors)
        return sorted(some)


def gather(connection: DuckDBPyConnection, some: Sequence[Comparison], records: int) -> Evidence:
    pairs = records * (records - 1) / 2
    candidates = candidate_count(connection)
    share = min(1.0, LEARN_FROM / max(candidates, 1))
    everything = 0 < candidates == pairs
    parts = [
        f"SELECT join_key_l, join_key_r, 'c' AS match_key FROM {CANDIDATES} "
        f"WHERE hash(join_key_l, join_key_r) % 1000000 < {int(share * 1e6)}"
    ]
    if not everything:
        parts.append(f"SELECT a, b, 'r' FROM ({_chance(records)})")
    parts += [_equal(connection, c.name, k, records) for k, c in enumerate(some)]
    connection.execute("CREATE OR REPLACE TABLE learn_from AS " + " UNION ALL ".join(parts))
    columns = ", ".join(f"mw_{c.name}" for c in some)
    found: dict[str, Vectors] = {sort: {} for sort in ("c", "r", *map(str, range(len(some))))}
    with weighed(connection, _numbered(some), "learn_from") as table:
        for sort, *levels, count in connection.execute(
            f"SELECT match_key, {columns}, count(*) FROM {table} GROUP BY ALL ORDER BY ALL"
        ).fetchall():
            found[sort][tuple(map(int, levels))] = count / share if sort == "c" else count
    connection.execute("DROP TABLE learn_from")
    return Evidence(
        found["c"],
        found["c" if everything else "r"],
        [found[str(k)] for k in range(len(some))],
        pairs,
    )


def _numbered(some: Sequence[Comparison]) -> dict[str, Any]:
    """Settings under which the weight of a column is the number of its level: 0 missing,
    1 unlike, up to equal. So Splink hands over the comparison vectors."""
    numbers = {
        c.name: [(2.0 ** (i - 40), 2.0**-40) for i in range(len(c.levels), 0, -1)] for c in some
    }
    settings = splink_settings(some, 0.5, numbers)
    for comparison in settings["comparisons"]:
        for level in comparison["comparison_levels"]:
            level.pop("tf_adjustment_column", None)
            level.pop("tf_adjustment_weight", None)
    return settings


def _chance(records: int) -> str:
    """All pairs where they are few, else so many, spread evenly and the same in every run."""
    most = min(max(FEWEST_CHANCE_PAIRS, PER_RECORD * records), CHANCE_PAIRS)
    if records * (records - 1) // 2 <= most:
        return f"SELECT l.rid AS a, r.rid AS b FROM {FEATURES} l JOIN {FEATURES} r ON l.rid < r.rid"
    a = f"1 + (hash(i, 1) % {records})::INTEGER"
    b = f"1 + (hash(i, 2) % {records})::INTEGER"
    return (
        f"SELECT least(x, y) AS a, greatest(x, y) AS b FROM (SELECT {a} AS x, {b} AS y "
        f"FROM range({most}) AS t(i)) WHERE x <> y"
    )


def _equal(connection: DuckDBPyConnection, c: str, k: int, records: int) -> str:
    """Neighbours among the records of one value, of values (or records) drawn by their hash."""
    filled, values = connection.execute(
        f"SELECT count({c}), approx_count_distinct({c}) FROM {FEATURES}"
    ).fetchall()[0]
    step = max(1, filled // (2 * EQUAL_PAIRS))
    drawn = "rid" if filled > 50 * values else c
    return (
        f"SELECT least(a, rid), greatest(a, rid), '{k}' FROM (SELECT rid, lag(rid) OVER "
        f"(PARTITION BY {c} ORDER BY hash(rid)) AS a FROM {FEATURES} "
        f"WHERE {c} IS NOT NULL AND hash({drawn}, 7) % {step} = 0) WHERE a IS NOT NULL"
    )
