"""What a run reads of changes and approvals, brought together by the cells that they are about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from cdmq.decisions.standing import Standing
from cdmq.kinds.change_control.walk import Approval, Change, Point
from cdmq.kinds.change_control.words import CUSTOMER
from cdmq.project.column_names import folded
from cdmq.project.people import Person
from cdmq.project.zones import local
from cdmq.sql.equality import nfc
from cdmq.sql.types import NUMBERS, Type

#: Type of a decision -> what it says of a change.
KINDS = {"approve": "person", "reject": "reject", "customer_confirmed": CUSTOMER}
#: A cell: the key of its record, and its column, folded.
Place = tuple[str, str]


def compared(value: str | None, type_: Type) -> str | None:
    """A value in the form in which values are compared: an empty text is none, a number has no
    zeros behind its last digit."""
    if value is None or value == "":
        return None
    if type_ in NUMBERS:
        try:
            return f"{Decimal(value).normalize():f}"
        except InvalidOperation:
            return value
    return nfc(value)


def digest_of(*said: Any) -> str:
    text = json.dumps(said, ensure_ascii=False, default=str)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class FirstRead:
    """A row of approvals, when a run first read it: the roles of its maker, and a digest of the
    values of its change."""

    roles: tuple[str, ...]
    evidence: str | None


@dataclass
class Gathered:
    """By their cells: changes of the log and approvals. `nowhere`: approvals that lead to no change
    that the log has."""

    types: Mapping[str, Type]
    changes: dict[Place, list[Change]] = field(default_factory=dict)
    approvals: dict[Place, list[Approval]] = field(default_factory=dict)
    #: Of a record, all that was changed.
    points: dict[str, list[Point]] = field(default_factory=dict)
    #: Rows of approvals, as a run first read them.
    first_read: dict[str, FirstRead] = field(default_factory=dict)
    nowhere: int = 0

    def __post_init__(self) -> None:
        self._names = {folded(c): c for c in self.types}
        self._by_id: dict[str, tuple[Place, Change]] = {}

    def log(self, rows: Iterable[Sequence[Any]]) -> None:
        """Rows of the log: key, id, column, old, new, by, at."""
        for key, id_, column, old, new, by, at in rows:
            if key is None or column is None:
                continue
            name = folded(column)
            type_ = self.types.get(self._names.get(name, ""), "text")
            change = Change(id_, compared(old, type_), compared(new, type_), by, _moment(at))
            self.points.setdefault(key, []).append(Point(column, new, change.at, id_))
            if name in self._names:
                self.changes.setdefault((key, name), []).append(change)
                if id_ is not None:
                    self._by_id[id_] = ((key, name), change)

    def said(
        self,
        rows: Iterable[Sequence[Any]],
        people: Mapping[str, Person],
        known: Mapping[str, FirstRead],
        digest: Callable[[str | None, str | None], str],
    ) -> None:
        """Rows of approvals: change, by, role, through, at. `known`: those that earlier runs
        read."""
        for change, by, role, through, at in rows:
            id_, person = digest_of(change, by, role, through, _moment(at)), people.get(by or "")
            found = self._by_id.get(change)
            now = digest(found[1].old, found[1].new) if found else None
            roles = tuple(person.roles) if person and person.kind == "person" else ()
            read = self.first_read[id_] = known.get(id_, FirstRead(roles, now))
            if found is None or by is None:
                self.nowhere += 1
                continue
            place, of = found
            kind = CUSTOMER if role == CUSTOMER else "person"
            barred = None
            if kind == "person" and role not in read.roles:
                barred = f"{by} had not the role {role} when a run first read it"
            elif read.evidence not in (None, now):
                barred = f"{by} approved it when it was another change"
            self.approvals.setdefault(place, []).append(
                Approval(id_, kind, by, role, _moment(at), of.old, of.new, change, through, barred)
            )

    def decided(
        self,
        standing: Standing,
        rules: Iterable[str],
        datasets: Iterable[str],
        zone: str,
        of: Callable[[str], str],
    ) -> None:
        """Decisions; `of` gives the record that a key names."""
        for d in standing.of(KINDS, rules, datasets):
            name = folded(d.column or "")
            if name not in self._names or len(d.keys) != 1:
                continue
            type_ = self.types[self._names[name]]
            old, new = compared(d.old, type_), compared(d.new, type_)
            kind = KINDS[d.type]
            approval = Approval(d.id, kind, d.by, d.role, local(d.at, zone), old, new)
            self.approvals.setdefault((of(d.keys[0]), name), []).append(approval)


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
