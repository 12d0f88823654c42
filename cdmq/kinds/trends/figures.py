"""The figures of each period by themselves: what is usual, what is present, and what that tells."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from cdmq.kinds.facts.numbers import DECIMAL, quotient, rounded
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
from cdmq.kinds.trends.gaps import add_own
from cdmq.kinds.trends.periods import Periods, longest
from cdmq.kinds.trends.words import TrendRule
from cdmq.sql import nodes

#: Shares are reckoned in so many parts.
_PARTS = 10_000


@dataclass(frozen=True)
class Figures:
    """Adds tables over `grid`: `moved` (the sums that move with time), `gapped` (with the usual
    gap), and `told`: of each period `gone` (nothing for long), `down` (so far that it is falling)
    and `low` (so far that who is falling still is)."""

    spec: TrendRule
    periods: Periods
    dialect: str

    def add(self, to: Tables) -> None:
        to.add("moved", self._moved())
        add_own(to)
        to.add("gapped", self._gapped())
        to.add("told", self._told())

    def _moved(self) -> exp.Select:
        """`at`: the period of the last purchase, `next`: of the one that follows."""
        over, known = self.spec.over, self.spec.known
        bought = nodes.when(positive(nodes.column("n", "g")), nodes.column("t", "g"))
        shown = pick(
            "g",
            "who",
            "f",
            "t",
            "n",
            present_sum=_total("v", (over - 1, 0)),
            usual_sum=_total("v", (known - 1, over)),
            all_sum=_total("v"),
            all_days=_total("n"),
            all_short=_total("short"),
            last_day=window(exp.Max(this=nodes.column("last", "g")), "g", ["who"], "t"),
            at=window(exp.Max(this=bought), "g", ["who"], "t"),
            next=window(exp.Min(this=bought.copy()), "g", ["who"], "t", ahead=True),
        )
        if (year := self.spec.year) is not None:
            shown += pick(
                "g",
                year_over=_total("v", (year + over - 1, year)),
                year_history=_total("v", (year + known - 1, year + over)),
                year_days=_total("n", (year + over - 1, year)),
            )
        return nodes.select(shown, read("grid", "g"))

    def _gapped(self) -> exp.Select:
        """With the usual gap, whether it is gaps that count, and the days since the last purchase
        at the end of the period."""
        few = exp.LT(this=nodes.column("all_days", "m"), expression=nodes.number(3))
        twice = nodes.when(few, nodes.column("twice", "p"), nodes.column("twice", "o"))
        end = self.periods.begins(plus(nodes.column("t", "m"), 1))
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
            "all_sum",
            "all_days",
            "last_day",
            twice=twice,
            by_gaps=surely(longer),
            since_days=nodes.cast(minus(end, nodes.column("last_day", "m")), "bigint"),
        )
        if self.spec.year is not None:
            shown += pick("m", "year_days", season_sum=self._season())
        query = nodes.select(shown, read("moved", "m"))
        at_purchase = nodes.equal(nodes.column("t", "o"), nodes.column("at", "m"))
        join(query, read("own", "o"), *same("o", "m", "who"), at_purchase, left=True)
        return join(query, read("pooled", "p"), *same("p", "m", "t"), left=True)

    def _season(self) -> exp.Expr:
        """What the same periods brought a year before, by the growth of the periods before them; as
        much as `history` is of it. NULL where a year before there is nothing to grow from."""
        over, then, now = (
            nodes.cast(nodes.column(n, "m"), "double")
            for n in ("year_over", "year_history", "usual_sum")
        )
        grown = quotient(exp.Mul(this=over, expression=now), then)
        mean = rounded(quotient(grown, nodes.number(self.spec.over)), self.dialect)
        none = nodes.cast(nodes.number(0), DECIMAL)
        usual = nodes.call("greatest", mean, none)
        return nodes.when(
            positive(nodes.column("year_history", "m")),
            nodes.cast(times(usual, self.spec.history), DECIMAL),
        )

    def _told(self) -> exp.Select:
        gaps = nodes.column("by_gaps", "m")
        plain = nodes.column("usual_sum", "m")
        shown = pick(
            "m",
            "who",
            "f",
            "t",
            "at",
            "next",
            gone=surely(nodes.when(gaps, self._silent_for(2), self._nothing())),
            down=surely(nodes.when(gaps.copy(), self._silent_for(1), self._down(1, plain))),
            low=surely(nodes.when(gaps.copy(), self._silent_for(1), self._down(2, plain))),
        )
        if self.spec.year is not None:
            season = exp.Coalesce(
                this=nodes.column("season_sum", "m"), expressions=[nodes.column("usual_sum", "m")]
            )
            for part, name in ((1, "season_down"), (2, "season_low")):
                silent, down = self._silent_for(1), self._down(part, season)
                shown += pick("m", **{name: surely(nodes.when(gaps.copy(), silent, down))})
        return nodes.select(shown, read("gapped", "m"))

    def _nothing(self) -> exp.Expr:
        """Whether nothing was bought for `over`. Where seasons count it must be more than was
        bought a year before, unless that is how long nothing was bought."""
        t, at = nodes.column("t", "m"), nodes.column("at", "m")
        nothing = exp.LTE(this=at, expression=plus(t, -self.spec.over))
        if (year := self.spec.year) is None:
            return nothing
        seen = exp.GTE(
            this=t.copy(), expression=plus(nodes.column("f", "m"), year + self.spec.over - 1)
        )
        usual = nodes.every(
            [
                seen,
                nodes.equal(nodes.column("year_days", "m"), nodes.number(0)),
                exp.GT(this=at.copy(), expression=plus(t.copy(), -year)),
            ]
        )
        return nodes.every([nothing, exp.Not(this=surely(usual))])

    def _silent_for(self, many: int) -> exp.Expr:
        """Whether nothing was bought for longer than so many times `gap` usual ones."""
        gap = int(self.spec.gap * 100) * many
        return exp.GT(
            this=times(nodes.column("since_days", "m"), 200),
            expression=times(nodes.column("twice", "m"), gap),
        )

    def _down(self, part: int, usual: exp.Expr) -> exp.Expr:
        """Whether the present figure is below the usual one by down_by, or by half of it (then not
        just so)."""
        parts = _PARTS * part
        left = parts - int(self.spec.alert.down_by * _PARTS)
        compared = exp.LTE if part == 1 else exp.LT
        below = compared(
            this=times(nodes.column("present_sum", "m"), self.spec.history * parts),
            expression=times(usual.copy(), self.spec.over * left),
        )
        return nodes.every([positive(usual.copy()), below])


def _total(name: str, rows: tuple[int | None, int] | None = None) -> exp.Expr:
    return window(exp.Sum(this=nodes.column(name, "g")), "g", ["who"], "t", rows)
