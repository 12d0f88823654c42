"""The texts of a file as values of the types that its dataset declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from cdmq.file_values import Cells
from cdmq.missing import is_word, tokens_of
from cdmq.sql import nodes
from cdmq.sql.types import Type
from cdmq.standards.whitespace import trimmed as without_blanks
from cdmq.values import Dataset

#: Hidden column of a file's table: the cells that could not be read, as JSON text.
UNREADABLE = "__unreadable"


#: Of a file whose columns have types of their own: the names of DuckDB's for what is a time.
_TIMES = ("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE")


def typed_rows(
    dataset: Dataset, names: Sequence[str], table: exp.Expr,
    stored: Mapping[str, str] | None = None,
) -> exp.Select:
    """Texts as their declared types; a cell that cannot be read is NULL and kept beside.

    `stored`: the types of a file that has its own, by DuckDB's names.
    """
    columns = [_Column(dataset, name, (stored or {}).get(name, "VARCHAR")) for name in names]
    shown = [nodes.alias(c.value(), c.name) for c in columns]
    if any(t != "text" for t in dataset.spec.columns.values()):
        unread = [u for c in columns if (u := c.unread()) is not None]
        shown.append(nodes.alias(_merged(unread), UNREADABLE))
    return nodes.select(shown, table)


def logical(stored: str) -> Type:
    """The type that a column of a file has by itself."""
    from cdmq.warehouses.duckdb import logical_type

    return logical_type(stored)


def _merged(unread: Sequence[exp.Expr]) -> exp.Expr:
    """The cells that could not be read as one JSON text; NULL where there are none."""
    if not unread:
        return nodes.cast(nodes.null(), "text")
    merged = unread[0]
    if len(unread) > 1:
        merged = nodes.call("json_merge_patch", *(
            exp.Coalesce(this=u, expressions=[nodes.text("{}")]) for u in unread))
        merged = nodes.call("nullif", nodes.cast(merged, "text"), nodes.text("{}"))
    return nodes.cast(merged, "text")


@dataclass(frozen=True)
class _Column:
    """One column of a file: `stored` is the type that it has there."""

    dataset: Dataset
    name: str
    stored: str

    @property
    def type(self) -> Type:
        return self.dataset.spec.columns.get(self.name, logical(self.stored))

    @property
    def as_it_is(self) -> bool:
        """It has the type that is wanted, and none of those that other engines do not have."""
        return self.type == logical(self.stored)

    def cell(self) -> exp.Expr:
        value = nodes.column(self.name)
        return value if self.stored == "VARCHAR" else nodes.cast(value, "text")

    def bare(self) -> exp.Expr:
        """The text of a cell without white space around it; NULL where nothing is left."""
        return nodes.call("nullif", without_blanks(self.cell(), "duckdb"), nodes.text(""))

    def value(self) -> exp.Expr:
        if self.type == "text" and self.stored == "VARCHAR":
            return self.bare() if self._trims else self.cell()
        if self.stored in _TIMES and self.type == "timestamp":
            return self._time()
        if self.as_it_is:
            return nodes.column(self.name)
        return self.cell() if self.type == "text" else self._read()

    def unread(self) -> exp.Expr | None:
        """The name and text of a cell that cannot be read, as JSON; None: every cell can."""
        if self.type == "text" or self.as_it_is:
            return None
        tokens = tokens_of(self.dataset, self.name)
        missing = is_word(self.cell(), tokens, "duckdb")
        failed = nodes.every([
            nodes.present(self.bare()), nodes.is_null(nodes.paren(self._read())),
            *([exp.Not(this=nodes.paren(missing))] if tokens else []),
        ])
        text = self.bare() if self._trims else self.cell()
        return nodes.when(failed, nodes.call("json_object", nodes.text(self.name), text))

    @property
    def _trims(self) -> bool:
        return self.dataset.spec.file is not None and self.dataset.spec.file.trim

    def _read(self) -> exp.Expr:
        source = self.dataset.spec.file
        assert source is not None
        ours = ("YYYY-MM-DD", ".")  # as a value of another type is written out
        dates, decimal = (source.dates, source.decimal) if self.stored == "VARCHAR" else ours
        text = nodes.paren(without_blanks(self.cell(), "duckdb"))
        return Cells(dates, decimal, self.dataset.time_zone).read(text, self.type)

    def _time(self) -> exp.Expr:
        """A time to the microsecond, as the clocks of the project's zone show it."""
        value: exp.Expr = nodes.column(self.name)
        if self.stored == "TIMESTAMP WITH TIME ZONE":
            value = nodes.call("timezone", nodes.text(self.dataset.time_zone), value)
        return nodes.cast(value, "timestamp")
