"""The rows of facts, before anybody adds them up: whose each is, when it was, and what it counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from cdmq.kinds.facts.figures import Figure
from cdmq.kinds.facts.links import Link
from cdmq.kinds.facts.numbers import before, exact
from cdmq.sql import nodes
from cdmq.sql.equality import composed
from cdmq.sql.logical import as_of_node, logical
from cdmq.sql.text_form import text_of
from cdmq.sql.types import Type

#: No calendar of ours begins before this; `-infinity` is left out with it.
_EARLIEST = "0001-01-01"


def now(link: Link) -> exp.Expr:
    """as_of; its day at midnight where facts have a day only: the hour of a run is nothing."""
    if link.by_day:
        return nodes.cast(nodes.cast(as_of_node(), "date"), "timestamp")
    return as_of_node()


@dataclass(frozen=True)
class FactRows:
    """The facts until as_of, and those without a date: `key`, `at`, `undated`, `there` (it may be
    counted), `asked` (a measure asks for it), `unread` (one can't tell if it does), `unnamed` (nobody
    says how often its status counts), `unrated` (an amount has no rate), and for each figure `c`:
    whether it counts, `a` or `v`: what, and `r`: what stands in the column.

    `where(figure)` is the engine's SQL of a measure's condition over the facts, which stand under
    the name `c`; None where it has none. `unread` is that of the facts in which a cell can't be
    read as the condition asks; None where none can be such."""

    link: Link
    figures: Sequence[Figure]
    where: Callable[[Figure], exp.Expr | None]
    unread: Callable[[Figure], exp.Expr | None]
    dialect: str

    def query(self) -> exp.Select:
        link, at = self.link, self._at()
        wheres, unread = [self.where(f) for f in self.figures], self._not_told(at)
        asked = (
            nodes.any_of([surely(w) for w in (*wheres, unread) if w is not None])
            if None not in wheres
            else exp.true()
        )
        dated = link.happened_at is not None
        shown: list[exp.Expr] = [
            nodes.alias(link.key(self.dialect), "key"),
            nodes.alias(at, "at"),
            nodes.alias(nodes.is_null(at.copy()) if dated else exp.false(), "undated"),
            nodes.alias(self._there(at), "there"),
            nodes.alias(asked, "asked"),
        ]
        if unread is not None:
            shown.append(nodes.alias(unread, "unread"))
        bases = [self._base(f, w, at) for f, w in zip(self.figures, wheres, strict=True)]
        for name, odd in (("unnamed", self._unnamed(bases)), ("unrated", self._unrated(bases))):
            if odd is not None:
                shown.append(nodes.alias(odd, name))
        for f, base in zip(self.figures, bases, strict=True):
            shown += self._figure(f, base)
        source = logical(f"clean:{link.facts}")
        source.set("alias", exp.TableAlias(this=nodes.name("c")))
        query = nodes.select(shown, source, self._in_time())
        query = link.source(query, self.dialect)
        return link.money.with_rates(query, at.copy()) if link.money else query

    def _at(self) -> exp.Expr:
        if self.link.happened_at is None:
            return nodes.cast(nodes.null(), "timestamp")
        return nodes.cast(self.link.at(), "timestamp")

    def _there(self, at: exp.Expr) -> exp.Expr:
        return exp.true() if self.link.happened_at is None else nodes.present(at.copy())

    def _base(self, f: Figure, where: exp.Expr | None, at: exp.Expr) -> exp.Expr:
        """Whether a figure is about a fact, whatever that counts as."""
        parts = (self._there(at), where, self._in_window(f, at))
        return nodes.every([n for n in parts if n is not None])

    @property
    def weight(self) -> exp.Expr | None:
        return self.link.money.weight() if self.link.money else None

    def _unnamed(self, bases: Sequence[exp.Expr]) -> exp.Expr | None:
        if self.weight is None:
            return None
        nobody = nodes.is_null(nodes.paren(self.weight))
        return nodes.every([surely(nodes.any_of([b.copy() for b in bases])), nobody])

    def _unrated(self, bases: Sequence[exp.Expr]) -> exp.Expr | None:
        found = [
            nodes.every([surely(self._counts(f, base)), self._without_rate(f)])
            for f, base in zip(self.figures, bases, strict=True)
            if f.converted and f.numeric
        ]
        return nodes.any_of(found) if found else None

    def _without_rate(self, f: Figure) -> exp.Expr:
        assert self.link.money is not None
        stands = nodes.present(nodes.column(str(f.spec.column), "c"))
        return nodes.every([stands, self.link.money.unrated()])

    def _counts(self, f: Figure, base: exp.Expr) -> exp.Expr:
        """Whether a fact counts for a figure; sums take those too that count as less than 0."""
        if self.weight is None:
            return base.copy()
        compare = exp.NEQ if f.way == "sum" else exp.GT
        weighs = compare(this=nodes.paren(self.weight), expression=nodes.number(0))
        return nodes.every([base.copy(), weighs])

    def _figure(self, f: Figure, base: exp.Expr) -> list[exp.Expr]:
        counts = self._counts(f, base)
        if f.converted and f.numeric:
            counts = nodes.every([counts, exp.Not(this=nodes.paren(self._without_rate(f)))])
        shown: list[exp.Expr] = [nodes.alias(surely(counts), f"c{f.place}")]
        if f.spec.column is None or f.adds is None:
            return shown
        cell = nodes.column(f.spec.column, "c")
        if f.numeric:
            shown.append(nodes.alias(cell, f"r{f.place}"))
            shown.append(nodes.alias(self._amount(f, cell.copy(), f.adds), f"a{f.place}"))
        elif f.way in ("min", "max"):
            shown.append(nodes.alias(cell, f"a{f.place}"))
        else:
            text = text_of(cell, f.adds)
            written = composed(text, self.dialect) if f.adds == "text" else text
            shown.append(nodes.alias(written, f"v{f.place}"))
        return shown

    def _amount(self, f: Figure, cell: exp.Expr, type_: Type) -> exp.Expr:
        money = self.link.money
        if money is None or not f.converted:
            amount = exact(cell, type_, self.dialect)
        else:
            amount = money.value(cell, type_)
        return money.weighed(amount) if money is not None and f.weighed else amount

    def _not_told(self, at: exp.Expr) -> exp.Expr | None:
        """Whether it can't be told if a fact counts; those outside the window don't anyway."""
        found = []
        for f in self.figures:
            if (risk := self.unread(f)) is not None:
                window = self._in_window(f, at)
                late = window and exp.Coalesce(this=nodes.paren(window), expressions=[exp.true()])
                found.append(nodes.every([n for n in (risk, late) if n is not None]))
        return surely(nodes.any_of(found)) if found else None

    def _in_time(self) -> exp.Expr | None:
        """Not after as_of. Compared in the column's own type: a day may be no timestamp."""
        if self.link.happened_at is None:
            return None
        happened, type_ = self.link.at(), "date" if self.link.by_day else "timestamp"
        in_time = nodes.every(
            [
                exp.GTE(this=happened, expression=nodes.cast(nodes.text(_EARLIEST), type_)),
                exp.LTE(this=happened.copy(), expression=nodes.cast(as_of_node(), type_)),
            ]
        )
        return nodes.any_of([in_time, nodes.is_null(happened.copy())])

    def _in_window(self, f: Figure, at: exp.Expr) -> exp.Expr | None:
        if f.spec.over is None:
            return None
        begin = nodes.paren(before(now(self.link), f.spec.over))
        return exp.GT(this=at.copy(), expression=begin)


def surely(condition: exp.Expr) -> exp.Expr:
    """What is not known is not so."""
    return exp.Coalesce(this=nodes.paren(condition.copy()), expressions=[exp.false()])
