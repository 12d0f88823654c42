"""What a run finds: the cells that differ from what is approved, walked one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from cdmq.audit.pii_key import digester, hiding
from cdmq.audit.renames import of_rule
from cdmq.kinds.change_control.gather import FirstRead, Gathered, Place, compared, digest_of
from cdmq.kinds.change_control.inherit import inherited
from cdmq.kinds.change_control.query import APPROVED, among, differing
from cdmq.kinds.change_control.tables import (
    APPROVALS_READ,
    APPROVED_CELLS,
    CHANGE_APPROVALS,
    HELD_CHANGES,
)
from cdmq.kinds.change_control.walk import Cell, Change, Walk, walk
from cdmq.kinds.running import Running
from cdmq.project.column_names import folded
from cdmq.project.zones import local
from cdmq.sql import nodes
from cdmq.sql.logical import logical
from cdmq.sql.pii import masked
from cdmq.sql.relation import Relation
from cdmq.sql.types import Type

if TYPE_CHECKING:
    from cdmq.kinds.change_control.work import Controlling

Rows = list[list[Any]]


@dataclass
class Found:
    """Rows to be kept: cells whose approved value is another now, changes that are held, approvals
    that were used, and those that were read for the first time."""

    moved: Rows = field(default_factory=list)
    held: Rows = field(default_factory=list)
    used: Rows = field(default_factory=list)
    read: Rows = field(default_factory=list)
    approved: int = 0
    nowhere: int = 0

    @property
    def figures(self) -> dict[str, float | None]:
        return {"held": len(self.held), "approved": self.approved, "of no change": self.nowhere}

    def note(self, records: int) -> str:
        """`3 changes held, 2 approved; 1 approval of no change of the log`."""
        told = f"{_many(len(self.held), 'change')} held, {self.approved:,} approved"
        if self.nowhere:
            told += f"; {_many(self.nowhere, 'approval')} of no change that the log has"
        return told


def _many(n: int, what: str) -> str:
    return f"{n:,} {what}" + ("" if n == 1 else "s")


@dataclass(frozen=True)
class _Was:
    """What is approved of a cell so far, and what stands there now."""

    key: str
    column: str
    value: str | None
    at: datetime
    how: str
    change: str | None
    now: str | None


class Finding:
    """One rule in one run."""

    def __init__(self, of: Controlling, at: Running) -> None:
        self.of, self.at, self.rule = of, at, of.rule
        self.zone = at.project.config.time_zone
        self.as_of = local(at.as_of, self.zone)
        any_ = nodes.select([nodes.number(1)], at.audit(APPROVED_CELLS.name), self._mine())
        self.begun = bool(at.fetch(any_.limit(1))) and not self._before_baseline()
        names = at.project.names_of(self.rule.dataset)
        self.digest = digester(at.warehouse, bool(hiding(at.project) & set(names)))
        #: Where the approved values of parties stand that were split off; None: there are none.
        self.inherited: str | None = None
        if self.begun and of.through is not None:
            rows = inherited(at, of.through, self.approved())
            if rows:
                self.load("inherited", APPROVED, rows)
                self.inherited = f"made:{self.rule.id}__inherited"

    def _before_baseline(self) -> bool:
        begins = self.of.spec.begins
        return begins is not None and self.as_of.date() < begins

    def _mine(self) -> exp.Expr:
        still = nodes.is_null(nodes.column("to_run"))
        return nodes.every([of_rule(self.rule.id, self.at.ids), still])

    def approved(self) -> exp.Select:
        """What earlier runs left approved; nothing before the baseline."""
        columns = nodes.one_of(nodes.column("column_name"), list(self.of.types))
        where = [self._mine(), columns, *([] if self.begun else [exp.false()])]
        shown = [nodes.column(c) for c in APPROVED]
        own = nodes.select(shown, self.at.audit(APPROVED_CELLS.name), nodes.every(where))
        if self.inherited is None:
            return own
        both = nodes.union_all([own, nodes.select(shown, logical(self.inherited))])
        return nodes.select([c.copy() for c in shown], nodes.subquery(both, "o"))

    def make_kept(self) -> None:
        """What earlier runs left approved, as `made:RULE__kept`."""
        self.at.make(f"{self.rule.id}__kept", self.approved())

    def load(self, name: str, columns: Sequence[str], rows: Rows) -> Relation:
        """A staged table of rows, known as `made:RULE__NAME`."""
        types: dict[str, Type] = {c: "timestamp" if c.endswith("_at") else "text" for c in columns}
        staged, final = self.at.names.output(f"{self.rule.id}__{name}")
        self.at.warehouse.load(staged, types, rows)
        self.at.names.put(f"made:{self.rule.id}__{name}", staged, final)
        return staged

    def found(self) -> Found:
        found = Found()
        if not self.begun and (self.of.spec.begins is None or self.of.logs is None):
            self._read(found, Gathered(self.of.types))
            return found
        gathered = self._gathered(found)
        held, used = self._held(), self._used()
        for was in self._cells(gathered):
            place = was.key, folded(was.column)
            changes = self._changes(was, gathered.changes.get(place, ()), held)
            if not changes:
                continue
            approvals = [a for a in gathered.approvals.get(place, ()) if a.id not in used]
            type_ = self.of.types[was.column]
            since = was.at if was.how == "approved" else None
            cell = Cell(
                was.column,
                compared(was.value, type_),
                since,
                changes,
                approvals,
                gathered.points.get(was.key, ()),
            )
            self._keep(found, was, walk(cell, self.of.spec))
        return found

    # what is read --------------------------------------------------------------------------------

    def _gathered(self, found: Found) -> Gathered:
        gathered, at = Gathered(self.of.types), self.at
        if self.of.logs is not None:
            query = self.of.logs.changes_query(self.approved(), self.of.spec.begins)
            gathered.log(at.fetch(query))
        self._read(found, gathered)
        ids = at.ids.get(self.rule.id, (self.rule.id,))
        names = at.project.names_of(self.rule.dataset)
        gathered.decided(at.decisions, ids, names, self.zone, str)
        found.nowhere = gathered.nowhere
        return gathered

    def _read(self, found: Found, gathered: Gathered) -> None:
        """Approvals of a dataset, and which of them no run has read."""
        query = self.of.logs.approvals_query() if self.of.logs else None
        if query is None:
            return
        mine = of_rule(self.rule.id, self.at.ids)
        shown: list[exp.Expr] = [nodes.column(c) for c in ("approval", "roles", "evidence")]
        rows = self.at.fetch(nodes.select(shown, self.at.audit(APPROVALS_READ.name), mine))
        known = {
            id_: FirstRead(tuple(roles.split(", ")) if roles else (), evidence)
            for id_, roles, evidence in rows
        }
        people = {p.login: p for p in self.at.project.people}
        gathered.said(self.at.fetch(query), people, known, self._digest)
        found.read = [
            [id_, ", ".join(read.roles) or None, read.evidence]
            for id_, read in sorted(gathered.first_read.items())
            if id_ not in known
        ]

    def _used(self) -> set[str]:
        mine = of_rule(self.rule.id, self.at.ids)
        used = nodes.select([nodes.column("approval")], self.at.audit(CHANGE_APPROVALS.name), mine)
        return {id_ for (id_,) in self.at.fetch(used)}

    def _held(self) -> dict[tuple[str, str, str], datetime]:
        """When changes that no log has were first seen, by their cell and values."""
        shown: list[exp.Expr] = [
            nodes.column(c) for c in ("key", "column_name", "digest", "changed_at")
        ]
        where = nodes.every([self._mine(), nodes.is_null(nodes.column("change_id"))])
        rows = self.at.fetch(nodes.select(shown, self.at.audit(HELD_CHANGES.name), where))
        return {(key, column, digest): at for key, column, digest, at in rows}

    # cell by cell --------------------------------------------------------------------------------

    def _cells(self, gathered: Gathered) -> Iterator[_Was]:
        """Those that differ, and those of which the log tells more than is approved."""
        cells = f"made:{self.rule.id}__cells"
        seen: set[Place] = set()
        for row in sorted(self.at.fetch(differing(cells, self.approved())), key=str):
            was = _Was(*row)
            seen.add((was.key, folded(was.column)))
            yield was
        logged = sorted(set(gathered.changes) - seen)
        if logged:
            yield from self._logged(logged, gathered)

    def _logged(self, logged: list[Place], gathered: Gathered) -> Iterator[_Was]:
        names = {folded(c): c for c in self.of.types}
        self.load("logged", ("key", "column_name"), [[k, names[c]] for k, c in logged])
        made = f"made:{self.rule.id}__"
        now = {(k, c): v for k, c, v in self.at.fetch(among(f"{made}cells", f"{made}logged"))}
        rows = self.at.fetch(among(self.approved(), f"{made}logged", APPROVED))
        approved = {(row[0], row[1]): row for row in rows}
        self.at.drop(self.at.names.staged[f"{made}logged"])
        begins = self.of.spec.begins
        for key, name in logged:
            place = key, names[name]
            if place not in now:
                continue
            if place in approved:
                yield _Was(*(*approved[place], now[place]))
            elif begins is not None:
                changes = sorted(gathered.changes[key, name], key=lambda c: c.place)
                here = changes[-1].new == compared(now[place], self.of.types[place[1]])
                if here or not self._of_parties():  # else of a member whose value is not shown
                    start = datetime.combine(begins, time())
                    yield _Was(*place, changes[0].old, start, "baseline", None, now[place])

    def _of_parties(self) -> bool:
        return self.of.logs is not None and self.of.logs.through is not None

    def _changes(
        self, was: _Was, logged: Sequence[Change], held: dict[tuple[str, str, str], datetime]
    ) -> list[Change]:
        """The changes of a cell after its approved value, the last of them to what stands there."""
        type_ = self.of.types[was.column]
        value, now = compared(was.value, type_), compared(was.now, type_)
        after = sorted((c for c in logged if not self._done(was, c)), key=lambda c: c.place)
        if after and after[-1].new == now:
            return after
        if now == value:
            return []  # what the log tells of has not come here
        old = after[-1].new if after else value
        digest = self._digest(value, now)
        first = held.get((was.key, was.column, digest), self.as_of)
        return [*after, Change(None, old, now, None, max([first, *(c.at for c in after)]))]

    @staticmethod
    def _done(was: _Was, change: Change) -> bool:
        """Whether a change is behind the approved value."""
        if was.how != "approved":
            return False
        if was.change is None:
            return change.at <= was.at
        return change.place <= Change(was.change, None, None, None, was.at).place

    def _digest(self, old: str | None, new: str | None) -> str:
        return self.digest(digest_of(old, new))

    def _shown(self, column: str, value: str | None) -> str | None:
        how = self.at.project.datasets[self.rule.dataset].spec.pii.get(column, "plain")
        if value is None or how == "omit":
            return None
        if how == "hash":
            return self.digest(digest_of(value))
        return masked(value) if how == "mask" else value

    def _keep(self, found: Found, was: _Was, at: Walk) -> None:
        cell, type_ = [was.key, was.column], self.of.types[was.column]
        for step in at.steps:
            change = step.change
            shown = [self._shown(was.column, v) for v in (step.old, change.new)]
            said = [*cell, change.id, *shown, change.by, change.at]
            found.used += [[*said, a.id, a.by, a.role, a.at] for a in step.used]
            found.approved += 1
        if at.steps or not self.begun:
            value = was.now if at.value == compared(was.now, type_) else at.value
            last = at.steps[-1].change if at.steps else None
            how, id_ = ("approved", last.id) if last else (was.how, was.change)
            found.moved.append([*cell, value, last.at if last else was.at, how, id_])
        if (held := at.held) is not None:
            shown = [self._shown(was.column, v) for v in (at.value, held.new)]
            digest = self._digest(at.value, held.new)
            row = [*cell, held.id, *shown, held.by, held.at, at.why, digest]
            found.held.append(row)
