"""What rules of change_control say of a record, and of a party: changes that wait, and those that
went through, with who approved them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from cdmq.audit.chapters import Chapter, Party, Place, Record
from cdmq.audit.reading import Row
from cdmq.audit.telling import Telling, When
from cdmq.audit.telling_text import at, until
from cdmq.kinds.change_control.tables import CHANGE_APPROVALS, HELD_CHANGES
from cdmq.kinds.kept import kept_of

KIND = "change_control"
COUNTS = "change held", "changes held"


@dataclass(frozen=True)
class Told:
    """A change of a protected cell. `approvals`: by whose it went through, in which role and when;
    none of one that waited."""

    rule: str
    key: str
    column: str
    change: str | None
    old: str | None
    new: str | None
    by: str | None
    at: datetime | None
    approvals: tuple[tuple[str, str, datetime], ...]
    why: str | None
    opened: When
    #: The run that closed it, and why; of what holds neither.
    closed: When | None
    because: str | None


def judges(said: str) -> bool:
    """A record is flagged while a change of it waits."""
    return True


def chapters(record: Record, at: Telling) -> Iterator[Chapter]:
    """The changes of the record, then those of its parties."""
    yield from _told(record, at, "record")


def party_chapters(party: Party, at: Telling) -> Iterator[Chapter]:
    """The changes of a party."""
    yield from _told(party, at, "party")


def _told(about: Record | Party, at: Telling, place: Place) -> Iterator[Chapter]:
    for row in kept_of(about, at, KIND, HELD_CHANGES):
        held = _change(at, row, row["from_run"], ())
        yield Chapter(place, held, tuple(_lines(held)))
    rows = kept_of(about, at, KIND, CHANGE_APPROVALS, _order)
    for _, own in groupby(rows, key=_order):
        found = list(own)
        by = tuple((r["approver"], r["role"], r["approved_at"]) for r in found)
        went = _change(at, found[0], found[0]["run_id"], tuple(sorted(by)))
        yield Chapter(place, went, tuple(_lines(went)))


def _order(row: Row) -> tuple[Any, ...]:
    return row["run_id"], str(row["changed_at"]), row["column_name"], str(row["change_id"])


def _change(
    at: Telling, row: Row, run: str, approvals: tuple[tuple[str, str, datetime], ...]
) -> Told:
    rule, column = at.now(row["rule_id"]), row["column_name"]
    dataset = at.dataset_of(rule) or ""
    to_run = row.get("to_run")
    return Told(
        rule,
        row["key"],
        column,
        row["change_id"],
        at.shown(dataset, column, row["old_value"]),
        at.shown(dataset, column, row["new_value"]),
        row["changed_by"],
        row["changed_at"],
        approvals,
        row.get("why"),
        at.when(run),
        at.when(to_run) if to_run else None,
        row.get("closed_because"),
    )


def _lines(told: Told) -> Iterator[str]:
    became = "approved" if told.approvals else "held"
    values = f"{_value(told.old)} -> {_value(told.new)}"
    yield f"change  {told.rule}  {told.column} of {told.key}: {values}, {became}"
    who = told.by or "somebody that no log names"
    named = f" ({told.change})" if told.change else ""
    yield f"    changed by {who} on {_day(told.at)}{named}"
    if told.approvals:
        said = "; ".join(f"{by} as {role} on {_day(day)}" for by, role, day in told.approvals)
        yield f"    approved by {said}"
        yield f"    went through in the run of {at(told.opened)}"
        return
    yield f"    since {at(told.opened)}, {until(told.closed, told.because)}"
    yield f"    {told.why}"


def _value(value: str | None) -> str:
    return "none" if value is None else f"'{value}'"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else "a day that nobody knows"
