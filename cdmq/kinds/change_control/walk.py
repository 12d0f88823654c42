"""Which of the changes of one cell are approved, and why the others are not.

Changes and approvals are gone through in the order of their days. A change is approved where enough
approvals name the value that is approved then as old, and its own as new; then its value is the
approved one. A change back to the approved value ends what waited before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from cdmq.kinds.change_control.words import CUSTOMER, ChangeControlRule, People

#: So many days after its change no confirmation counts through a contact point.
_SETTLED = 30


@dataclass(frozen=True)
class Change:
    """A change of a cell, with its values in the form in which they are compared. `id`: in the log;
    None: it was seen, and no log has it."""

    id: str | None
    old: str | None
    new: str | None
    by: str | None
    at: datetime

    @property
    def place(self) -> tuple[datetime, list[tuple[int, str]]]:
        """Its place among the changes of a cell: by time, then by the number in its id."""
        parts = re.split(r"([0-9]+)", self.id or "")
        return self.at, [(int(p), "") if p.isdecimal() else (-1, p) for p in parts]


@dataclass(frozen=True)
class Approval:
    """What somebody said of a change: `kind` is person, customer or reject. `change`: of that one
    alone; `barred`: why it does not count, whatever it is about."""

    id: str
    kind: str
    by: str
    role: str | None
    at: datetime
    old: str | None
    new: str | None
    change: str | None = None
    through: str | None = None
    barred: str | None = None


@dataclass(frozen=True)
class Point:
    """A value of the record that was changed: a contact point may be among them."""

    column: str
    new: str | None
    at: datetime
    change: str | None


@dataclass(frozen=True)
class Cell:
    """A cell whose value is not the approved one, or that a log speaks of. `since`: from when on
    the approved value was one by approval; None: it was there from the beginning."""

    column: str
    approved: str | None
    since: datetime | None
    changes: Sequence[Change]
    approvals: Sequence[Approval]
    points: Sequence[Point] = ()


@dataclass(frozen=True)
class Step:
    """A change that went through, and the approvals by which it did."""

    change: Change
    old: str | None
    used: tuple[Approval, ...]


@dataclass
class Walk:
    """Where a cell stands. `waiting`: the changes after the approved value, as it was then."""

    value: str | None
    since: datetime | None
    steps: list[Step] = field(default_factory=list)
    waiting: list[Change] = field(default_factory=list)
    why: str = ""
    rejected: bool = False

    @property
    def held(self) -> Change | None:
        return self.waiting[-1] if self.waiting else None


def walk(cell: Cell, spec: ChangeControlRule) -> Walk:
    """The changes of a cell and what was said of them, day by day."""
    at = Walk(cell.approved, cell.since)
    said: list[Approval] = []
    for event in _events(cell):
        if isinstance(event, Approval):
            said.append(event)
        elif event.new == at.value:
            at.waiting.clear()
        elif event.old != event.new:
            at.waiting.append(event)
        _advance(at, said, cell, spec)
    if at.waiting:
        judged = _Judged(at.waiting[-1], at, said, cell, spec)
        at.why, at.rejected = judged.why, bool(judged.rejected)
    return at


def _events(cell: Cell) -> list[Change | Approval]:
    changes = sorted(cell.changes, key=lambda c: c.place)
    approvals = sorted(cell.approvals, key=lambda a: (a.at, a.id))
    days = [(c.at.date(), 0, i) for i, c in enumerate(changes)]
    days += [(a.at.date(), 1, i) for i, a in enumerate(approvals)]
    return [approvals[i] if what else changes[i] for _, what, i in sorted(days)]


def _advance(at: Walk, said: list[Approval], cell: Cell, spec: ChangeControlRule) -> None:
    """Let through what is approved by now."""
    moved = True
    while moved:
        moved = False
        for i, change in enumerate(at.waiting):
            used = _Judged(change, at, said, cell, spec).enough
            if used:
                at.steps.append(Step(change, at.value, used))
                for approval in used:
                    said.remove(approval)
                at.value, at.since = change.new, change.at
                later = at.waiting[i + 1 :]
                back = max((j for j, c in enumerate(later) if c.new == at.value), default=-1)
                at.waiting = later[back + 1 :]
                moved = True
                break


class _Judged:
    """One change that waits, by the approvals that are there: those that count for it, `enough` of
    them or none, and why no others do."""

    def __init__(
        self,
        change: Change,
        at: Walk,
        said: Iterable[Approval],
        cell: Cell,
        spec: ChangeControlRule,
    ) -> None:
        self.change, self.value, self.since, self.cell, self.spec = (
            change,
            at.value,
            at.since.date() if at.since else None,
            cell,
            spec,
        )
        until = at.waiting.index(change) + 1
        self.changers = {c.by for c in at.waiting[:until]}
        self.roles = {r for p in spec.approvers if isinstance(p, People) for r in p.roles}
        self.causes: set[str] = set()
        self.right: list[Approval] = []
        self.rejected: str | None = None
        for approval in said:
            if approval.change is None or approval.change == change.id:
                self._hear(approval)
        self.people = self._people()

    def _hear(self, a: Approval) -> None:
        if a.kind == "reject":
            if (a.old, a.new) == (self.value, self.change.new) and not self._older(a):
                self.rejected = a.by
            return
        wrong = self._wrong(a)
        if wrong is None:
            self.right.append(a)
        elif wrong:
            self.causes.add(wrong)

    def _wrong(self, a: Approval) -> str | None:
        """Why an approval does not count; nothing where it is not about this."""
        if a.old == a.new:
            return f"{a.by} approved no change" if a.old == self.value else ""
        if a.new != self.change.new:
            about = a.old == self.value and not self._early(a)
            return f"{a.by} approved another value" if about else ""
        if a.old != self.value:
            return f"{a.by} approved it for another old value"
        if self._older(a):
            return f"the approval of {a.by} is older than the present value"
        if self._early(a):
            return f"the approval of {a.by} had expired"
        if a.by in self.changers:
            return f"{a.by} changed it and approved it"
        if a.barred:
            return a.barred
        if a.kind == "person" and a.role not in self.roles:
            return f"{a.by} approved as {a.role}, which may not"
        if a.kind == CUSTOMER and self._just_changed(a):
            return "the customer confirmed through a contact point that had just changed"
        return None

    def _older(self, a: Approval) -> bool:
        return self.since is not None and a.at.date() < self.since

    def _early(self, a: Approval) -> bool:
        if self.spec.valid_for is None:
            return False
        waits = timedelta(days=int(self.spec.valid_for.days))
        return a.at.date() < _before(self.change.at.date(), waits)

    def _just_changed(self, a: Approval) -> bool:
        if a.through is None:
            return False
        through = a.through.strip().lower()
        if through == self.cell.column.lower():
            return True
        for p in self.cell.points:
            if through in (p.column.lower(), (p.new or "").strip().lower()):
                days = (a.at.date() - p.at.date()).days
                if 0 <= days < _SETTLED or p.at == self.change.at:
                    return True
        return False

    def _people(self) -> dict[str, list[Approval]]:
        found: dict[str, list[Approval]] = {}
        for a in self.right:
            if a.kind == "person":
                found.setdefault(a.by, []).append(a)
        for by, own in found.items():
            if len({a.role for a in own}) > 1:
                self.causes.add(f"{by} approved in two roles and counts once")
        return found

    def _of(self, roles: Sequence[str]) -> list[Approval]:
        """The first approval of each person in one of the roles."""
        firsts = (next((a for a in own if a.role in roles), None) for own in self.people.values())
        return [a for a in firsts if a is not None]

    @property
    def enough(self) -> tuple[Approval, ...]:
        if self.rejected:
            return ()
        for wanted in self.spec.approvers:
            if not isinstance(wanted, People):
                found = [a for a in self.right if a.kind == CUSTOMER][:1]
                if found:
                    return tuple(found)
            elif len(found := self._of(wanted.roles)) >= wanted.people:
                return tuple(found[: wanted.people])
        return ()

    @property
    def why(self) -> str:
        """Why it waits: what lacks, then what does not count."""
        told = [f"rejected by {self.rejected}"] if self.rejected else [", ".join(self._lacking())]
        if self.change.id is None and self.spec.changes:
            self.causes.add("the log does not have it")
        return "; ".join([*told, *sorted(self.causes)])

    def _lacking(self) -> Iterator[str]:
        for wanted in self.spec.approvers:
            if not isinstance(wanted, People):
                yield "not confirmed by the customer"
            else:
                yield f"{len(self._of(wanted.roles))} of {wanted.people} approvals"


def _before(day: date, waits: timedelta) -> date:
    return day - waits if day - date.min >= waits else date.min
