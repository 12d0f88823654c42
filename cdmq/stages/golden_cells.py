"""golden cells: where each cell of a golden record comes from, and what it won against."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from cdmq.audit.pii import hides_key, stored
from cdmq.kinds.golden import GoldenRule
from cdmq.sql import nodes
from cdmq.sql.text_form import text_of
from cdmq.sql.types import Type
from cdmq.stages.golden_layout import layout
from cdmq.stages.golden_members import Members, named, with_cte
from cdmq.stages.golden_order import DECIDING, ONLY, depth, first, ordered
from cdmq.stages.made import PARTY
from cdmq.steps import DatasetSteps
from cdmq.values import Dataset, Rule


def cells_query(
    rule: Rule, dataset: Dataset, columns: Mapping[str, Type], steps: DatasetSteps, dialect: str
) -> exp.Select:
    """One row a present golden cell: party_id, column_name, value, digest, winner, because, losers.

    `members` are the ranked records, `winners` a row a party: the values (`w0`, ...) and for each
    unit the key of the winning record behind what separates it from others (`u0`, ...).
    """
    assert isinstance(rule.spec, GoldenRule)
    plan = layout(rule, dataset, columns)
    members = Members(plan, steps, f"xref:{rule.spec.matched_by}", dialect)
    return _Cells(members, dialect).query()


class _Cells:
    def __init__(self, members: Members, dialect: str) -> None:
        self.members, self.plan, self.dialect = members, members.layout, dialect
        self.of = [(unit, f"u{i}", c) for i, unit in enumerate(self.plan.units)
                   for c in unit.columns]

    def query(self) -> exp.Select:
        losers = nodes.group_by(nodes.select([
            nodes.column("p"), nodes.column("column_name"),
            nodes.alias(nodes.call("max", nodes.column("depth")), "depth"),
            nodes.alias(self._listed(), "losers"),
        ], nodes.subquery(self._lost(), "l")), [nodes.column("p"), nodes.column("column_name")])
        shown = [nodes.alias(nodes.column("p", "w"), PARTY),
                 *(nodes.column(n, "w") for n in ("column_name", "value", "digest", "winner")),
                 nodes.alias(_because(), "because"), nodes.column("losers", "l")]
        query = nodes.select(shown, nodes.subquery(self._won(), "w"))
        nodes.left_join(query, nodes.subquery(losers, "l"), nodes.every([
            nodes.equal(nodes.column(n, "l"), nodes.column(n, "w"))
            for n in ("p", "column_name")]))
        for name, made in (("__cdmq_members", self.members.ranked()), ("__cdmq_winners", self._winners()),
                           ("__cdmq_rivals", self._rivals())):
            with_cte(query, name, made)
        return query

    def _winners(self) -> exp.Select:
        """A row a party: its values, and the records that they come from."""
        members = self.members
        shown: list[exp.Expr] = [nodes.column("p")]
        for i, unit in enumerate(self.plan.units):
            there, order = members.present(unit), members.order(unit)
            values = {f"u{i}": members.told(unit)}
            values |= {f"w{members.place[c]}": members.cell(c) for c in unit.columns}
            for name, value in values.items():
                copies = [o.copy() for o in order]
                shown.append(nodes.alias(first(value, copies, there.copy(), self.dialect), name))
        return nodes.group_by(nodes.select(shown, named("__cdmq_members")), [nodes.column("p")])

    def _rivals(self) -> exp.Select:
        """Records that hold another value than the winner, in any column."""
        members = self.members
        shown = [exp.Column(this=exp.Star(), table=nodes.name("m")),
                 *(nodes.column(f"u{i}", "w") for i in range(len(self.plan.units))),
                 *(nodes.column(f"w{members.place[c]}", "w") for _, _, c in self.of)]
        query = nodes.select(shown, named("__cdmq_members", "m"), nodes.any_of(
            [self._differs(c, "m", "w") for _, _, c in self.of]))
        query.append("joins", exp.Join(this=named("__cdmq_winners", "w"), on=nodes.equal(
            nodes.column("p", "w"), nodes.column("p", "m"))))
        return query

    def _differs(self, column: str, mine: str | None = None, its: str | None = None) -> exp.Expr:
        """NULL is no value: then nothing differs."""
        name = self.members.place[column]
        return exp.NEQ(
            this=self.members.compared(column, nodes.column(name, mine)),
            expression=self.members.compared(column, nodes.column(f"w{name}", its)))

    def _won(self) -> exp.Query:
        """Each golden cell with the record that it comes from."""
        parts = []
        for unit, told, column in self.of:
            value = self._text(column, f"w{self.members.place[column]}")
            how = self.plan.dataset.spec.pii.get(column, "plain")
            digest = nodes.cast(nodes.null(), "text") if how == "plain" else nodes.call(
                "md5", value.copy())
            key = self._key(nodes.call("substr", nodes.column(told),
                                       nodes.number(self.members.key_at(unit))))
            parts.append(nodes.select([
                nodes.column("p"), nodes.alias(nodes.text(column), "column_name"),
                nodes.alias(stored(value, how), "value"), nodes.alias(digest, "digest"),
                nodes.alias(key, "winner"),
            ], named("__cdmq_winners"),
                nodes.present(nodes.column(f"w{self.members.place[column]}"))))
        return nodes.union_all(parts)

    def _lost(self) -> exp.Query:
        """Each other value of a cell, once, with the first record by key that holds it."""
        parts = []
        key = nodes.by_code_point(nodes.column("k"), self.dialect)
        for unit, told, column in self.of:
            step = depth(self.members.terms(unit), nodes.column(told), self.members.told(unit))
            how = self.plan.dataset.spec.pii.get(column, "plain")
            value = self._text(column, self.members.place[column])
            shown = exp.Coalesce(this=stored(value.copy(), how), expressions=[nodes.text("***")])
            parts.append(nodes.group_by(nodes.select([
                nodes.column("p"), nodes.alias(nodes.text(column), "column_name"),
                nodes.alias(nodes.call("min", key.copy()), "k"), nodes.alias(value, "v"),
                nodes.alias(shown, "shown"),
                nodes.alias(nodes.call("max", step), "depth"),
            ], named("__cdmq_rivals"), self._differs(column)), [nodes.column("p"), value.copy()]))
        return nodes.union_all(parts)

    def _listed(self) -> exp.Expr:
        one = nodes.concat([self._key(nodes.column("k")), nodes.text(": "), nodes.column("shown")])
        by = exp.Order(this=one, expressions=[
            ordered(nodes.by_code_point(nodes.column(c), self.dialect)) for c in ("k", "v")])
        return exp.GroupConcat(this=by, separator=nodes.text("; "))

    def _key(self, key: exp.Expr) -> exp.Expr:
        return stored(key, "mask") if hides_key(self.plan.dataset.spec) else key

    def _text(self, column: str, name: str) -> exp.Expr:
        return text_of(nodes.column(name), self.plan.columns[column])


def _because() -> exp.Expr:
    number = exp.Mod(this=nodes.column("depth", "l"), expression=nodes.number(100))
    words = [(nodes.equal(number, nodes.number(i)), nodes.text(w)) for i, w in enumerate(DECIDING)]
    return nodes.cases([(nodes.is_null(nodes.column("depth", "l")), nodes.text(ONLY)), *words])
