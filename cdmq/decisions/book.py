"""The book of decisions: read from the audit tables and from the project's files, and kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from sqlglot import exp

from cdmq.audit.decision_tables import DECISION_STATES, DECISIONS, PEOPLE
from cdmq.audit.ledger import Ledger
from cdmq.decisions.decision import Decision, decided, digest
from cdmq.decisions.standing import Standing, standing
from cdmq.problems import Problem, Span
from cdmq.project.people import DecisionSpec, Person
from cdmq.sql import nodes
from cdmq.sql.expressions import SqlProblem, parse
from cdmq.sql.shape import Table
from cdmq.values import Project

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

#: Column of `decisions` -> the word of a decision, where they differ.
_WORDS = {
    "rule_id": "rule",
    "column_name": "column",
    "old_value": "old",
    "new_value": "new",
    "condition": "where",
    "decided_by": "by",
    "decided_at": "at",
}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Book:
    """All decisions, those of the project's files that no run has read among them (`new`), and how
    they stand. `states`, `people`: the open rows of these tables."""

    decisions: tuple[Decision, ...] = ()
    new: tuple[Decision, ...] = ()
    standing: Standing = Standing()
    states: tuple[Row, ...] = ()
    people: tuple[Row, ...] = ()

    def write(self, ledger: Ledger) -> None:
        """Keep what is new: decisions, who may decide, and what stands. In the transaction of a
        run."""
        ledger.add(DECISIONS, [row_of(d) for d in self.new])
        _keep(ledger, PEOPLE, PEOPLE.names[:-2], self.people, map(_person, self._people()))
        _keep(ledger, DECISION_STATES, ("id", "stands", "why"), self.states, self._stands())

    def warnings(self) -> Iterator[Problem]:
        """Those that are read for the first time, and do not count."""
        for d in self.new:
            if why := self.standing.aside.get(d.id):
                cause = f"the decision {d.id} ({d.type}) does not count: {why}"
                how = "see: cdmq decide --stale"
                yield Problem(Span(d.origin or "decisions"), "CDMQ555", cause, how, "warning")

    def _people(self) -> Iterable[Person]:
        return self.standing.people.values()

    def _stands(self) -> Iterator[dict[str, Any]]:
        for d in {d.id: d for d in self.decisions}.values():
            person = self.standing.people.get(d.by)
            yield {
                "id": d.id,
                "stands": d.id not in self.standing.aside,
                "why": self.standing.aside.get(d.id),
                "roles": ", ".join(person.roles) if person else None,
                "standing": person.standing if person else None,
            }


def unreadable(where: str | None) -> str | None:
    """Why the condition of a waiver can't be read; None where it can, or there is none."""
    if where is None:
        return None
    try:
        parse(where)
    except SqlProblem as error:
        return error.cause
    return None


def read_book(project: Project, warehouse: Warehouse, schema: str, as_of: datetime) -> Book:
    """The book at `as_of`, where the audit tables stand as they are to be."""
    ledger = Ledger(warehouse, schema, "")
    zone = project.config.time_zone
    kept = _read(_rows(ledger, DECISIONS))
    known = {d.id for d in kept}
    written = {d.id: d for d in _of_files(project)}
    new = tuple(d for i, d in written.items() if i not in known)
    states = _rows(ledger, DECISION_STATES)
    people = {p.login: p for p in project.people}
    first = _first_roles(states)
    now = as_of.astimezone(UTC).replace(tzinfo=None) if as_of.tzinfo else as_of
    decisions = (*kept, *new)
    return Book(
        decisions,
        new,
        standing(decisions, people, now, zone, first),
        tuple(r for r in states if r["to_run"] is None),
        tuple(r for r in _rows(ledger, PEOPLE) if r["to_run"] is None),
    )


def row_of(d: Decision) -> list[Any]:
    """A decision as a row of the table."""
    told = {
        **{column: getattr(d, _WORDS.get(column, column)) for column in DECISIONS.names},
        "keys": _keys(d.keys),
        "expires": d.expires.isoformat() if d.expires else None,
    }
    return [told[c] for c in DECISIONS.names]


def _keys(keys: Sequence[str]) -> str | None:
    if not keys:
        return None
    return json.dumps(list(keys), ensure_ascii=False) if len(keys) > 1 else keys[0]


def _of_files(project: Project) -> Iterator[Decision]:
    for spec, span in project.decisions:
        yield _with_where(decided(spec, project.config.time_zone, str(span)))


def _rows(ledger: Ledger, table: Table) -> list[Row]:
    query = nodes.select([nodes.column(c) for c in table.names], ledger.of(table))
    return [dict(zip(table.names, row, strict=True)) for row in ledger.fetch(query)]


def _read(rows: Iterable[Row]) -> list[Decision]:
    """Rows of the table; what nobody can read is wrong, and says why."""
    found: dict[str, Decision] = {}
    for row in rows:
        d = _decision(row)
        other = found.get(d.id)
        if other is not None and row_of(other)[:-1] != row_of(d)[:-1]:
            d = replace(other, wrong=f"two decisions have the id {d.id}")
        found[d.id] = d
    return list(found.values())


def _decision(row: Row) -> Decision:
    said = {_WORDS.get(c, c): row[c] for c in DECISIONS.names if row[c] is not None}
    said["keys"] = keys_of(row["keys"])
    at = said.get("at")
    said["at"] = at.isoformat() if isinstance(at, datetime) else "1970-01-01"
    origin, own = said.pop("origin", None), said.pop("id", None)
    try:
        if at is None:
            raise ValueError("decided_at is empty: it says when somebody decided")
        found = decided(DecisionSpec.model_validate(said), "UTC", origin)
    except ValidationError as error:
        return _wrong(said, own, origin, error.errors()[0]["msg"].removeprefix("Value error, "))
    except ValueError as error:
        return _wrong(said, own, origin, str(error))
    return _with_where(replace(found, id=own) if own else found)


def _with_where(d: Decision) -> Decision:
    why = unreadable(d.where)
    return replace(d, wrong=f"its where can't be read: {why}") if why else d


def _wrong(said: Mapping[str, Any], own: str | None, origin: str | None, why: str) -> Decision:
    words = {w: said.get(w) for w in ("rule", "dataset", "column", "old", "new", "where", "lasts")}
    return Decision(
        id=own or digest(said),
        type=str(said.get("type")),
        keys=tuple(said["keys"]),
        withdraws=said.get("withdraws"),
        reason=said.get("reason"),
        requested_by=said.get("requested_by"),
        by=str(said.get("by")),
        role=said.get("role"),
        at=datetime.fromisoformat(said["at"]),
        expires=None,
        evidence=said.get("evidence"),
        origin=origin,
        wrong=f"it can't be read: {why}",
        **words,
    )


def keys_of(text: str | None) -> list[str]:
    """The keys of a decision: a JSON array of texts, or one key as it is."""
    if text is None:
        return []
    if text.startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, list) and all(isinstance(k, str) for k in found):
            return found
    return [text]


def _first_roles(states: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    found: dict[str, Row] = {}
    for row in states:
        if row["id"] not in found or row["from_run"] < found[row["id"]]["from_run"]:
            found[row["id"]] = row
    return {i: tuple(r["roles"].split(", ")) if r["roles"] else () for i, r in found.items()}


def _person(p: Person) -> dict[str, Any]:
    return {
        "login": p.login,
        "name": p.name,
        "roles": ", ".join(p.roles),
        "standing": p.standing,
        "kind": p.kind,
    }


def _keep(
    ledger: Ledger, table: Table, same: Sequence[str], open_: Iterable[Row], now: Iterable[Row]
) -> None:
    """Close what is no longer so, and open what is; a row is about what its first column names."""
    before = {tuple(r[c] for c in same): r for r in open_}
    after = {tuple(r[c] for c in same): r for r in now}
    about, ends = table.names[0], [r for what, r in before.items() if what not in after]
    for first in range(0, len(ends), 500):
        own = [nodes.text(r[about]) for r in ends[first : first + 500]]
        named = exp.In(this=nodes.column(about), expressions=own)
        ended = exp.EQ(this=nodes.column("to_run"), expression=nodes.text(ledger.run_id))
        where = nodes.every([nodes.is_null(nodes.column("to_run")), named])
        update = exp.Update(this=ledger.of(table), expressions=[ended])
        update.set("where", exp.Where(this=where))
        ledger.run(update)
    opens = [r for what, r in after.items() if what not in before]
    told = {"from_run": ledger.run_id, "to_run": None}
    ledger.add(table, [[{**r, **told}[c] for c in table.names] for r in opens])
