"""The changes that a unit test expects."""

from __future__ import annotations

from pydantic import Field

from cdmq.kinds.expected import Row
from cdmq.kinds.expecting import Expect, Ran
from cdmq.project.fields import Model
from cdmq.project.unit_test import Cell


class Changes(Model):
    changes: list[dict[str, Cell]] | None = Field(
        None,
        description="Each with its key and what else is expected: rule, column, old, new, "
        "act, reason, records.",
    )


def _found(ran: Ran) -> list[Row]:
    from cdmq.outcomes import CHANGED

    numbers, rules = ran.done.numbers, [r for r in ran.rules if r.id in ran.done.numbers]
    by_code = {numbers.code(r.id): r for r in rules}
    counted = ran.counted(CHANGED, ("code", "key", "old_value", "new_value", "act", "reason"))
    return [
        {
            "rule": by_code[code].id,
            "key": key,
            "column": by_code[code].columns[0],
            "old": old,
            "new": new,
            "act": act,
            "reason": reason,
            "records": str(records),
        }
        for (code, key, old, new, act, reason), records in counted.items()
        if code in by_code
    ]


EXPECTS = {
    "changes": Expect(
        Changes,
        "change",
        "changes: []",
        _found,
        about=("key", "rule", "column"),
        fields=("rule", "key", "column", "old", "new", "act", "reason", "records"),
        by_rule=True,
    )
}
