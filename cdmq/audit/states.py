"""States: what a rule holds true against the open rows of its audit table.

A row lasts from the run in which it was first so to the run in which it no longer was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp

from cdmq.audit.ledger import Ledger
from cdmq.audit.renames import of_rule
from cdmq.outcomes import FOUND, Executed, State
from cdmq.sql import nodes
from cdmq.sql.logical import Renderer, logical
from cdmq.sql.relation import Relation
from cdmq.sql.shape import Table
from cdmq.values import Rule


class States:
    """Writes the states of one run, inside its transaction."""

    def __init__(
        self,
        ledger: Ledger,
        versions: Mapping[str, str],
        ids: Mapping[str, tuple[str, ...]],
        rules: Mapping[str, Rule],
        executed: Executed,
    ) -> None:
        self.ledger, self.run_id = ledger, ledger.run_id
        self.versions, self.ids = versions, ids
        self.rules, self.executed = rules, executed

    def write(self, states: Sequence[State]) -> dict[str, tuple[int, int]]:
        """Table -> (rows opened, rows closed), of those that a run tells of."""
        counts: dict[str, tuple[int, int]] = {}
        for state, (open_, told) in zip(states, self._there(states), strict=True):
            table = state.table
            closed = self._close(state) if open_ else 0
            opened = self._open(state) if told else 0
            if table.told and not state.past:
                before = counts.get(table.name, (0, 0))
                counts[table.name] = before[0] + opened, before[1] + closed
            self.ledger.run(nodes.drop(state.staged))
        return counts

    def _there(self, states: Sequence[State]) -> list[tuple[bool, bool]]:
        """Of each whether any row that it may close is open, and whether it tells of any."""
        if not states:
            return []
        queries = []
        for i, state in enumerate(states):
            open_: exp.Expr = exp.false()
            if state.table.identity and not state.past:
                open_ = _exists(self.ledger.at(state.table), self._mine(state.rule, "t"), "t")
            queries.append(nodes.select([nodes.number(i), open_, _exists(state.staged)]))
        found = self.ledger.fetch(nodes.union_all(queries))
        return [(bool(open_), bool(told)) for _, open_, told in sorted(found)]

    def every_id(self, rules: Iterable[str]) -> list[str]:
        """The ids that rules have or had: of each row of theirs, one."""
        return sorted({name for rule in rules for name in self.ids.get(rule, (rule,))})

    def close(self, table: Table, rules: Iterable[str]) -> None:
        """Close the open rows of rules that are no longer there, whatever id they were written
        with."""
        self.ledger.run(
            exp.Update(
                this=self.rows(table),
                expressions=self._ends(table, nodes.text("rule_removed")),
                where=exp.Where(this=self.open_of(rules)),
            )
        )

    def open_of(self, rules: Iterable[str]) -> exp.Expr:
        """The condition that a row is open, and of one of the rules under whatever id."""
        ids = [nodes.text(name) for name in self.every_id(rules)]
        mine = exp.In(this=nodes.column("rule_id"), expressions=ids)
        return nodes.every([nodes.is_null(nodes.column("to_run")), mine])

    def rows(self, table: Table, alias: str | None = None) -> exp.Table:
        return self.ledger.of(table, alias)

    def add(self, table: Table, columns: Sequence[str], query: exp.Query) -> None:
        """Write rows that a query gives."""
        self.ledger.run(nodes.insert(self.ledger.at(table), columns, query))

    def _ends(self, table: Table, why: exp.Expr) -> list[exp.Expr]:
        ends = {"to_run": nodes.text(self.run_id), "closed_because": why}
        return [
            exp.EQ(this=nodes.column(c), expression=v) for c, v in ends.items() if c in table.names
        ]

    def _close(self, state: State) -> int:
        """Rows that are not there any more; what they are about may still be.

        Two statements: a subquery among the values that are set is asked for each row.
        """
        table = state.table
        open_ = self._mine(state.rule, "t")
        still = _exists(state.staged, _same(table.identity, "s", "t"))
        about = _exists(state.staged, _same(table.entity, "s", "t")) if table.entity else None
        closed = 0
        for why, where in (("changed", about), ("gone", None)):
            ends = [
                *self._ends(table, nodes.text(why)),
                *(
                    exp.EQ(this=nodes.column(c), expression=nodes.text(v))
                    for c, v in state.ends.items()
                ),
            ]
            closed += self.ledger.run(
                exp.Update(
                    this=self.rows(table, "t"),
                    expressions=ends,
                    where=exp.Where(
                        this=nodes.all_of([open_.copy(), exp.Not(this=still.copy()), where])
                    ),
                )
            )
            if closed and why == "gone" and state.of_records:
                self._still_there(state)
        return closed

    def _still_there(self, state: State) -> None:
        """Of records that are in the dataset not that they are gone: the rule could not judge them,
        or is about them no longer."""
        steps = self.executed.steps[self.rules[state.rule].dataset]
        rows = nodes.select([steps.key.copy()], logical(steps.relation))
        self._because("gone", "out_of_scope", state, rows)
        codes = [self.executed.numbers.code(*j.id) + 1 for j in steps.judges(state.rule)]
        if codes:
            code = exp.In(this=nodes.column("code"), expressions=[nodes.number(c) for c in codes])
            unjudged = nodes.select([nodes.column("key")], nodes.table(FOUND), code)
            self._because("out_of_scope", "could_not_judge", state, unjudged)

    def _because(self, said: str, why: str, state: State, keys: exp.Select) -> None:
        """Give what closes now for one reason another, where its key is among some."""
        ended = {"to_run": self.run_id, "closed_because": said}
        where = [
            of_rule(state.rule, self.ids, "t"),
            *(nodes.equal(nodes.column(c, "t"), nodes.text(v)) for c, v in ended.items()),
            nodes.among(nodes.column("key", "t"), keys),
        ]
        because = exp.EQ(this=nodes.column("closed_because"), expression=nodes.text(why))
        update = exp.Update(
            this=self.rows(state.table, "t"),
            expressions=[because],
            where=exp.Where(this=nodes.every(where)),
        )
        warehouse = self.ledger.warehouse
        render = Renderer(self.executed.names, warehouse.dialect, self.executed.as_of)
        warehouse.run(render.sent(update))

    def _open(self, state: State) -> int:
        table = state.table
        fixed = {
            c: value
            for c, value in {
                "rule_id": state.rule,
                "version": self.versions[state.rule],
                "run_id": self.run_id,
                "from_run": self.run_id,
            }.items()
            if c in table.names
        }
        if state.past:
            fixed |= {"to_run": self.run_id, "closed_because": "changed"}
        shown: list[exp.Expr] = [nodes.column(c, "s") for c in state.columns]
        query = nodes.select(
            [*shown, *(nodes.text(v) for v in fixed.values())], nodes.table(state.staged, "s")
        )
        if table.identity and not state.past:
            known = _exists(
                self.ledger.at(table),
                nodes.every([self._mine(state.rule, "t"), _same(table.identity, "s", "t")]),
                "t",
            )
            query.set("where", exp.Where(this=exp.Not(this=known)))
        return self.ledger.run(nodes.insert(self.ledger.at(table), [*state.columns, *fixed], query))

    def _mine(self, rule: str, table: str) -> exp.Expr:
        """The open rows of a rule."""
        return nodes.every(
            [of_rule(rule, self.ids, table), nodes.is_null(nodes.column("to_run", table))]
        )


def _exists(relation: Relation, where: exp.Expr | None = None, alias: str = "s") -> exp.Expr:
    return exp.Exists(this=nodes.select([nodes.number(1)], nodes.table(relation, alias), where))


def _same(columns: Sequence[str], a: str, b: str) -> exp.Expr:
    """Equal as text, NULL and NULL too."""
    return nodes.every([nodes.equal(_text(c, a), _text(c, b)) for c in columns])


def _text(column: str, table: str) -> exp.Expr:
    return exp.Coalesce(
        this=nodes.cast(nodes.column(column, table), "text"), expressions=[nodes.text("\x01")]
    )
