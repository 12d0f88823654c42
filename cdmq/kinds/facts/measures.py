"""The measures of a tiering rule: from the totals of the facts to figures, a row a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from cdmq.kinds.facts.fact_rows import now
from cdmq.kinds.facts.facts import Totals
from cdmq.kinds.facts.figures import OF_SOME, Figure
from cdmq.kinds.facts.links import Link
from cdmq.kinds.facts.numbers import (
    DECIMAL,
    WHOLE,
    a_day_before,
    before,
    by_calendar,
    complete,
    elapsed,
    how_many,
    months_apart,
    quotient,
    rounded,
    seconds,
)
from cdmq.kinds.words import Period
from cdmq.sql import nodes
from cdmq.sql.types import NUMBERS


@dataclass(frozen=True)
class Measuring:
    """Builds the query in layers. `totals` gives the facts of each dataset, by its name."""

    figures: Sequence[Figure]
    links: Mapping[str, Link]
    totals: Mapping[str, Totals]
    dialect: str

    def over(self, judged: exp.Select) -> exp.Select:
        """The figures of everyone in `judged`, a query with the column `key`.

        Columns: `key`; `first`, the first fact of any dataset that is measured, NULL without one;
        `uncounted`, how many facts they are made without, NULL for none;
        `m0`, `m1`, ...: the figures in the order of the rule.
        """
        query = self._joined(judged)
        timed = [f for f in self.figures if f.spec.per or f.spec.since]
        by_months = [f for f in timed if by_calendar(self._unit(f)) and not f.spec.over]
        query = self._more(query, {f"o{f.place}": self._seen_from(f) for f in timed})
        query = self._more(query, {f"r{f.place}": self._counted(f) for f in by_months})
        query = self._more(query, {f"n{f.place}": self._complete(f) for f in by_months})
        query = self._more(query, {f"v{f.place}": self._per_time(f) for f in timed})
        shown: list[exp.Expr] = [
            _same("key"),
            nodes.alias(self._first_of_all(), "first"),
            nodes.alias(self._uncounted(), "uncounted"),
        ]
        shown += [nodes.alias(self._figure(f), f"m{f.place}") for f in self.figures]
        return nodes.select(shown, nodes.beneath(query, "l", self.dialect))

    def _joined(self, judged: exp.Select) -> exp.Select:
        """Everyone with the totals of every dataset; `first0`, `first1`, ...: by dataset."""
        query = nodes.select(
            [nodes.alias(nodes.column("key", "p"), "key")], nodes.beneath(judged, "p", self.dialect)
        )
        for number, totals in enumerate(self.totals.values()):
            alias, grouped = f"g{number}", totals.query()
            for column in grouped.expressions[1:]:
                both = column.alias in ("first", "seen", "lost")
                name = f"{column.alias}{number}" if both else column.alias
                query.append("expressions", nodes.alias(nodes.column(column.alias, alias), name))
            own: exp.Expr = nodes.column("key", "p")
            if totals.link.through is None:
                own = totals.link.compared(own, self.dialect)
            joined = {alias: grouped}
            for figure, top in totals.tops().items():
                joined[f"t{figure.place}"] = top
                value = nodes.column("s", f"t{figure.place}")
                query.append("expressions", nodes.alias(value, f"s{figure.place}"))
            for name, of_all in joined.items():
                same = nodes.equal(nodes.column("key", name), own.copy())
                nodes.left_join(query, nodes.subquery(of_all, name), same)
        return query

    def _more(self, below: exp.Select, more: Mapping[str, exp.Expr]) -> exp.Select:
        """A layer with more columns, if there are any."""
        if not more:
            return below
        shown = [_same(column.alias) for column in below.expressions]
        shown += [nodes.alias(node, name) for name, node in more.items()]
        return nodes.select(shown, nodes.beneath(below, "l", self.dialect))

    def _unit(self, f: Figure) -> Period:
        return f.spec.per or "year"

    def _now(self, f: Figure) -> exp.Expr:
        return now(self.links[f.spec.dataset])

    def _first(self, f: Figure) -> exp.Expr:
        return nodes.column(f"first{list(self.totals).index(f.spec.dataset)}", "l")

    def _none(self, f: Figure) -> exp.Expr:
        """Whether somebody has no fact; of some figures, none that counts."""
        if f.way in OF_SOME:
            return nodes.is_null(nodes.column(f"s{f.place}", "l"))
        seen = nodes.column(f"seen{list(self.totals).index(f.spec.dataset)}", "l")
        return nodes.equal(exp.Coalesce(this=seen, expressions=[nodes.number(0)]), nodes.number(0))

    def _first_of_all(self) -> exp.Expr:
        firsts = [nodes.column(f"first{i}", "l") for i in range(len(self.totals))]
        return firsts[0] if len(firsts) == 1 else nodes.call("least", *firsts)

    def _uncounted(self) -> exp.Expr:
        lost: exp.Expr = nodes.number(0)
        for i in range(len(self.totals)):
            lost = exp.Add(
                this=lost,
                expression=exp.Coalesce(
                    this=nodes.column(f"lost{i}", "l"), expressions=[nodes.number(0)]
                ),
            )
        return nodes.cast(nodes.call("nullif", lost, nodes.number(0)), "integer")

    # time -------------------------------------------------------------------------------------

    def _seen_from(self, f: Figure) -> exp.Expr:
        """From when on a figure counts time. Who was first seen today was observed for a day."""
        if f.spec.since is not None:
            return nodes.column(f"s{f.place}", "l")
        start = nodes.call("least", self._first(f), a_day_before(self._now(f)))
        if f.spec.over is not None:
            start = nodes.call("greatest", start, before(self._now(f), f.spec.over))
        return nodes.when(nodes.present(self._first(f)), start)

    def _counted(self, f: Figure) -> exp.Expr:
        return months_apart(nodes.column(f"o{f.place}", "l"), self._now(f), self._unit(f))

    def _complete(self, f: Figure) -> exp.Expr:
        return complete(
            nodes.column(f"o{f.place}", "l"),
            self._now(f),
            nodes.column(f"r{f.place}", "l"),
            self._unit(f),
        )

    def _per_time(self, f: Figure) -> exp.Expr:
        """The years since a fact, or the total over the time observed; a double."""
        start = nodes.column(f"o{f.place}", "l")
        if f.spec.over is not None:
            time = self._part_of_window(f, start)
        else:
            time = elapsed(start, self._now(f), nodes.column(f"n{f.place}", "l"), self._unit(f))
        if f.spec.since is not None:
            return time
        total = exp.Coalesce(this=nodes.column(f"s{f.place}", "l"), expressions=[nodes.number(0)])
        return quotient(nodes.cast(total, "double"), time)

    def _part_of_window(self, f: Figure, start: exp.Expr) -> exp.Expr:
        """The observed part of the window in periods: exactly 2 of 24 months by the year."""
        assert f.spec.over is not None
        window = exp.Sub(
            this=seconds(self._now(f)), expression=seconds(before(self._now(f), f.spec.over))
        )
        seen = exp.Sub(this=seconds(self._now(f)), expression=seconds(start))
        periods = nodes.cast(nodes.number(repr(how_many(f.spec.over, self._unit(f)))), "double")
        return exp.Mul(this=periods, expression=nodes.paren(quotient(seen, window)))

    # the figure -------------------------------------------------------------------------------

    def _figure(self, f: Figure) -> exp.Expr:
        """`if_none` without a fact; missing where an amount cannot be reckoned with."""
        total: exp.Expr = nodes.column(f"s{f.place}", "l")
        if f.type not in NUMBERS:
            return total
        absent = nodes.null() if f.spec.if_none is None else nodes.number(f"{f.spec.if_none:f}")
        type_ = DECIMAL if f.type == "decimal" else WHOLE
        branches: list[tuple[exp.Expr, exp.Expr]] = []
        if f.numeric:
            lost = exp.GT(this=nodes.column(f"b{f.place}", "l"), expression=nodes.number(0))
            branches.append((lost, nodes.cast(nodes.null(), type_)))
        branches.append((self._none(f), nodes.cast(absent, type_)))
        if f.way == "sum":
            total = exp.Coalesce(this=total, expressions=[nodes.number(0)])
        if f.way == "avg":
            parts = (nodes.cast(nodes.column(f"{m}{f.place}", "l"), "double") for m in "sn")
            return nodes.cases(branches, rounded(quotient(*parts), self.dialect))
        if f.spec.per or f.spec.since:
            return nodes.cases(branches, rounded(nodes.column(f"v{f.place}", "l"), self.dialect))
        return nodes.cases(branches, nodes.cast(total, type_))


def _same(name: str) -> exp.Expr:
    return nodes.alias(nodes.column(name, "l"), name)
