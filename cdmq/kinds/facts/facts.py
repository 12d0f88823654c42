"""The facts of a rule: from rows of orders and the like to one row of totals a customer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from cdmq.kinds.facts.fact_rows import FactRows, surely
from cdmq.kinds.facts.figures import Figure
from cdmq.kinds.facts.links import Link
from cdmq.sql import nodes
from cdmq.sql.logical import logical


@dataclass(frozen=True)
class Totals:
    """One pass over the facts of a dataset; `where` and `unread` are those of FactRows."""

    link: Link
    figures: Sequence[Figure]
    where: Callable[[Figure], exp.Expr | None]
    unread: Callable[[Figure], exp.Expr | None]
    dialect: str

    def rows(self) -> exp.Select:
        """The facts as FactRows tells them."""
        return FactRows(self.link, self.figures, self.where, self.unread, self.dialect).query()

    def query(self) -> exp.Select:
        """A row a customer: `key`, `first` (its first fact of any kind), `seen` (how many there
        are), `lost` (how many facts no figure could count) and, for each figure but those of
        `tops`, `s`: the sum, count, value or moment, for numbers `b`: how many cannot be reckoned
        with, and for means `n`: of how many."""
        count = exp.Count(this=exp.Star())
        shown: list[exp.Expr] = [
            nodes.alias(exp.Min(this=nodes.column("at", "f")), "first"),
            nodes.alias(_filter(count, nodes.column("there", "f")), "seen"),
            nodes.alias(_filter(count.copy(), self.lost()), "lost"),
        ]
        for figure in self.figures:
            shown += self._totals(figure)
        query = self.of_parties(shown)
        return nodes.group_by(query, [query.expressions[0].this.copy()])

    def tops(self) -> dict[Figure, exp.Select]:
        """For each figure that is a most frequent value: a row a customer with `key` and `s`."""
        return {f: self._top(f) for f in self.figures if f.way == "top"}

    def of_parties(self, shown: Sequence[exp.Expr]) -> exp.Select:
        """The facts under the name `f`, a row each: `key`, whose it is, and what is `shown`."""
        key, through = nodes.column("key", "f"), self.link.through
        if through is not None:
            key = nodes.column("party_id", "x")
        query = nodes.select([nodes.alias(key, "key"), *shown], nodes.subquery(self.rows(), "f"))
        if through is not None:
            xref = logical(f"xref:{through}")
            xref.set("alias", exp.TableAlias(this=nodes.name("x")))
            query.append(
                "joins",
                exp.Join(
                    this=xref,
                    on=nodes.equal(
                        self.link.compared(nodes.column("key", "x"), self.dialect),
                        nodes.column("key", "f"),
                    ),
                ),
            )
        return query

    def account(self, customers: exp.Select) -> exp.Select:
        """One row: how many facts a measure asks for, and how many no figure could count, by why:
        without a date, with a cell that `where` can't read, with a status that nobody names,
        without an amount, without a rate, of no known customer. `customers`: their keys."""
        known = nodes.present(nodes.column("key", "k"))
        why = [
            nodes.column("undated", "f"),
            self._unread(),
            self._unnamed(),
            self.unsaid(),
            self._unrated(),
            exp.Not(this=known),
        ]
        shown: list[exp.Expr] = [nodes.text(self.link.facts), exp.Count(this=exp.Star())]
        for i, reason in enumerate(why):
            before = [exp.Not(this=nodes.paren(surely(w))) for w in why[:i] if w is not None]
            shown.append(
                nodes.number(0)
                if reason is None
                else _filter(exp.Count(this=exp.Star()), nodes.every([*before, surely(reason)]))
            )
        query = nodes.select(shown, nodes.subquery(self.rows(), "f"), nodes.column("asked", "f"))
        keys = nodes.select([nodes.column("key")], nodes.subquery(customers, "c")).distinct()
        nodes.left_join(
            query,
            nodes.subquery(keys, "k"),
            nodes.equal(nodes.column("key", "k"), nodes.column("key", "f")),
        )
        return query

    def lost(self) -> exp.Expr:
        """Whether a fact is asked for, and no figure could count it."""
        found = [
            nodes.every([nodes.column("undated", "f"), nodes.column("asked", "f")]),
            self._unread(),
            self._unnamed(),
            self.unsaid(),
            self._unrated(),
        ]
        return nodes.any_of([surely(n) for n in found if n is not None])

    def unsaid(self) -> exp.Expr | None:
        """Whether a fact has no amount, though one is asked for. A record that says none of itself
        has none."""
        asked = [
            nodes.every(
                [nodes.column(f"c{f.place}", "f"), nodes.is_null(nodes.column(f"r{f.place}", "f"))]
            )
            for f in self.figures
            if f.numeric and not self.link.own
        ]
        return nodes.any_of(asked) if asked else None

    def _unread(self) -> exp.Expr | None:
        """Whether a measure can't tell of a fact if it counts; None where each always can."""
        told = all(self.unread(f) is None for f in self.figures)
        return None if told else nodes.column("unread", "f")

    def _unnamed(self) -> exp.Expr | None:
        weighs = self.link.money is not None and self.link.money.counts_as is not None
        return nodes.column("unnamed", "f") if weighs else None

    def _unrated(self) -> exp.Expr | None:
        converted = any(f.converted and f.numeric for f in self.figures)
        return nodes.column("unrated", "f") if converted else None

    def _totals(self, f: Figure) -> list[exp.Expr]:
        counts, count = nodes.column(f"c{f.place}", "f"), exp.Count(this=exp.Star())

        def total(aggregate: exp.Expr, mark: str = "s", where: exp.Expr = counts) -> exp.Expr:
            return nodes.alias(_filter(aggregate, where), f"{mark}{f.place}")

        if f.way == "top":
            return []
        if f.spec.since is not None:
            aggregate = exp.Min if f.spec.since == "first" else exp.Max
            return [total(aggregate(this=nodes.column("at", "f")))]
        if f.way == "count":
            return [total(count)]
        if f.way == "distinct":
            values = exp.Distinct(expressions=[nodes.column(f"v{f.place}", "f")])
            return [total(exp.Count(this=values))]
        amount = nodes.column(f"a{f.place}", "f")
        found = {"min": exp.Min, "max": exp.Max}.get(f.way, exp.Sum)(this=amount.copy())
        if not f.numeric:
            return [total(found)]
        stands = nodes.present(nodes.column(f"r{f.place}", "f"))
        odd = nodes.every([counts, stands, nodes.is_null(amount.copy())])
        shown = [total(found), total(count, "b", odd)]
        if f.way == "avg":
            shown.append(total(exp.Count(this=amount.copy()), "n"))
        return shown

    def _top(self, f: Figure) -> exp.Select:
        """The value that stands in most of the facts that count."""
        value, counts = nodes.column(f"v{f.place}", "f"), nodes.column(f"c{f.place}", "f")
        query = self.of_parties(
            [
                nodes.alias(value, "s"),
                nodes.alias(exp.Count(this=exp.Star()), "n"),
                nodes.alias(exp.Max(this=nodes.column("at", "f")), "at"),
            ]
        )
        query = query.where(nodes.every([counts, nodes.present(value.copy())]), copy=False)
        query = nodes.group_by(query, [query.expressions[0].this.copy(), value.copy()])
        place = exp.Window(
            this=nodes.call("row_number"),
            partition_by=[nodes.column("key", "v")],
            order=exp.Order(
                expressions=[
                    exp.Ordered(this=nodes.column("n", "v"), desc=True),
                    exp.Ordered(this=nodes.column("at", "v"), desc=True),
                    exp.Ordered(this=nodes.by_code_point(nodes.column("s", "v"), self.dialect)),
                ]
            ),
        )
        ranked = nodes.select(
            [
                *(nodes.alias(nodes.column(c, "v"), c) for c in ("key", "s")),
                nodes.alias(place, "place"),
            ],
            nodes.subquery(query, "v"),
        )
        first = nodes.equal(nodes.column("place", "r"), nodes.number(1))
        shown: list[exp.Expr] = [nodes.alias(nodes.column(c, "r"), c) for c in ("key", "s")]
        return nodes.select(shown, nodes.subquery(ranked, "r"), first)


def _filter(aggregate: exp.Expr, condition: exp.Expr | None) -> exp.Expr:
    if condition is None:
        return aggregate
    return exp.Filter(this=aggregate, expression=exp.Where(this=condition.copy()))
