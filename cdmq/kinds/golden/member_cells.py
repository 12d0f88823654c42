"""The cells of golden records as SQL: how they compare, and whether they are the record's own.

Read from the ranked members, whose columns have names of our own.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from cdmq.kinds.golden.layout import Layout
from cdmq.kinds.in_time import in_time
from cdmq.sql import nodes
from cdmq.sql.equality import composed
from cdmq.sql.text_form import text_of
from cdmq.sql.types import MOMENTS, OPAQUE, Type


class Cells:
    """The cells of one layout, for one engine. `borrowable`: the columns of the borrowed bits."""

    def __init__(self, layout: Layout, borrowable: tuple[str, ...], dialect: str) -> None:
        self.layout, self.borrowable, self.dialect = layout, borrowable, dialect
        self.place = {c: f"c{i}" for i, c in enumerate(layout.columns)}

    def cell(self, column: str, table: str | None = None) -> exp.Expr:
        return nodes.column(self.place[column], table)

    def comparable(self, column: str) -> exp.Expr:
        """A cell as every engine compares it: text by code point, what we do not know as text."""
        return self.compared(column, self.cell(column))

    def compared(self, column: str, cell: exp.Expr) -> exp.Expr:
        type_ = self.layout.columns[column]
        if type_ in OPAQUE | {"text", "unknown", "uuid"}:
            return nodes.by_code_point(self.text(column, cell), self.dialect)
        return cell

    def text(self, column: str, cell: exp.Expr) -> exp.Expr:
        """A cell as text, in the form in which texts are equal."""
        type_ = self.layout.columns[column]
        written = text_of(cell, type_)
        return composed(written, self.dialect) if type_ == "text" else written

    def latest(self, column: str) -> exp.Expr:
        """The largest of a column, of dates the latest; an aggregate."""
        if self.layout.columns[column] != "text":
            return nodes.call("max", self.when(column))
        return nodes.as_usual(nodes.call("max", self.comparable(column)), self.dialect)

    def when(self, column: str) -> exp.Expr:
        """A date that is one: not after as_of, and no end of time."""
        type_ = self.layout.columns[column]
        return in_time(self.cell(column), type_) if type_ in MOMENTS else self.cell(column)

    def stands(self, column: str) -> exp.Expr:
        """Whether a record has a value of its own in a column."""
        return nodes.every([n for n in (nodes.present(self.cell(column)), self.own(column)) if n])

    def own(self, column: str, table: str | None = None) -> exp.Expr | None:
        """Whether a cell is not borrowed; None where it never is."""
        if column not in self.borrowable:
            return None
        bit = nodes.number(1 << self.borrowable.index(column))
        masked = exp.BitwiseAnd(this=nodes.column("b", table), expression=nodes.cast(bit, "bigint"))
        return nodes.equal(nodes.paren(masked), nodes.number(0))

    def count(self, columns: Iterable[str]) -> exp.Expr:
        """How many cells of a record are present."""
        return total(
            [
                nodes.when(nodes.present(self.cell(c)), nodes.number(1), nodes.number(0))
                for c in columns
            ]
        )

    def typed(self, columns: Iterable[str]) -> list[tuple[exp.Expr, Type]]:
        return [(self.cell(c), self.layout.columns[c]) for c in columns]

    def length(self, columns: Iterable[str]) -> exp.Expr:
        return total(
            [
                exp.Coalesce(
                    this=nodes.call("length", self.text(c, self.cell(c))),
                    expressions=[nodes.number(0)],
                )
                for c in columns
            ]
        )


def total(parts: list[exp.Expr]) -> exp.Expr:
    added: exp.Expr = nodes.number(0)
    for part in parts:
        added = exp.Add(this=added, expression=part)
    return added
