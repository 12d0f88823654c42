"""The steps, over all whole periods: from the grid of figures to the step that each customer is on.

Between two purchases somebody becomes dormant at most once, and is so until the second. So from
where on somebody is known anew is a chain from purchase to purchase (`chain`); within it the steps
are windows over the periods.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from cdmq.kinds.trends.building import (
    Tables,
    join,
    pick,
    plus,
    read,
    same,
    surely,
    window,
)
from cdmq.kinds.trends.words import ACTIVE, BACK, DORMANT, FALLING, NEW, TrendRule
from cdmq.sql import nodes


@dataclass(frozen=True)
class Machine:
    """Adds tables over `told`, the last of them `begun`: a row for each time in which somebody
    came to a step: `who`, `t` (the period that made it so), `step` and the figures of then."""

    spec: TrendRule

    def add(self, to: Tables) -> None:
        to.add("returns", self._returns())
        to.add("leads", self._leads())
        to.add("chain", self._chain(), ["who", "s"])
        to.add("known", self._known())
        to.add("silent", self._silent())
        to.add("fallen", self._fallen())
        to.add("stepped", self._stepped())
        to.add("begun", self._begun())

    # from where on somebody is known ----------------------------------------------------------

    def _returns(self) -> exp.Select:
        """Purchases after which somebody may be back: `s` is their period, `z` the last one before
        it in which nothing was bought for long."""
        t = nodes.column("t", "m")
        first = plus(nodes.column("f", "m"), self.spec.known - 1)
        query = nodes.select(
            pick("m", "who", s=nodes.column("next", "m"), z=exp.Max(this=t)),
            read("told", "m"),
            nodes.every(
                [
                    nodes.column("gone", "m"),
                    nodes.present(nodes.column("next", "m")),
                    exp.GTE(this=t.copy(), expression=first),
                ]
            ),
        )
        return nodes.group_by(query, [nodes.column("who", "m"), nodes.column("next", "m")])

    def _leads(self) -> exp.Select:
        """Who is known from `s` on, is so until the purchase after the first time in which they
        were dormant."""
        starts = nodes.union_all(
            [
                nodes.select(pick("x", "who", s=nodes.column("f", "x")), read("firsts", "x")),
                nodes.select(pick("r", "who", "s"), read("returns", "r")),
            ]
        )
        query = nodes.select(
            [*pick("a", "who", "s"), nodes.alias(exp.Min(this=nodes.column("s", "r")), "after")],
            nodes.subquery(starts, "a"),
        )
        enough = exp.GTE(
            this=nodes.column("z", "r"),
            expression=plus(nodes.column("s", "a"), self.spec.known - 1),
        )
        join(query, read("returns", "r"), *same("r", "a", "who"), enough)
        return nodes.group_by(query, [nodes.column("who", "a"), nodes.column("s", "a")])

    def _chain(self) -> exp.Query:
        first = nodes.select(pick("x", "who", s=nodes.column("f", "x")), read("firsts", "x"))
        more = nodes.select(pick("l", "who", s=nodes.column("after", "l")), read("chain", "c"))
        join(more, read("leads", "l"), *same("l", "c", "who", "s"))
        return exp.Union(this=first, expression=more, distinct=False)

    def _known(self) -> exp.Select:
        """With `begin`: the purchase since which somebody is known."""
        begin = window(exp.Max(this=nodes.column("s", "c")), "m", ["who"], "t")
        query = nodes.select(
            pick("m", "who", "f", "t", "at", "gone", *self._marks, begin=begin),
            read("told", "m"),
        )
        here = nodes.equal(nodes.column("s", "c"), nodes.column("t", "m"))
        return join(query, read("chain", "c"), *same("c", "m", "who"), here, left=True)

    @property
    def _marks(self) -> tuple[str, ...]:
        plain = ("down", "low")
        return plain if self.spec.year is None else (*plain, "season_down", "season_low")

    def _mark(self, name: str) -> exp.Expr:
        """As it is known: against the year before where that is known too."""
        plain = nodes.column(name, "m")
        if self.spec.year is None:
            return plain
        return nodes.when(self._aged(), nodes.column(f"season_{name}", "m"), plain)

    def _aged(self) -> exp.Expr:
        """Whether a year more is known."""
        assert self.spec.year is not None
        return exp.GTE(
            this=nodes.column("t", "m"),
            expression=plus(nodes.column("begin", "m"), self.spec.known + self.spec.year - 1),
        )

    # the steps --------------------------------------------------------------------------------

    def _silent(self) -> exp.Select:
        """`full`: known for long enough to be judged; `quiet`: dormant."""
        t, begin = nodes.column("t", "m"), nodes.column("begin", "m")
        full = exp.GTE(this=t, expression=plus(begin, self.spec.known - 1))
        gone = nodes.when(nodes.every([nodes.column("gone", "m"), full.copy()]), t.copy())
        last = window(exp.Max(this=gone), "m", ["who"], "t")
        quiet = exp.GTE(this=last, expression=nodes.column("at", "m"))
        return nodes.select(
            pick(
                "m", "who", "f", "t", "begin",
                down=self._mark("down"), low=self._mark("low"), full=full, quiet=surely(quiet),
            ),
            read("known", "m"),
        )  # fmt: skip

    def _fallen(self) -> exp.Select:
        """`fell`: the last period in which somebody fell, `rose`: in which they had recovered."""
        judged = nodes.every([nodes.column("full", "m"), exp.Not(this=nodes.column("quiet", "m"))])
        t = nodes.column("t", "m")
        fell = nodes.when(nodes.every([judged, nodes.column("down", "m")]), t)
        low = nodes.every([judged.copy(), nodes.column("low", "m")])
        rose = nodes.when(exp.Not(this=nodes.paren(low)), t.copy())
        return nodes.select(
            pick(
                "m", "who", "f", "t", "begin", "full", "quiet",
                fell=window(exp.Max(this=fell), "m", ["who"], "t"),
                rose=window(exp.Max(this=rose), "m", ["who"], "t"),
            ),
            read("silent", "m"),
        )  # fmt: skip

    def _stepped(self) -> exp.Select:
        fell, rose = nodes.column("fell", "m"), nodes.column("rose", "m")
        falls = nodes.every(
            [
                nodes.present(fell),
                nodes.any_of(
                    [nodes.is_null(rose), exp.GT(this=fell.copy(), expression=rose.copy())]
                ),
            ]
        )
        first = nodes.equal(nodes.column("begin", "m"), nodes.column("f", "m"))
        young = exp.Not(this=nodes.column("full", "m"))
        step = nodes.cases(
            [
                (nodes.every([young, first]), nodes.text(NEW)),
                (young.copy(), nodes.text(BACK)),
                (nodes.column("quiet", "m"), nodes.text(DORMANT)),
                (falls, nodes.text(FALLING)),
            ],
            nodes.text(ACTIVE),
        )
        return nodes.select(pick("m", "who", "t", "begin", "full", step=step), read("fallen", "m"))

    def _begun(self) -> exp.Select:
        """The last period of each in which the step became another one."""
        before = exp.Window(
            this=nodes.call("lag", nodes.column("step", "m")),
            partition_by=[nodes.column("who", "m")],
            order=exp.Order(expressions=[exp.Ordered(this=nodes.column("t", "m"))]),
        )
        marked = nodes.select(
            pick("m", "who", "t", "begin", "full", "step", before=before),
            read("stepped", "m"),
        )
        changed = nodes.any_of(
            [
                nodes.is_null(nodes.column("before", "m")),
                exp.NEQ(this=nodes.column("before", "m"), expression=nodes.column("step", "m")),
            ]
        )
        last = exp.Window(
            this=nodes.call("row_number"),
            partition_by=[nodes.column("who", "m")],
            order=exp.Order(expressions=[exp.Ordered(this=nodes.column("t", "m"), desc=True)]),
        )
        named = nodes.select(
            pick("m", "who", "t", "begin", "full", "step", place=last),
            nodes.subquery(marked, "m"),
            changed,
        )
        newest = nodes.equal(nodes.column("place", "m"), nodes.number(1))
        shown = pick("m", "who", "t", "full", "step")
        query = nodes.select([*shown, *self._figures()], nodes.subquery(named, "m"), newest)
        return join(query, read("gapped", "g"), *same("g", "m", "who", "t"))

    def _figures(self) -> list[exp.Expr]:
        """Those of the period, and whether the year before says what is usual."""
        usual: exp.Expr = nodes.column("usual_sum", "g")
        by_year: exp.Expr = exp.false()
        if self.spec.year is not None:
            of_year = nodes.column("season_sum", "g")
            by_year = nodes.every([self._aged(), nodes.present(of_year)])
            usual = nodes.when(by_year.copy(), of_year.copy(), usual)
        names = (
            "present_sum",
            "all_sum",
            "all_days",
            "twice",
            "since_days",
            "by_gaps",
            "last_day",
        )
        return pick("g", *names, usual_sum=usual, by_year=by_year)
