"""From facts to a row for each customer and whole period: what was bought in it, and the gaps between
the days of purchases."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.kinds.facts.facts import Totals
from cdmq.kinds.facts.numbers import DECIMAL, quotient
from cdmq.kinds.trends.building import (
    Tables,
    join,
    minus,
    or_zero,
    pick,
    plus,
    positive,
    read,
    same,
    times,
    where,
    window,
)
from cdmq.kinds.trends.gaps import add_pooled
from cdmq.kinds.trends.periods import Periods, longest
from cdmq.kinds.trends.words import TrendRule
from cdmq.sql import nodes
from cdmq.sql.logical import logical

#: A figure of a period at or beyond this counts as this: no engine reckons with it safely.
_LIMIT = 10**17
#: Days beyond which no calendar of ours goes.
_NEVER = 4_000_000


@dataclass(frozen=True)
class Series:
    """Adds the tables `judged` (whose trends: `key`, and `who`, a number for it), `days` (a row a day
    with facts: `p`, the number of its period, `v`, `bought`, `gap` since the purchase before),
    `sums` (a row a period with facts), `firsts` (`f`: the period of the first purchase), `periods`
    (`t`), and `grid` (a row for each customer and period from then on)."""

    spec: TrendRule
    periods: Periods
    rows: Rows
    facts: Totals
    where: exp.Expr | None

    def add(self, to: Tables) -> None:
        to.add("judged", self._judged())
        to.add("facts", self._facts())
        to.add("dated", self._dated())
        to.add("days", self._days())
        to.add("sums", self._sums())
        to.add("firsts", self._firsts())
        to.add("periods", self._periods(), ["t"])
        add_pooled(to)
        to.add("spans", self._spans())
        to.add("grid", self._grid())

    def _judged(self) -> exp.Select:
        """Everyone under the rule's own `where`, with a number: it is compared more quickly."""
        key = self.rows.key()
        wanted = nodes.all_of([self.where, nodes.present(nodes.paren(key.copy()))])
        query = nodes.select([nodes.alias(key, "key")], logical(self.rows.relation), wanted)
        number = exp.Window(
            this=nodes.call("row_number"),
            order=exp.Order(expressions=[exp.Ordered(this=nodes.column("key", "k"))]),
        )
        return nodes.select(pick("k", "key", who=number), nodes.subquery(query.distinct(), "k"))

    def _facts(self) -> exp.Select:
        """What was bought on a day, by the keys that facts refer to; `lost`: facts not counted."""
        amount: exp.Expr = nodes.number(1)
        counts: exp.Expr = nodes.column("c0", "f")
        if self.spec.measure.sum is not None:
            amount = nodes.column("a0", "f")
            counts = nodes.every([counts, nodes.present(amount.copy())])
        bought = [counts]
        if self.spec.measure.sum is not None:
            bought.append(exp.GTE(this=amount.copy(), expression=nodes.number(0)))
        day = nodes.cast(nodes.column("at", "f"), "date")
        count = exp.Count(this=exp.Star())
        query = self.facts.of_parties(
            pick(
                "f",
                day=day,
                v=where(exp.Sum(this=nodes.cast(amount.copy(), DECIMAL)), counts.copy()),
                counted=where(count, counts.copy()),
                purchases=where(count.copy(), nodes.every(bought)),
                lost=where(count.copy(), self.facts.lost()),
            )
        )
        key = query.expressions[0].this.copy()
        return nodes.group_by(query, [key, day.copy()])

    def _dated(self) -> exp.Select:
        """The same by the keys of those who are judged, in whole periods."""
        own: exp.Expr = nodes.column("key", "j")
        if self.facts.link.through is None:
            own = self.facts.link.compared(own, self.rows.dialect)
        query = nodes.select(
            [
                *pick("j", "who"),
                *pick("x", "day", "v", p=self.periods.number_of(nodes.column("day", "x"))),
                nodes.alias(positive(nodes.column("purchases", "x")), "bought"),
            ],
            read("facts", "x"),
            nodes.every(
                [
                    positive(nodes.column("counted", "x")),
                    exp.LT(
                        this=nodes.column("day", "x"),
                        expression=self.periods.begins(self.periods.current()),
                    ),
                ]
            ),
        )
        return join(query, read("judged", "j"), nodes.equal(own, nodes.column("key", "x")))

    def _days(self) -> exp.Select:
        bought, day = nodes.column("bought", "d"), nodes.column("day", "d")
        before = window(exp.Max(this=nodes.when(bought, day)), "d", ["who"], "day", (None, 1))
        gap = nodes.when(bought.copy(), minus(day.copy(), before))
        shown = pick("d", "who", "day", "p", "v", "bought", gap=nodes.cast(gap, "bigint"))
        return nodes.select(shown, read("dated", "d"))

    def _sums(self) -> exp.Select:
        """`n`: the days of purchases, `short`: the gaps before them that are no longer than a
        period."""
        bought, gap = nodes.column("bought", "d"), nodes.column("gap", "d")
        count = exp.Count(this=exp.Star())
        short = exp.LTE(this=gap, expression=nodes.number(longest(self.spec.per)))
        total = exp.Sum(this=nodes.column("v", "d"))
        query = nodes.select(
            pick(
                "d",
                "who",
                "p",
                v=total,
                n=where(count, bought),
                last=where(exp.Max(this=nodes.column("day", "d")), bought.copy()),
                short=where(count.copy(), short),
                longest=exp.Max(this=gap.copy()),
            ),
            read("days", "d"),
        )
        return nodes.group_by(query, [nodes.column("who", "d"), nodes.column("p", "d")])

    def _firsts(self) -> exp.Select:
        p = nodes.column("p", "s")
        query = nodes.select(
            pick(
                "s",
                "who",
                f=exp.Min(this=p),
                latest=exp.Max(this=p.copy()),
                last=exp.Max(this=nodes.column("last", "s")),
                n=exp.Sum(this=nodes.column("n", "s")),
                longest=exp.Max(this=nodes.column("longest", "s")),
            ),
            read("sums", "s"),
            positive(nodes.column("n", "s")),
        )
        return nodes.group_by(query, [nodes.column("who", "s")])

    def _periods(self) -> exp.Query:
        begin = nodes.select([exp.Min(this=nodes.column("f", "x"))], read("firsts", "x"))
        begin.set("having", exp.Having(this=positive(exp.Count(this=exp.Star()))))
        last = plus(nodes.paren(self.periods.current()), -1)
        more = nodes.select(
            [plus(nodes.column("t", "x"), 1)],
            read("periods", "x"),
            exp.LT(this=nodes.column("t", "x"), expression=last),
        )
        return exp.Union(this=begin, expression=more, distinct=False)

    def _spans(self) -> exp.Select:
        """`f`, and `until`: the period in which whoever bought no more has been dormant for sure.
        After it nothing happens: whatever is usual, nobody is silent for so long."""
        few = exp.LT(this=nodes.column("n", "x"), expression=nodes.number(3))
        twice = nodes.when(few, nodes.column("twice", "w"), times(nodes.column("longest", "x"), 2))
        share = quotient(
            nodes.cast(times(twice, int(self.spec.gap * 100)), "double"), nodes.number(100)
        )
        days = nodes.call("least", plus(exp.Floor(this=share), 1), nodes.number(_NEVER))
        silent = plus(nodes.column("last", "x"), nodes.cast(days, "integer"))
        by_figures = self.spec.known + (self.spec.year or 0)
        until = nodes.call(
            "greatest",
            plus(nodes.column("latest", "x"), by_figures),
            plus(self.periods.number_of(nodes.cast(silent, "date")), 1),
        )
        query = nodes.select(pick("x", "who", "f", until=until), read("firsts", "x"))
        query.append("joins", exp.Join(this=read("widest", "w"), kind="CROSS"))
        return query

    def _grid(self) -> exp.Select:
        value = or_zero(nodes.column("v", "s"))
        limit = nodes.cast(nodes.number(_LIMIT), DECIMAL)
        value = nodes.call("least", value, limit)
        value = nodes.call("greatest", value, exp.Neg(this=limit.copy()))
        query = nodes.select(
            [
                *pick("x", "who", "f"),
                *pick("t", "t"),
                nodes.alias(nodes.cast(value, DECIMAL), "v"),
                *(
                    nodes.alias(nodes.cast(or_zero(nodes.column(c, "s")), "bigint"), c)
                    for c in ("n", "short")
                ),
                nodes.alias(nodes.column("last", "s"), "last"),
            ],
            read("spans", "x"),
        )
        on = exp.Between(
            this=nodes.column("t", "t"),
            low=nodes.column("f", "x"),
            high=nodes.column("until", "x"),
        )
        join(query, read("periods", "t"), on)
        found = nodes.equal(nodes.column("p", "s"), nodes.column("t", "t"))
        return join(query, read("sums", "s"), *same("s", "x", "who"), found, left=True)
