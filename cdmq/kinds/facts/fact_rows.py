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
    counted), `asked` (a measure asks for it), `unread` (one can't tell if it does), and for each
    figure `c`: whether it counts, `a` or `v`: what, and `r`: what stands in the column.

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
        for f, where in zip(self.figures, wheres, strict=True):
            shown += self._figure(f, where, at)
        source = logical(f"clean:{link.facts}")
        source.set("alias", exp.TableAlias(this=nodes.name("c")))
        query = nodes.select(shown, source, self._in_time())
        return link.source(query, self.dialect)

    def _at(self) -> exp.Expr:
        if self.link.happened_at is None:
            return nodes.cast(nodes.null(), "timestamp")
        return nodes.cast(self.link.at(), "timestamp")

    def _there(self, at: exp.Expr) -> exp.Expr:
        return exp.true() if self.link.happened_at is None else nodes.present(at.copy())

    def _figure(self, f: Figure, where: exp.Expr | None, at: exp.Expr) -> list[exp.Expr]:
        counts = nodes.every(
            [self._there(at), *(n for n in (where, self._in_window(f, at)) if n is not None)]
        )
        shown: list[exp.Expr] = [nodes.alias(surely(counts), f"c{f.place}")]
        if f.spec.column is None or f.adds is None:
            return shown
        cell = nodes.column(f.spec.column, "c")
        if f.numeric:
            shown.append(nodes.alias(cell, f"r{f.place}"))
            shown.append(nodes.alias(exact(cell.copy(), f.adds, self.dialect), f"a{f.place}"))
        elif f.way in ("min", "max"):
            shown.append(nodes.alias(cell, f"a{f.place}"))
        else:
            text = text_of(cell, f.adds)
            written = composed(text, self.dialect) if f.adds == "text" else text
            shown.append(nodes.alias(written, f"v{f.place}"))
        return shown

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
