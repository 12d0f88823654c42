"""golden cells: where each cell of a golden record comes from, and what it won against."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from cdmq.kinds.golden.layout import Unit, layout
from cdmq.kinds.golden.members import UNFLAGGED, Flagged, Members, named, with_cte
from cdmq.kinds.golden.order import DECIDING, ONLY, alike, first, ordered
from cdmq.kinds.golden.words import PARTY, GoldenRule
from cdmq.project.spec import Pii
from cdmq.sql import nodes
from cdmq.sql.keyed import keyed
from cdmq.sql.pii import stored
from cdmq.sql.text_form import text_of
from cdmq.sql.types import Type
from cdmq.steps import DatasetSteps
from cdmq.values import Dataset, Rule

COLUMNS = (PARTY, "column_name", "value", "digest", "winner", "because", "losers")


def cells_query(
    rule: Rule,
    dataset: Dataset,
    columns: Mapping[str, Type],
    steps: DatasetSteps,
    dialect: str,
    pii: Mapping[str, Pii] | None = None,
    flagged: Flagged = UNFLAGGED,
) -> exp.Select:
    """One row a present golden cell: party_id, column_name, value, digest, winner, because, losers.
    `pii` is the golden dataset's own; without it that of the matched dataset holds.

    `winners` is a row a party: its values (`wc0`, ...), its records in each order (`o0`, ...: what
    separates them, then their key), and for each unit the winner's place there (`u0`, ...) and
    what separates it besides (`y0`, ...).
    """
    assert isinstance(rule.spec, GoldenRule)
    plan = layout(rule, dataset, columns)
    if not plan.picked:
        none = nodes.cast(nodes.null(), "text")
        return nodes.select([nodes.alias(none.copy(), c) for c in COLUMNS], where=exp.false())
    members = Members(plan, steps, f"xref:{rule.spec.matched_by}", dialect, flagged)
    return _Cells(members, dialect, dataset.spec.pii if pii is None else pii).query()


class _Cells:
    def __init__(self, members: Members, dialect: str, pii: Mapping[str, Pii]) -> None:
        self.pii = pii
        self.members, self.units = members, members.units
        self.plan, self.dialect = members.layout, dialect
        self.of = [(i, unit, c) for i, unit in enumerate(self.plan.units) for c in unit.columns]

    def query(self) -> exp.Select:
        losers = nodes.group_by(
            nodes.select(
                [
                    nodes.column("p"),
                    nodes.column("column_name"),
                    nodes.alias(nodes.call("max", nodes.column("depth")), "depth"),
                    nodes.alias(self._listed(), "losers"),
                ],
                nodes.subquery(self._lost(), "l"),
            ),
            [nodes.column("p"), nodes.column("column_name")],
        )
        shown = [
            nodes.alias(nodes.column("p", "w"), PARTY),
            *(nodes.column(n, "w") for n in COLUMNS[1:5]),
            nodes.alias(_because(), "because"),
            nodes.column("losers", "l"),
        ]
        query = nodes.select(shown, nodes.subquery(self._won(), "w"))
        nodes.left_join(
            query,
            nodes.subquery(losers, "l"),
            nodes.every(
                [
                    nodes.equal(nodes.column(n, "l"), nodes.column(n, "w"))
                    for n in ("p", "column_name")
                ]
            ),
        )
        with_cte(query, "__cdmq_members", self.members.ranked())
        with_cte(query, "__cdmq_winners", self._winners())
        with_cte(query, "__cdmq_rivals", self._rivals())
        return query

    def _winners(self) -> exp.Select:
        """A row a party: its values, its records in each order, and the places of the winners."""
        units = self.units
        shown: list[exp.Expr] = [nodes.column("p")]
        for i in range(len(units.orders)):
            by = exp.Order(this=nodes.column(f"a{i}"), expressions=[ordered(nodes.column(f"n{i}"))])
            shown.append(nodes.alias(nodes.call("array_agg", by), f"o{i}"))
        for i, unit in enumerate(self.plan.units):
            place = nodes.column(f"n{units.of(unit)}")
            values: dict[str, exp.Expr] = {f"u{i}": place}
            if before := units.before(unit):
                values[f"y{i}"] = alike(before)
            values |= {f"w{units.cells.place[c]}": units.cells.cell(c) for c in unit.columns}
            for name, value in values.items():
                found = first(value, units.order(unit), units.present(unit), self.dialect)
                if value is place and not before:
                    found = exp.Filter(
                        this=nodes.call("min", place),
                        expression=exp.Where(this=units.present(unit)),
                    )
                shown.append(nodes.alias(found, name))
        return nodes.group_by(nodes.select(shown, named("__cdmq_members")), [nodes.column("p")])

    def _told(self, i: int, unit: Unit) -> exp.Expr:
        """What separates a unit's winner from others, with its key."""
        at = exp.Bracket(
            this=nodes.column(f"o{self.units.of(unit)}"),
            expressions=[nodes.column(f"u{i}")],
            offset=1,
        )
        return nodes.concat([nodes.column(f"y{i}"), at]) if self.units.before(unit) else at

    def _rivals(self) -> exp.Select:
        """Records that hold another value than the winner, in any column."""
        shown = [
            exp.Column(this=exp.Star(), table=nodes.name("m")),
            *(nodes.column(e.alias, "w") for e in self._winners().expressions[1:]),
        ]
        query = nodes.select(
            shown,
            named("__cdmq_members", "m"),
            nodes.any_of([self._differs(c, "m", "w") for _, _, c in self.of]),
        )
        query.append(
            "joins",
            exp.Join(
                this=named("__cdmq_winners", "w"),
                on=nodes.equal(nodes.column("p", "w"), nodes.column("p", "m")),
            ),
        )
        return query

    def _differs(self, column: str, mine: str | None = None, its: str | None = None) -> exp.Expr:
        """NULL is no value: then nothing differs."""
        name = self.units.cells.place[column]
        return exp.NEQ(
            this=self.units.cells.compared(column, nodes.column(name, mine)),
            expression=self.units.cells.compared(column, nodes.column(f"w{name}", its)),
        )

    def _won(self) -> exp.Query:
        """Each golden cell with the record that it comes from."""
        parts = []
        for i, unit, column in self.of:
            value = self._text(column, f"w{self.units.cells.place[column]}")
            how = self.pii.get(column, "plain")
            digest = nodes.cast(nodes.null(), "text") if how == "plain" else keyed(value.copy())
            key = self.units.trace(unit).key(self._told(i, unit))
            parts.append(
                nodes.select(
                    [
                        nodes.column("p"),
                        nodes.alias(nodes.text(column), "column_name"),
                        nodes.alias(stored(value, how), "value"),
                        nodes.alias(digest, "digest"),
                        nodes.alias(key, "winner"),
                    ],
                    named("__cdmq_winners"),
                    nodes.present(nodes.column(f"w{self.units.cells.place[column]}")),
                )
            )
        return nodes.union_all(parts)

    def _lost(self) -> exp.Query:
        """Each other value of a cell, once, with the first record by key that holds it."""
        parts = []
        key = nodes.by_code_point(nodes.column("k"), self.dialect)
        least = nodes.as_usual(nodes.call("min", key), self.dialect)
        for i, unit, column in self.of:
            other: exp.Expr = nodes.column(f"a{self.units.of(unit)}")
            if before := self.units.before(unit):
                other = nodes.concat([alike(before), other])
            step = self.units.trace(unit).depth(self._told(i, unit), other)
            how = self.pii.get(column, "plain")
            value = self._text(column, self.units.cells.place[column])
            shown = exp.Coalesce(this=stored(value.copy(), how), expressions=[nodes.text("***")])
            parts.append(
                nodes.group_by(
                    nodes.select(
                        [
                            nodes.column("p"),
                            nodes.alias(nodes.text(column), "column_name"),
                            nodes.alias(least.copy(), "k"),
                            nodes.alias(value, "v"),
                            nodes.alias(shown, "shown"),
                            nodes.alias(nodes.call("max", step), "depth"),
                        ],
                        named("__cdmq_rivals"),
                        self._differs(column),
                    ),
                    [nodes.column("p"), value.copy()],
                )
            )
        return nodes.union_all(parts)

    def _listed(self) -> exp.Expr:
        one = nodes.concat([nodes.column("k"), nodes.text(": "), nodes.column("shown")])
        by = exp.Order(
            this=one,
            expressions=[ordered(nodes.by_code_point(nodes.paren(one.copy()), self.dialect))],
        )
        return exp.GroupConcat(this=by, separator=nodes.text("; "))

    def _text(self, column: str, name: str) -> exp.Expr:
        return text_of(nodes.column(name), self.plan.columns[column])


def _because() -> exp.Expr:
    number = exp.Mod(this=nodes.column("depth", "l"), expression=nodes.number(100))
    words = [(nodes.equal(number, nodes.number(i)), nodes.text(w)) for i, w in enumerate(DECIDING)]
    return nodes.cases([(nodes.is_null(nodes.column("depth", "l")), nodes.text(ONLY)), *words])
