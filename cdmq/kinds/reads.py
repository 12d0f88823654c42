"""What rules read and make: asked of their kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cdmq.kinds import kinds
from cdmq.values import Dataset, Rule, Seed, Uses


@dataclass(frozen=True)
class At:
    """What is known of a project before it is one."""

    datasets: Mapping[str, Dataset]
    rules: Mapping[str, Rule]
    seeds: Mapping[str, Seed]


def uses_of(rule: Rule, at: At) -> Uses:
    """What a rule reads and makes; its `where` may read a column that another rule makes."""
    return kinds()[rule.kind].uses(rule, at)


def expression_columns(rule: Rule, field: str | None = None) -> set[str]:
    """The columns that a rule's SQL reads: all of it, or that of one field."""
    return {
        c
        for name, e in rule.expressions.items()
        if field in (None, name)
        for c in (*e.columns, *(b for _, b in e.behind))
    }


def minded(judge: Rule) -> bool:
    """Whether what a rule says of a value counts against it, for rules that read flags."""
    return judge.enabled and judge.severity == "error" and judge.stage == "clean"
