"""The texts of a file as values of the types that its dataset declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from cdmq.files.cell_values import Cells
from cdmq.files.missing import is_word, tokens_of
from cdmq.sql import nodes
from cdmq.sql.types import Type
from cdmq.standards.whitespace import trimmed as without_blanks
from cdmq.values import Dataset

#: Hidden column of a file's table: the cells that could not be read, as JSON text.
UNREADABLE = "__unreadable"


#: Of a file whose columns have types of their own: the names of DuckDB's for what is a time.
_TIMES = ("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE")


def typed_rows(
    dataset: Dataset,
    names: Sequence[str],
    table: exp.Expr,
    stored: Mapping[str, str] | None = None,
) -> exp.Select:
    """Texts as their declared types; a cell that cannot be read is NULL and kept beside.

    `stored`: the types of a file that has its own, by DuckDB's names.
    """
    stored = stored or {}
    columns = [
        _Column(dataset, name, stored.get(name, "VARCHAR"), number)
        for number, name in enumerate(names)
    ]
    read = [c for c in columns if c.is_read]
    rows = table
    if read:  # what is costly is a column of a layer of its own, and computed once
        kept = [nodes.alias(nodes.column(n), n) for n in names]
        texts = [nodes.alias(c.bare(), c.text_name) for c in read]
        below = nodes.select([*kept, *texts], table)
        kept += [nodes.alias(nodes.column(c.text_name), c.text_name) for c in read]
        values = [nodes.alias(c.read(), c.value_name) for c in read]
        rows = nodes.subquery(nodes.select([*kept, *values], nodes.subquery(below, "t")), "v")
    shown = [nodes.alias(c.value(), c.name) for c in columns]
    if any(t != "text" for t in dataset.spec.columns.values()):
        shown.append(nodes.alias(_merged([c.unread() for c in read]), UNREADABLE))
    return nodes.select(shown, rows)


def logical(stored: str) -> Type:
    """The type that a column of a file has by itself."""
    from cdmq.sql.duckdb_types import logical_type

    return logical_type(stored)


def _merged(unread: Sequence[tuple[exp.Expr, exp.Expr]]) -> exp.Expr:
    """The cells that could not be read as one JSON text; NULL where there are none.

    `unread`: for each column when a cell cannot be read, and that cell as JSON. Most rows have
    none, and are spared the merging.
    """
    if not unread:
        return nodes.cast(nodes.null(), "text")
    cells = [nodes.when(failed.copy(), cell) for failed, cell in unread]
    merged = (
        cells[0]
        if len(cells) == 1
        else nodes.call(
            "json_merge_patch",
            *(exp.Coalesce(this=c, expressions=[nodes.text("{}")]) for c in cells),
        )
    )
    some = nodes.any_of([failed for failed, _ in unread])
    return nodes.cast(nodes.when(some, merged), "text")


@dataclass(frozen=True)
class _Column:
    """One column of a file: `stored` is the type that it has there."""

    dataset: Dataset
    name: str
    stored: str
    number: int

    @property
    def type(self) -> Type:
        return self.dataset.spec.columns.get(self.name, logical(self.stored))

    @property
    def is_read(self) -> bool:
        """Its texts are read as values: it has not the type that is wanted."""
        return self.type not in ("text", logical(self.stored))

    @property
    def text_name(self) -> str:
        return f"__cdmq_text_{self.number}"

    @property
    def value_name(self) -> str:
        return f"__cdmq_value_{self.number}"

    def cell(self) -> exp.Expr:
        value = nodes.column(self.name)
        return value if self.stored == "VARCHAR" else nodes.cast(value, "text")

    def bare(self) -> exp.Expr:
        """The text of a cell without white space around it; NULL where nothing is left."""
        return nodes.call("nullif", without_blanks(self.cell(), "duckdb"), nodes.text(""))

    def value(self) -> exp.Expr:
        if self.is_read:
            return nodes.column(self.value_name)
        if self.type == "text":
            trims = self._trims and self.stored == "VARCHAR"
            return self.bare() if trims else self.cell()
        return self._time() if self.stored in _TIMES else nodes.column(self.name)

    def read(self) -> exp.Expr:
        """The value of the text, over a layer that has it."""
        source = self.dataset.spec.file
        assert source is not None
        ours = ("YYYY-MM-DD", ".")  # as a value of another type is written out
        dates, decimal = (source.dates, source.decimal) if self.stored == "VARCHAR" else ours
        cells = Cells(dates, decimal, self.dataset.time_zone)
        return cells.read(nodes.column(self.text_name), self.type)

    def unread(self) -> tuple[exp.Expr, exp.Expr]:
        """When a cell cannot be read, over its text and value; its name and text as JSON."""
        text = nodes.column(self.text_name)
        tokens = tokens_of(self.dataset, self.name)
        failed = nodes.every(
            [
                nodes.present(text),
                nodes.is_null(nodes.column(self.value_name)),
                *(
                    [exp.Not(this=nodes.paren(is_word(text.copy(), tokens, "duckdb")))]
                    if tokens
                    else []
                ),
            ]
        )
        written = text.copy() if self._trims else self.cell()
        return failed, nodes.call("json_object", nodes.text(self.name), written)

    @property
    def _trims(self) -> bool:
        return self.dataset.spec.file is not None and self.dataset.spec.file.trim

    def _time(self) -> exp.Expr:
        """A time to the microsecond, as the clocks of the project's zone show it."""
        value: exp.Expr = nodes.column(self.name)
        if self.stored == "TIMESTAMP WITH TIME ZONE":
            value = nodes.call("timezone", nodes.text(self.dataset.time_zone), value)
        return nodes.cast(value, "timestamp")
