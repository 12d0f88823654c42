"""The flags that a unit test expects."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from cdmq.kinds.expected import Row
from cdmq.kinds.expecting import Expect, Ran
from cdmq.project.fields import Model
from cdmq.project.unit_test import Cell
from cdmq.values import Project, Rule


class Flags(Model):
    flags: list[dict[str, Cell]] | None = Field(
        None,
        description="Each with its key and what else is expected: rule, column, value, "
        "state, suggestion, records.",
    )


def _found(ran: Ran) -> list[Row]:
    from cdmq.outcomes import FOUND

    wanted = {r.id for r in ran.rules}
    by_code = {
        ran.done.numbers.code(*j.id) + state: j
        for s in ran.steps.values()
        for j in s.judgements
        for state in (0, 1)
        if j.rule.id in wanted
    }
    counted = ran.counted(FOUND, ("code", "key", "value", "digest"))
    return [
        {
            "rule": by_code[code].rule.id,
            "key": key,
            "column": by_code[code].column_name or None,
            "value": value,
            "state": "could_not_judge" if code % 2 else "failed",
            "suggestion": _suggestion(by_code[code].rule, value, ran.project),
            "records": str(records),
        }
        for (code, key, value, _), records in counted.items()
        if code in by_code
    ]


def _suggestion(rule: Rule, value: Any, project: Project) -> str | None:
    """The nearest allowed value, as a run writes it into the flag."""
    if value is None or not getattr(rule.spec, "suggest", False):
        return None
    import difflib

    from cdmq.audit.suggestions import allowed

    by_lower = {a.lower(): a for a in allowed(rule.spec, project)}
    near = difflib.get_close_matches(value.strip().lower(), by_lower, 1, 0.6)
    return by_lower[near[0]] if near else None


EXPECTS = {
    "flags": Expect(
        Flags,
        "flag",
        "flags: []",
        _found,
        about=("key", "rule", "column"),
        fields=("rule", "key", "column", "value", "state", "suggestion", "records"),
        by_rule=True,
        made="flags:",
    )
}
