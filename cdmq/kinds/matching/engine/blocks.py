"""Which blocks to look for candidates in, where the steward says nothing.

A block is a list of keys (an equal date and equal first letters, say). Of all blocks those are
taken that find most pairs not found yet for the pairs they cost, as long as the pairs allow;
what a column's keys find is reckoned from how often it is filled and how often it is mistyped.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from cdmq.kinds.matching.engine.forms import FORMS
from cdmq.kinds.matching.engine.names import FEATURES, Names
from cdmq.kinds.matching.words import MatchingRule

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Block = tuple[str, ...]  # names of keys, such as c0 or c2.s
TRIALS = 2000
SAMPLE = 50_000


@dataclass(frozen=True)
class Key:
    """`sql` on the features; `agrees`: the share of true pairs; `chance`: of random pairs."""

    name: str
    sql: str
    agrees: float
    chance: float
    filled: float


@dataclass(frozen=True)
class Budget:
    """`pairs` in all, `blocks` at most."""

    pairs: float
    blocks: int


def budget(records: int) -> Budget:
    """Small sets get very broad candidates, a million records some ten per record."""
    return Budget(
        max(600_000.0, 40.0 * records if records < 50_000 else 10.0 * records),
        40 if records < 50_000 else 16 if records < 300_000 else 10,
    )


def key_sql(rule: MatchingRule) -> dict[str, tuple[str, float]]:
    """name of a key: its SQL, and the share of true pairs that are presumed to agree in it."""
    names = Names.of(rule)
    found: dict[str, tuple[str, float]] = {}
    for column, word in rule.compare.items():
        c = names.compared[column]
        for end, (sql, agrees) in FORMS[word](c, "VARCHAR").keys.items():
            found[f"{c}.{end}" if end else c] = (sql.format(c=c), agrees)
    return found


def choose(connection: DuckDBPyConnection, rule: MatchingRule, records: int) -> list[Block]:
    keys = [
        _measured(connection, name, sql, agrees, records)
        for name, (sql, agrees) in key_sql(rule).items()
    ]
    return _greedy([key for key in keys if key.filled > 0], records, budget(records))


def _measured(
    connection: DuckDBPyConnection, name: str, sql: str, agrees: float, records: int
) -> Key:
    step = max(1, records // SAMPLE)
    n, filled, same = connection.execute(
        f"SELECT (SELECT count(*) FROM {FEATURES} WHERE rid % {step} = 0), sum(n), "
        f"sum(n * (n - 1)) FROM (SELECT count(*)::DOUBLE AS n FROM {FEATURES} "
        f"WHERE rid % {step} = 0 AND ({sql}) IS NOT NULL GROUP BY {sql})"
    ).fetchall()[0]
    chance = float(same or 0) / max(n * (n - 1), 1)
    return Key(name, sql, agrees, max(chance, 1 / max(n * n, 1)), float(filled or 0) / max(n, 1))


def _greedy(keys: Sequence[Key], records: int, most: Budget) -> list[Block]:
    found = _agreeing(keys)
    all_pairs = records * (records - 1) / 2
    pool: list[tuple[Block, int, float]] = []
    for size in (1, 2, 3):
        for some in combinations(keys, size):
            if len({key.name.split(".")[0] for key in some}) < size:
                continue
            cost = all_pairs
            hits = -1
            for key in some:
                cost *= key.chance
                hits &= found[key.name]
            if cost <= most.pairs / 4:
                pool.append((tuple(key.name for key in some), hits, cost))
    return _covering(pool, most)


def _agreeing(keys: Sequence[Key]) -> dict[str, int]:
    """Per key a bit set: in which of the imagined true pairs it agrees."""
    draw = random.Random(1)
    columns = dict.fromkeys(key.name.split(".")[0] for key in keys)
    luck = {c: [(draw.random(), draw.random()) for _ in range(TRIALS)] for c in columns}
    return {
        key.name: sum(
            1 << i
            for i, (filled, typed) in enumerate(luck[key.name.split(".")[0]])
            if filled < key.filled**2 and typed < key.agrees
        )
        for key in keys
    }


def _covering(pool: Sequence[tuple[Block, int, float]], most: Budget) -> list[Block]:
    """Once all is covered it starts again: errors are not as independent as imagined."""
    chosen: list[Block] = []
    free = most.pairs / most.blocks / 2
    left, covered, open_ = most.pairs, 0, list(pool)
    while len(chosen) < most.blocks:
        open_ = [one for one in open_ if one[2] <= left]
        gains = [
            ((hits & ~covered).bit_count() / max(cost, free), -len(block), block, hits, cost)
            for block, hits, cost in open_
        ]
        gain, _, block, hits, cost = max(gains, default=(0.0, 0, (), 0, 0.0))
        if gain == 0:
            if covered == 0:
                break
            covered = 0
            continue
        chosen.append(block)
        open_.remove((block, hits, cost))
        covered |= hits
        left -= cost
    return chosen
