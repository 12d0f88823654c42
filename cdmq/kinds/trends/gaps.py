"""The usual gap between purchases: each customer's own, and that of the dataset, at the end of each
period. `twice` is twice the median in days: a whole number."""

from __future__ import annotations

from sqlglot import exp

from cdmq.kinds.trends.building import (
    Tables,
    join,
    or_zero,
    pick,
    positive,
    read,
    same,
    where,
    window,
)
from cdmq.sql import nodes


def add_own(to: Tables) -> None:
    """Adds `own` (`who`, `t`, `twice`, of periods with a purchase of those who may be judged by
    gaps). It reads `days` and `moved`."""
    to.add("own", _own())


def add_pooled(to: Tables) -> None:
    """Adds `pooled` (`t`, `twice`) and `widest` (the greatest of these). They read `days` and
    `periods`."""
    to.add("lengths", _lengths())
    to.add("many", _many())
    to.add("ranked", _ranked())
    to.add("pooled", _pooled())
    to.add("widest", nodes.select([nodes.alias(_most("p"), "twice")], read("pooled", "p")))


def _own() -> exp.Select:
    """Of who has most gaps no longer than a period, the median is no longer either: not asked."""
    gap = nodes.column("gap", "d")
    median = exp.WithinGroup(
        this=exp.PercentileCont(this=nodes.number("0.5")),
        expression=exp.Order(expressions=[exp.Ordered(this=nodes.cast(gap, "double"))]),
    )
    twice = nodes.cast(exp.Mul(this=median, expression=nodes.number(2)), "bigint")
    days, short = nodes.column("all_days", "m"), nodes.column("all_short", "m")
    query = nodes.select(
        pick("m", "who", "t", twice=twice),
        read("moved", "m"),
        nodes.every(
            [
                positive(nodes.column("n", "m")),
                exp.GTE(this=days, expression=nodes.number(3)),
                exp.LT(
                    this=exp.Mul(this=short, expression=nodes.number(2)), expression=days.copy()
                ),
            ]
        ),
    )
    until = exp.LTE(this=nodes.column("p", "d"), expression=nodes.column("t", "m"))
    join(query, read("days", "d"), *same("d", "m", "who"), until, nodes.present(gap.copy()))
    return nodes.group_by(query, [nodes.column("who", "m"), nodes.column("t", "m")])


def _most(alias: str) -> exp.Expr:
    return or_zero(exp.Max(this=nodes.column("twice", alias)))


def _lengths() -> exp.Select:
    """How many gaps of a length ended in a period."""
    gap = nodes.column("gap", "d")
    query = nodes.select(
        pick("d", "p", "gap", many=exp.Count(this=exp.Star())),
        read("days", "d"),
        nodes.present(gap),
    )
    return nodes.group_by(query, [nodes.column("p", "d"), nodes.column("gap", "d")])


def _many() -> exp.Select:
    """How many until the end of a period, for each length that there is."""
    lengths = nodes.select([nodes.column("gap")], read("lengths", "y")).distinct()
    so_far = exp.Window(
        this=exp.Sum(this=or_zero(nodes.column("many", "l"))),
        partition_by=[nodes.column("gap", "g")],
        order=exp.Order(expressions=[exp.Ordered(this=nodes.column("t", "t"))]),
    )
    query = nodes.select([*pick("t", "t"), *pick("g", "gap", many=so_far)], read("periods", "t"))
    query.append("joins", exp.Join(this=nodes.subquery(lengths, "g"), kind="CROSS"))
    same_period = nodes.equal(nodes.column("p", "l"), nodes.column("t", "t"))
    return join(query, read("lengths", "l"), same_period, *same("l", "g", "gap"), left=True)


def _ranked() -> exp.Select:
    """How many are no longer than a length, and how many there are."""
    many = exp.Sum(this=nodes.column("many", "m"))
    upto = window(many, "m", ["t"], "gap")
    total = exp.Window(this=many.copy(), partition_by=[nodes.column("t", "m")])
    return nodes.select(pick("m", "t", "gap", upto=upto, total=total), read("many", "m"))


def _pooled() -> exp.Select:
    """The two in the middle, added up."""
    upto, total = nodes.column("upto", "r"), nodes.column("total", "r")
    double = exp.Mul(this=upto, expression=nodes.number(2))
    gap = exp.Min(this=nodes.column("gap", "r"))
    lower = where(gap, exp.GTE(this=double, expression=total))
    upper = where(gap.copy(), exp.GT(this=double.copy(), expression=total.copy()))
    query = nodes.select(
        pick("r", "t", twice=nodes.cast(exp.Add(this=lower, expression=upper), "bigint")),
        read("ranked", "r"),
        positive(total.copy()),
    )
    return nodes.group_by(query, [nodes.column("t", "r")])
