"""Levels that no customer can reach, as one before them takes all who fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from sqlglot import exp

from cdmq.kinds.tiering.measure_words import OTHERWISE
from cdmq.kinds.tiering.words import TieringRule
from cdmq.sql.outcomes import Condition, Plan

#: level, cause, remedy
Told = tuple[str, str, str]


def unreachable(spec: TieringRule, conditions: Mapping[str, exp.Expr]) -> Iterator[Told]:
    """What is wrong with levels; `conditions`: the bound condition of each but otherwise."""
    plan = Plan(_floors(spec))
    before: list[tuple[str, Condition, frozenset[str]]] = []
    for name in spec.level_names:
        if name not in conditions:
            if name == spec.level_names[-1]:
                yield from _nobody_else(plan, name, before)
            continue
        held, values = plan.add(conditions[name])
        before.append((name, held, values))
    for i, (name, held, values) in enumerate(before):
        earlier = [(n, h) for n, h, v in before[:i] if v <= values]
        worlds = plan.worlds(values)
        fitting = [w for w in worlds if held(w)] if worlds is not None else None
        if fitting is None:
            continue
        if not fitting:
            yield name, "nobody can fit this condition", "write one that somebody can fit"
        elif all(any(h(w) for _, h in earlier) for w in fitting):
            first = next(n for n, h in earlier if any(h(w) for w in fitting))
            yield (
                name,
                f"nobody can reach '{name}': who fits it fits '{first}' before it",
                f"put '{name}' before '{first}'",
            )


def _nobody_else(
    plan: Plan, name: str, before: list[tuple[str, Condition, frozenset[str]]]
) -> Iterator[Told]:
    worlds = plan.worlds(frozenset().union(*(v for _, _, v in before)))
    if worlds is not None and all(any(h(w) for _, h, _ in before) for w in worlds):
        yield (
            name,
            f"nobody can reach '{name}': everybody fits a level before it",
            f"narrow a condition, or make the last level {OTHERWISE}",
        )


def _floors(spec: TieringRule) -> dict[str, Decimal]:
    """Counts, years and shares are never below zero, unless if_none is."""
    counted = {
        name: min(Decimal(0), m.if_none if m.if_none is not None else Decimal(0))
        for name, m in spec.counted.items()
        if m.since or (m.count or m.distinct)
    }
    return {**counted, **{n: Decimal(1 if r.quantile else 0) for n, r in spec.ranked.items()}}
