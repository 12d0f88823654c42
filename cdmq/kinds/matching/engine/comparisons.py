"""The comparisons of a rule: one per column of `compare`, as a Splink settings dictionary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from cdmq.kinds.matching.engine.levels import ELSE, LEVELS, SWAPPED, UNLIKE, Level
from cdmq.kinds.matching.engine.names import Names
from cdmq.kinds.matching.words import MatchingRule

LINKER = "cdmq"


@dataclass(frozen=True)
class Comparison:
    """`levels`: from equal to unlike; the last one is ELSE. A pair under `null` says nothing."""

    name: str
    word: str
    null: str
    levels: tuple[Level, ...]


def comparisons(rule: MatchingRule) -> list[Comparison]:
    names = Names.of(rule)
    swaps = [
        (names.compared[a], names.compared[b])
        for a, b in combinations(rule.compare, 2)
        if rule.compare[a] == rule.compare[b] and rule.compare[a] in SWAPPED
    ]
    return [
        _comparison(names.compared[column], word, swaps) for column, word in rule.compare.items()
    ]


def _comparison(c: str, word: str, swaps: Sequence[tuple[str, str]]) -> Comparison:
    """The first of two columns that were swapped has the evidence, the second is silent."""
    equal, *others = LEVELS[word](c)
    mine = [_swapped(a, b) for a, b in swaps if a == c]
    theirs = [_swapped(a, b) for a, b in swaps if b == c]
    swapped = [Level("swapped with another column", " OR ".join(mine), 0.02, 1e-4)] if mine else []
    unlike = Level("unlike", ELSE, UNLIKE[word], 0.9)
    null = " OR ".join([f"{c}_l IS NULL", f"{c}_r IS NULL", *theirs])
    return Comparison(c, word, null, (equal, *swapped, *others, unlike))


def _swapped(a: str, b: str) -> str:
    return f"({a}_l = {b}_r AND {b}_l = {a}_r AND {a}_l <> {b}_l)"


def splink_settings(
    some: Sequence[Comparison], prior: float, learnt: Mapping[str, Sequence[tuple[float, float]]]
) -> dict[str, Any]:
    """`learnt`: per comparison the (m, u) of its levels, in their order."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "rid",
        "linker_uid": LINKER,
        "sql_dialect": "duckdb",
        "probability_two_random_records_match": prior,
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
        "blocking_rules_to_generate_predictions": [],
        "comparisons": [_settings(c, learnt[c.name]) for c in some],
    }


def _settings(comparison: Comparison, learnt: Sequence[tuple[float, float]]) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [
        {
            "sql_condition": comparison.null,
            "label_for_charts": "missing",
            "is_null_level": True,
        }
    ]
    for level, (m, u) in zip(comparison.levels, learnt, strict=True):
        entry: dict[str, Any] = {
            "sql_condition": level.sql,
            "label_for_charts": level.label,
            "m_probability": m,
            "u_probability": u,
        }
        if level.frequency:
            entry |= {
                "tf_adjustment_column": comparison.name,
                "tf_adjustment_weight": level.frequency,
            }
        levels.append(entry)
    return {"output_column_name": comparison.name, "comparison_levels": levels}
