"""What a unit test expects of rules of change_control: the changes that wait, and those that went
through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import Field

from cdmq.kinds.change_control.tables import CHANGE_APPROVALS, HELD_CHANGES
from cdmq.kinds.expected import Difference, Row, differences
from cdmq.kinds.expecting import Expect, Members, Ran, Told
from cdmq.project.fields import Model
from cdmq.project.unit_test import Cell


class ExpectedHeld(Model):
    """A change that waits. A golden record is named by any of its members."""

    key: str = Field(description="The record.")
    column: str = Field(description="The protected column.")
    old: Cell = Field(None, description="The approved value; null for none.")
    new: Cell = Field(None, description="What the source says; null for nothing.")
    why: str | None = Field(None, description="Why it is held, as its flag says.")


class ExpectedApproved(Model):
    """A change that went through. A golden record is named by any of its members."""

    key: str = Field(description="The record.")
    column: str = Field(description="The protected column.")
    old: Cell = Field(None, description="The value before; null for none.")
    new: Cell = Field(None, description="The value after; null for none.")
    by: str | None = Field(None, description="Who approved it, with commas, by the alphabet.")


class Held(Model):
    held: list[ExpectedHeld] | None = Field(
        None, description="Of a rule of change_control: all changes that wait."
    )


class Approved(Model):
    approved: list[ExpectedApproved] | None = Field(
        None, description="Of a rule of change_control: all changes that went through."
    )


@dataclass(frozen=True)
class _Found:
    #: Of the parties, where the rule judges such.
    members: Members
    changes: Sequence[Row]


_ABOUT = ("key", "column")
_CELL = ("key", "column_name", "old_value", "new_value")


def _members(ran: Ran) -> Members:
    rule = ran.rule("change_control")
    made = rule is not None and ran.project.datasets[rule.dataset].made_by is not None
    return ran.members if made else Members({})


def _held(ran: Ran) -> _Found:
    rule = ran.rule("change_control")
    rows = ran.kept(rule.id, HELD_CHANGES.name, *_CELL, "why") if rule else []
    shown = [dict(zip((*_ABOUT, "old", "new", "why"), row, strict=True)) for row in rows]
    return _named(_members(ran), shown)


def _approved(ran: Ran) -> _Found:
    rule = ran.rule("change_control")
    columns = (*_CELL, "change_id", "changed_at", "approver")
    rows = ran.kept(rule.id, CHANGE_APPROVALS.name, *columns) if rule else []
    found: dict[tuple[str | None, ...], list[str]] = {}
    for *change, approver in rows:
        found.setdefault(tuple(change), []).append(approver)
    shown = [
        {**dict(zip((*_ABOUT, "old", "new"), change, strict=False)), "by": ", ".join(sorted(by))}
        for change, by in found.items()
    ]
    return _named(_members(ran), shown)


def _named(members: Members, rows: Sequence[Row]) -> _Found:
    return _Found(members, [_first(row, members) for row in rows])


def _first(row: Row, members: Members) -> Row:
    """With the first record of its party in the place of that."""
    key = str(row["key"])
    party = members.party_of.get(key, key)
    return {**row, "key": members.parties.get(party, [key])[0]}


def _compared(
    expect: Expect,
    wanted: Sequence[ExpectedHeld | ExpectedApproved],
    found: _Found,
    told: Told,
) -> list[Difference]:
    rows = [_first(row, found.members) for row in _said(wanted)]
    return differences(expect.what, expect.about, rows, found.changes)


def _said(wanted: Sequence[ExpectedHeld | ExpectedApproved]) -> Iterator[Row]:
    for change in wanted:
        told = {n: getattr(change, n) for n in type(change).model_fields}
        told = {n: v or None if n in ("old", "new") else v for n, v in told.items()}
        yield {n: v for n, v in told.items() if n in change.model_fields_set}


EXPECTS = {
    "held": Expect(
        Held, "held change", "held: [{key: KEY, column: NAME}]", _held, _compared, about=_ABOUT
    ),
    "approved": Expect(
        Approved,
        "approved change",
        "approved: [{key: KEY, column: NAME}]",
        _approved,
        _compared,
        about=_ABOUT,
    ),
}
