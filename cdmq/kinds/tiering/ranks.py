"""Figures of somebody among all whom a rule judges, and the limits in figures that follow from
them: who is larger than the smallest of those who make the first 80% of the total?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from cdmq.kinds.facts.numbers import DECIMAL, WHOLE, quotient, rounded
from cdmq.kinds.tiering.measure_words import Ranked
from cdmq.sql import nodes

#: Which end of the ranked figure a comparison of the rank with a number is about.
_DOWN, _UP = (exp.LT, exp.LTE), (exp.GT, exp.GTE)


def ranked(ranking: Ranked, value: exp.Expr, dialect: str) -> exp.Expr:
    """The rank of a figure among those of all rows."""
    if ranking.share_rank is not None:
        return _share_rank(value, dialect)
    assert ranking.quantile is not None
    return _quantile(value, ranking.quantile.parts)


def _share_rank(value: exp.Expr, dialect: str) -> exp.Expr:
    above = exp.GT(this=value.copy(), expression=nodes.number(0))
    part = nodes.when(above, value.copy(), nodes.cast(nodes.number(0), DECIMAL))
    until = _over(exp.Sum(this=part), order=[exp.Ordered(this=value.copy(), desc=True)])
    equals = _over(exp.Sum(this=part.copy()), by=[value.copy()])
    total = _over(exp.Sum(this=part.copy()))
    larger = nodes.cast(nodes.paren(exp.Sub(this=until, expression=equals)), "double")
    share = quotient(larger, nodes.cast(total, "double"))
    some = exp.GT(this=total.copy(), expression=nodes.number(0))
    known = nodes.every([nodes.present(value.copy()), some])
    return nodes.when(known, rounded(share, dialect))


def _quantile(value: exp.Expr, parts: int) -> exp.Expr:
    missing = nodes.when(nodes.is_null(value.copy()), nodes.number(1), nodes.number(0))
    order = [exp.Ordered(this=missing), exp.Ordered(this=value.copy())]
    place = _over(nodes.call("rank"), order=order)
    smaller = nodes.paren(exp.Sub(this=place, expression=nodes.number(1)))
    many = exp.Mul(this=nodes.cast(smaller, "double"), expression=nodes.number(parts))
    whole = exp.Floor(this=quotient(many, _over(exp.Count(this=value.copy()))))
    number = exp.Add(this=nodes.cast(whole, WHOLE), expression=nodes.number(1))
    return nodes.when(nodes.present(value.copy()), nodes.cast(nodes.paren(number), WHOLE))


def _over(
    function: exp.Expr, by: Sequence[exp.Expr] = (), order: Sequence[exp.Ordered] = ()
) -> exp.Expr:
    said = {"order": exp.Order(expressions=list(order))} if order else {}
    return exp.Window(this=function, partition_by=list(by), **said)


@dataclass(frozen=True)
class CutOff:
    """A comparison with a rank, and the ends of the ranked figure that it is about."""

    rank: str
    condition: exp.Expr
    low: bool
    high: bool

    def ends(self, value: exp.Expr, holds: exp.Expr) -> dict[str, exp.Expr]:
        """The ends of the figures of those for whom it holds, over all rows."""
        found: dict[str, exp.Expr] = {}
        for name, wanted, aggregate in (("l", self.low, exp.Min), ("u", self.high, exp.Max)):
            if wanted:
                of_those = exp.Filter(
                    this=aggregate(this=value.copy()), expression=exp.Where(this=holds.copy())
                )
                found[name] = exp.Window(this=of_those)
        return found


def cut_offs(tree: exp.Expr, rankings: dict[str, Ranked]) -> Iterator[CutOff]:
    """The comparisons of ranks with numbers in the bound condition of a level, as they stand."""
    for node in tree.find_all(*_DOWN, *_UP, exp.EQ, exp.Between, exp.In):
        column, flipped = node.this, False
        other = node.args.get("expression")
        if not isinstance(column, exp.Column) and isinstance(other, exp.Column):
            column, flipped = other, True
        if not isinstance(column, exp.Column) or column.name not in rankings:
            continue
        rest = [n for n in node.find_all(exp.Column) if n is not column]
        if rest or isinstance(node, exp.In) and not node.expressions:
            continue
        both = isinstance(node, exp.EQ | exp.Between | exp.In)
        below = isinstance(node, _DOWN) != flipped
        # A small share_rank is that of a large figure; a small part is that of a small one.
        small_is_large = rankings[column.name].share_rank is not None
        low = both or below == small_is_large
        yield CutOff(column.name, node, low, both or not low)
