"""Cells of golden records that people set: an override stands in place of the value that was picked.

It is given by a decision about a record of the golden dataset, or about one of the matched records,
and goes with the party where that is merged. Unless it lasts always or until a day, it ends when
the picked value is another than when a run first heeded it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from cdmq.audit.pii_key import digester, hiding
from cdmq.audit.renames import of_rule
from cdmq.decisions.decision import Decision
from cdmq.kinds.golden.layout import VERIFIED, layout
from cdmq.kinds.golden.overridden import now_of, parties_of, records_of
from cdmq.kinds.golden.tables import OVERRIDES
from cdmq.kinds.golden.words import PARTY, GoldenRule
from cdmq.kinds.running import Running
from cdmq.outcomes import State
from cdmq.sql import nodes
from cdmq.sql.expressions import bind, lower, parse
from cdmq.sql.logical import LOGICAL, as_of_node
from cdmq.sql.relation import Relation
from cdmq.sql.types import Type
from cdmq.values import Dataset, Rule

Cells = Mapping[tuple[str, str], Decision]
_SET = ("party_id", "column_name", "decision", "value")
_KEPT = ("party_id", "column_name", "decision", "picked", "ended")


@dataclass(frozen=True)
class Overriding:
    """Of one golden rule over the matched dataset `of` with these columns."""

    rule: Rule
    of: Dataset
    columns: Mapping[str, Type]
    #: What is said of them in the result of the rule, once the cells are set.
    told: list[str] = field(default_factory=list)

    @property
    def spec(self) -> GoldenRule:
        assert isinstance(self.rule.spec, GoldenRule)
        return self.rule.spec

    @property
    def name(self) -> str:
        """The relation of the cells that are set: party_id, column_name, decision, value."""
        return f"overridden:{self.spec.into}"

    def set_cells(self, at: Running) -> None:
        """Set cells of the golden records, which stand there as they were picked."""
        cells = self._cells(at)
        if not cells:
            if self._were(at):
                self._keep([], at)
            return
        picked = now_of(at, f"source:{self.spec.into}", cells, self.columns)
        digest = digester(at.warehouse, bool(hiding(at.project) & {self.spec.into}))
        bound = self._bound(at)
        kept: list[list[object]] = []
        rows: list[list[object]] = []
        for (party, column), d in sorted(cells.items()):
            now = digest(_md5(picked.get((party, column))))
            was = bound.get(d.id, now)
            ended = d.lasts in (None, "until_source_changes") and not d.expires and was != now
            kept.append([party, column, d.id, was, ended])
            if not ended and self._reads(d.new, column, at):
                rows.append([party, column, d.id, d.new])
        self._keep(kept, at)
        self._tell(len(rows), sum(not row[4] for row in kept) - len(rows))
        staged, _ = at.names.output(f"overridden__{self.rule.id}")
        at.names.put(self.name, staged, staged)
        at.drop(staged)
        at.warehouse.load(staged, dict.fromkeys(_SET, "text"), rows)
        for name in dict.fromkeys(str(row[1]) for row in rows):
            at.send(self._update(name, at))

    def _cells(self, at: Running) -> dict[tuple[str, str], Decision]:
        """The cell that each sets: of two that set one, the weightier."""
        into, own = (at.project.names_of(n) for n in (self.spec.into, self.of.name))
        ids = at.ids.get(self.rule.id, (self.rule.id,))
        said = sorted(
            at.decisions.of(("override",), ids, (*into, *own)),
            key=at.decisions.rank,
            reverse=True,
        )
        xref = f"xref:{self.spec.matched_by}"
        of_records = records_of(at, xref, {d.keys[0] for d in said if d.dataset in own})
        of_parties = parties_of(at, xref, {d.keys[0] for d in said if d.dataset not in own})
        picked = layout(self.rule, self.of, self.columns).picked
        found: dict[tuple[str, str], Decision] = {}
        for d in said:
            party = (of_records if d.dataset in own else of_parties).get(d.keys[0])
            if party is not None and d.column in picked:
                found.setdefault((party, d.column), d)
            else:
                lost = f"there is no cell {d.column}" if party is not None else "its record is gone"
                self.told.append(f"override {d.id} sets nothing: {lost}")
        return found

    def _tell(self, set_: int, unread: int) -> None:
        if set_:
            self.told.insert(0, f"{set_:,} set by people")
        if unread:
            these = "override whose value is" if unread == 1 else "overrides whose values are"
            self.told.append(f"{unread:,} {these} none of the column's type")

    def _bound(self, at: Running) -> dict[str, str]:
        """By decision the digest of the value that was picked when a run first heeded it."""
        shown: list[exp.Expr] = [nodes.column(c) for c in ("decision", "picked")]
        rows = at.fetch(
            nodes.select(shown, at.audit(OVERRIDES.name), of_rule(self.rule.id, at.ids))
        )
        return {str(d): str(p) for d, p in rows}

    def _were(self, at: Running) -> bool:
        """Whether the last run told of any."""
        open_ = nodes.is_null(nodes.column("to_run"))
        mine = nodes.every([of_rule(self.rule.id, at.ids), open_])
        any_ = nodes.select([nodes.number(1)], at.audit(OVERRIDES.name), mine)
        return bool(at.fetch(any_.limit(1)))

    def _keep(self, rows: list[list[object]], at: Running) -> None:
        staged, _ = at.names.output(f"{OVERRIDES.name}__{self.rule.id}")
        at.drop(staged)
        types: dict[str, Type] = {**dict.fromkeys(_KEPT, "text"), "ended": "boolean"}
        at.warehouse.load(staged, types, rows)
        at.states.append(State(self.rule.id, OVERRIDES, staged, _KEPT))

    def _reads(self, value: str | None, column: str, at: Running) -> bool:
        """Whether a text is a value of the column's type."""
        if value is None or self.columns[column] == "text":
            return True
        given = nodes.select([nodes.alias(nodes.text(value), "value")])
        read = nodes.select([self._value(column, at)], nodes.subquery(given, "o"))
        return at.fetch(read)[0][0] is not None

    def _value(self, column: str, at: Running) -> exp.Expr:
        """The text `value` as one of the column's type; NULL where it is none."""
        type_ = self.columns[column]
        value = nodes.column("value", "o")
        if type_ == "text":
            return value
        tree = bind(parse(f"value::{type_}"), {"value": "text"}).expression.tree
        return lower(tree, at.warehouse.dialect, lambda _: value, lambda *_: value, as_of_node())

    def _update(self, column: str, at: Running) -> exp.Update:
        sets = {column: self._value(column, at)}
        verified = layout(self.rule, self.of, self.columns).verified
        if column in verified:  # what was proved is another value
            sets[f"{column}{VERIFIED}"] = nodes.null()
        mine = [
            nodes.equal(nodes.column("party_id", "o"), nodes.column(PARTY, "g")),
            nodes.equal(nodes.column("column_name", "o"), nodes.text(column)),
        ]
        return exp.Update(
            this=nodes.table(Relation(f"source:{self.spec.into}", LOGICAL), "g"),
            expressions=[exp.EQ(this=nodes.column(c), expression=v) for c, v in sets.items()],
            from_=exp.From(this=nodes.table(Relation(self.name, LOGICAL), "o")),
            where=exp.Where(this=nodes.every(mine)),
        )


def _md5(value: str | None) -> str:
    """A missing value has a digest of its own."""
    said = "\x00" if value is None else value
    return hashlib.md5(said.encode(), usedforsecurity=False).hexdigest()
