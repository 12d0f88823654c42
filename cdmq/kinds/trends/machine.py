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
    minus,
    pick,
    plus,
    positive,
    read,
    same,
    surely,
    times,
    window,
)
from cdmq.kinds.trends.gaps import add_gaps
from cdmq.kinds.trends.periods import begins, longest
from cdmq.kinds.trends.words import ACTIVE, BACK, DORMANT, FALLING, NEW, TrendRule
from cdmq.sql import nodes

#: Shares are reckoned in so many parts.
_PARTS = 10_000


@dataclass(frozen=True)
class Machine:
    """Adds tables over `grid`, the last of them `begun`: a row for each time in which somebody
    came to a step: `who`, `t` (the period that made it so), `step` and the figures of then."""

    spec: TrendRule

    @property
    def known(self) -> int:
        return self.spec.over + self.spec.history

    def add(self, to: Tables) -> None:
        to.add("moved", self._moved())
        add_gaps(to)
        to.add("gapped", self._gapped())
        to.add("told", self._told())
        to.add("returns", self._returns())
        to.add("leads", self._leads())
        to.add("chain", self._chain(), ["who", "s"])
        to.add("known", self._known())
        to.add("silent", self._silent())
        to.add("fallen", self._fallen())
        to.add("stepped", self._stepped())
        to.add("begun", self._begun())

    def _moved(self) -> exp.Select:
        """The sums that move with time. `at`: the period of the last purchase, `next`: of the one
        that follows."""
        over, history = self.spec.over, self.spec.history

        def total(name: str, rows: tuple[int | None, int] | None = None) -> exp.Expr:
            return window(exp.Sum(this=nodes.column(name, "g")), "g", ["who"], "t", rows)

        bought = nodes.when(positive(nodes.column("n", "g")), nodes.column("t", "g"))
        shown = pick(
            "g",
            "who",
            "f",
            "t",
            "n",
            present_sum=total("v", (over - 1, 0)),
            usual_sum=total("v", (over + history - 1, over)),
            all_days=total("n"),
            all_short=total("short"),
            last_day=window(exp.Max(this=nodes.column("last", "g")), "g", ["who"], "t"),
            at=window(exp.Max(this=bought), "g", ["who"], "t"),
            next=window(exp.Min(this=bought.copy()), "g", ["who"], "t", ahead=True),
        )
        return nodes.select(shown, read("grid", "g"))

    def _gapped(self) -> exp.Select:
        """With the usual gap, whether it is gaps that count, and the days since the last purchase
        at the end of the period."""
        few = exp.LT(this=nodes.column("all_days", "m"), expression=nodes.number(3))
        twice = nodes.when(few, nodes.column("twice", "p"), nodes.column("twice", "o"))
        end = begins(plus(nodes.column("t", "m"), 1), self.spec.per)
        longer = exp.GT(this=twice.copy(), expression=nodes.number(2 * longest(self.spec.per)))
        shown = pick(
            "m",
            "who",
            "f",
            "t",
            "at",
            "next",
            "usual_sum",
            "present_sum",
            "last_day",
            twice=twice,
            by_gaps=surely(longer),
            since_days=nodes.cast(minus(end, nodes.column("last_day", "m")), "bigint"),
        )
        query = nodes.select(shown, read("moved", "m"))
        at_purchase = nodes.equal(nodes.column("t", "o"), nodes.column("at", "m"))
        join(query, read("own", "o"), *same("o", "m", "who"), at_purchase, left=True)
        return join(query, read("pooled", "p"), *same("p", "m", "t"), left=True)

    def _told(self) -> exp.Select:
        """Of each period by itself: `gone` (nothing for long), `down` (so far that it is falling)
        and `low` (so far that who is falling still is)."""
        gaps = nodes.column("by_gaps", "m")
        nothing = exp.LTE(
            this=nodes.column("at", "m"), expression=plus(nodes.column("t", "m"), -self.spec.over)
        )
        shown = pick(
            "m",
            "who",
            "f",
            "t",
            "at",
            "next",
            gone=surely(nodes.when(gaps, self._silent_for(2), nothing)),
            down=surely(nodes.when(gaps.copy(), self._silent_for(1), self._down(1))),
            low=surely(nodes.when(gaps.copy(), self._silent_for(1), self._down(2))),
        )
        return nodes.select(shown, read("gapped", "m"))

    def _silent_for(self, many: int) -> exp.Expr:
        """Whether nothing was bought for longer than so many times `gap` usual ones."""
        gap = int(self.spec.gap * 100) * many
        return exp.GT(
            this=times(nodes.column("since_days", "m"), 200),
            expression=times(nodes.column("twice", "m"), gap),
        )

    def _down(self, part: int) -> exp.Expr:
        """Whether the present figure is below the usual one by down_by, or by half of it (then not
        just so)."""
        parts = _PARTS * part
        left = parts - int(self.spec.alert.down_by * _PARTS)
        usual = nodes.column("usual_sum", "m")
        compared = exp.LTE if part == 1 else exp.LT
        below = compared(
            this=times(nodes.column("present_sum", "m"), self.spec.history * parts),
            expression=times(usual, self.spec.over * left),
        )
        return nodes.every([positive(usual.copy()), below])

    # from where on somebody is known ----------------------------------------------------------

    def _returns(self) -> exp.Select:
        """Purchases after which somebody may be back: `s` is their period, `z` the last one before
        it in which nothing was bought for long."""
        t = nodes.column("t", "m")
        first = plus(nodes.column("f", "m"), self.known - 1)
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
            this=nodes.column("z", "r"), expression=plus(nodes.column("s", "a"), self.known - 1)
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
            pick("m", "who", "f", "t", "at", "gone", "down", "low", begin=begin),
            read("told", "m"),
        )
        here = nodes.equal(nodes.column("s", "c"), nodes.column("t", "m"))
        return join(query, read("chain", "c"), *same("c", "m", "who"), here, left=True)

    # the steps --------------------------------------------------------------------------------

    def _silent(self) -> exp.Select:
        """`full`: known for long enough to be judged; `quiet`: dormant."""
        t, begin = nodes.column("t", "m"), nodes.column("begin", "m")
        full = exp.GTE(this=t, expression=plus(begin, self.known - 1))
        gone = nodes.when(nodes.every([nodes.column("gone", "m"), full.copy()]), t.copy())
        last = window(exp.Max(this=gone), "m", ["who"], "t")
        quiet = exp.GTE(this=last, expression=nodes.column("at", "m"))
        return nodes.select(
            pick(
                "m", "who", "f", "t", "begin", "down", "low",
                full=full, quiet=surely(quiet),
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
        return nodes.select(pick("m", "who", "t", "full", step=step), read("fallen", "m"))

    def _begun(self) -> exp.Select:
        """The last period of each in which the step became another one."""
        before = exp.Window(
            this=nodes.call("lag", nodes.column("step", "m")),
            partition_by=[nodes.column("who", "m")],
            order=exp.Order(expressions=[exp.Ordered(this=nodes.column("t", "m"))]),
        )
        marked = nodes.select(
            pick("m", "who", "t", "full", "step", before=before),
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
            pick("m", "who", "t", "full", "step", place=last),
            nodes.subquery(marked, "m"),
            changed,
        )
        newest = nodes.equal(nodes.column("place", "m"), nodes.number(1))
        shown = pick("m", "who", "t", "full", "step")
        figures = ("usual_sum", "present_sum", "twice", "since_days", "by_gaps", "last_day")
        query = nodes.select([*shown, *pick("g", *figures)], nodes.subquery(named, "m"), newest)
        return join(query, read("gapped", "g"), *same("g", "m", "who", "t"))
