"""States: what a rule holds true against the open rows of its audit table.

A row lasts from the run in which it was first so to the run in which it no longer was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.party_tables import (
    GOLDEN_CELLS,
    LEADS,
    MATCH_MODELS,
    PAIRS,
    PARTY_EVENTS,
    QUEUE,
    TIER_HISTORY,
    TIER_REVIEWS,
    XREF,
)
from cdmq.audit.renames import of_rule
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.shape import Table
from cdmq.steps import State

if TYPE_CHECKING:
    from cdmq.kinds.matching.engine.model import Model
    from cdmq.kinds.tiering.history import Review
    from cdmq.warehouses.base import Warehouse

#: The tables whose rows are closed with their rule. What is astray is kept: a rule that comes back
#: knows the parties that it had merged.
LASTING = (XREF, LEADS, PAIRS, QUEUE, GOLDEN_CELLS, TIER_HISTORY)


class States:
    """Writes the states of one run, inside its transaction."""

    def __init__(
        self,
        warehouse: Warehouse,
        schema: str,
        run_id: str,
        as_of: datetime,
        versions: Mapping[str, str],
        reviews: Mapping[str, Review],
        ids: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.warehouse, self.schema, self.run_id, self.as_of = warehouse, schema, run_id, as_of
        self.versions, self.reviews, self.ids = versions, reviews, ids

    def write(
        self, states: Sequence[State], models: Mapping[str, tuple[str, Model]]
    ) -> dict[str, tuple[int, int]]:
        """Table -> (rows opened, rows closed)."""
        counts: dict[str, tuple[int, int]] = {}
        for rule, (for_, model) in models.items():
            self._model(rule, for_, model)
        for rule, review in self.reviews.items():
            if review.state == "due":
                self._insert(
                    TIER_REVIEWS,
                    [rule, self.versions[rule], review.label, self.as_of, self.run_id, None],
                )
        for state in states:
            closed = 0 if state.added else self._close(state)
            opened = self._open(state)
            before = counts.get(state.table, (0, 0))
            counts[state.table] = before[0] + opened, before[1] + closed
            self._run(nodes.drop(state.staged))
        return counts

    def remove(self, rules: frozenset[str]) -> None:
        """Close all rows of rules that are no longer there, whatever id they were written with;
        their parties end."""
        rules = frozenset(name for rule in rules for name in self.ids.get(rule, (rule,)))
        if rules:
            self._retire(rules)
        for table in LASTING if rules else ():
            where = nodes.every(
                [
                    nodes.is_null(nodes.column("to_run")),
                    exp.In(
                        this=nodes.column("rule_id"),
                        expressions=[nodes.text(r) for r in sorted(rules)],
                    ),
                ]
            )
            self._run(
                exp.Update(
                    this=nodes.table(Relation(table.name, self.schema)),
                    expressions=self._ends(nodes.text("rule_removed")),
                    where=exp.Where(this=where),
                )
            )

    def _retire(self, rules: frozenset[str]) -> None:
        """An event for every party of rules that are no longer there."""
        names = [nodes.column("rule_id"), nodes.column("party_id")]
        ended = nodes.select(
            [
                *names,
                nodes.text(self.run_id),
                nodes.text("retire"),
                nodes.cast(nodes.null(), "text"),
                exp.Count(this=exp.Star()),
            ],
            nodes.table(Relation(XREF.name, self.schema)),
            nodes.every(
                [
                    nodes.is_null(nodes.column("to_run")),
                    exp.In(
                        this=nodes.column("rule_id"),
                        expressions=[nodes.text(r) for r in sorted(rules)],
                    ),
                ]
            ),
        )
        self._run(
            nodes.insert(
                Relation(PARTY_EVENTS.name, self.schema),
                ["rule_id", "party_id", "run_id", "event", "other", "records"],
                nodes.group_by(ended, [n.copy() for n in names]),
            )
        )

    def _model(self, rule: str, trained_for: str, model: Model) -> None:
        """The next model of a rule; the one before is closed. An equal one stays."""
        table = Relation(MATCH_MODELS.name, self.schema)
        known = nodes.select(
            [nodes.number(1)],
            nodes.table(table, "t"),
            nodes.every(
                [
                    self._mine(rule, "t"),
                    nodes.equal(nodes.column("model"), nodes.text(model.digest)),
                    nodes.equal(nodes.column("trained_for"), nodes.text(trained_for)),
                    nodes.equal(nodes.column("trained_on"), nodes.number(model.trained_on)),
                ]
            ),
        )
        if self.warehouse.fetch(known.sql(self.warehouse.dialect)):
            return
        self._run(
            exp.Update(
                this=nodes.table(table, "t"),
                where=exp.Where(this=self._mine(rule, "t")),
                expressions=[
                    exp.EQ(this=nodes.column("to_run"), expression=nodes.text(self.run_id))
                ],
            )
        )
        self._insert(
            MATCH_MODELS,
            [rule, model.digest, trained_for, model.trained_on, model.settings, self.run_id, None],
        )

    def _insert(self, table: Table, row: Sequence[object]) -> None:
        self.warehouse.insert(
            Relation(table.name, self.schema), {c.name: c.type for c in table.columns}, [row]
        )

    def _ends(self, why: exp.Expr) -> list[exp.Expr]:
        ends = {"to_run": nodes.text(self.run_id), "closed_because": why}
        return [exp.EQ(this=nodes.column(c), expression=v) for c, v in ends.items()]

    def _close(self, state: State) -> int:
        """Rows that are not there any more; what they are about may still be.

        Two statements: a subquery among the values that are set is asked for each row.
        """
        open_ = self._mine(state.rule, "t")
        still = _exists(state.staged, _same(state.identity, "s", "t"))
        about = _exists(state.staged, _same(state.entity, "s", "t"))
        closed = 0
        for why, where in (("changed", [about]), ("gone", [])):
            ends = self._ends(nodes.text(why))
            if state.rule in self.reviews:
                ends.append(
                    exp.EQ(
                        this=nodes.column("to_review"),
                        expression=nodes.text(self.reviews[state.rule].label),
                    )
                )
            closed += self._run(
                exp.Update(
                    this=nodes.table(Relation(state.table, self.schema), "t"),
                    expressions=ends,
                    where=exp.Where(
                        this=nodes.every([open_.copy(), exp.Not(this=still.copy()), *where])
                    ),
                )
            )
        return closed

    def _open(self, state: State) -> int:
        fixed = {"rule_id": state.rule}
        if state.added:
            fixed["run_id"] = self.run_id
        else:
            fixed |= {"version": self.versions[state.rule], "from_run": self.run_id}
        if state.rule in self.reviews and "from_review" not in state.columns:
            fixed["from_review"] = self.reviews[state.rule].label
        shown: list[exp.Expr] = [nodes.column(c, "s") for c in state.columns]
        table = Relation(state.table, self.schema)
        query = nodes.select(
            [*shown, *(nodes.text(v) for v in fixed.values())], nodes.table(state.staged, "s")
        )
        if not state.added:
            known = _exists(
                table,
                nodes.every([self._mine(state.rule, "t"), _same(state.identity, "s", "t")]),
                "t",
            )
            query.set("where", exp.Where(this=exp.Not(this=known)))
        return self._run(nodes.insert(table, [*state.columns, *fixed], query))

    def _mine(self, rule: str, table: str) -> exp.Expr:
        """The open rows of a rule."""
        return nodes.every(
            [of_rule(rule, self.ids, table), nodes.is_null(nodes.column("to_run", table))]
        )

    def _run(self, node: exp.Expr) -> int:
        return self.warehouse.run(node.sql(self.warehouse.dialect))


def _exists(relation: Relation, where: exp.Expr, alias: str = "s") -> exp.Expr:
    return exp.Exists(this=nodes.select([nodes.number(1)], nodes.table(relation, alias), where))


def _same(columns: Sequence[str], a: str, b: str) -> exp.Expr:
    """Equal as text, NULL and NULL too."""
    return nodes.every([nodes.equal(_text(c, a), _text(c, b)) for c in columns])


def _text(column: str, table: str) -> exp.Expr:
    return exp.Coalesce(
        this=nodes.cast(nodes.column(column, table), "text"), expressions=[nodes.text("\x01")]
    )
