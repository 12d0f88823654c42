"""What rules read and make: asked of their kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cdmq.kinds import kinds
from cdmq.sql.risks import may_fail
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


def may_be_unread(rule: Rule, *fields: str) -> bool:
    """Whether a cell may be one that these fields of a rule (none given: any) can't read: it may
    flag records then, as those that it could not judge."""
    return any(
        may_fail(e.tree) for name, e in rule.expressions.items() if not fields or name in fields
    )


def minded(judge: Rule) -> bool:
    """Whether what a rule says of a value counts against it, for rules that read flags."""
    return judge.enabled and judge.severity == "error" and judge.stage == "clean"
