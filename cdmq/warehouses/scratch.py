"""A DuckDB beside the warehouse, for work that wants a database of its own, such as matching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from cdmq.sql.relation import Relation
from cdmq.sql.types import Type

if TYPE_CHECKING:
    import duckdb

#: The name under which DuckDB attaches it: what is written there leaves no trace.
SCRATCH = "__cdmq_scratch"
#: The types of columns in it: dates stay dates, all else is text.
TYPES = {"date": "DATE"}


class Scratch(Protocol):
    """`connection` has it as its default database; tables come from and go to the warehouse."""

    connection: duckdb.DuckDBPyConnection

    def bring(self, table: str, columns: Mapping[str, Type], query: str) -> None:
        """Make a table from what a query of the warehouse gives: its columns are text or date."""

    def send(self, table: str, relation: Relation, columns: Mapping[str, Type]) -> None:
        """Make a table of the warehouse from one of the scratch database."""


def create(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Mapping[str, Type],
    rows: Sequence[Sequence[Any]],
) -> None:
    """A table of rows of Python values."""
    from cdmq.sql import nodes

    named = [TYPES.get(t, "VARCHAR") for t in columns.values()]
    names = [nodes.name(c).sql("duckdb") for c in columns]
    written = ", ".join(f"{n} {k}" for n, k in zip(names, named, strict=True))
    connection.execute(f"CREATE TABLE {nodes.name(table).sql('duckdb')} ({written})")
    if rows:
        lists = [[row[i] for row in rows] for i in range(len(columns))]
        marks = ", ".join(f"unnest(${i}::{k}[])" for i, k in enumerate(named, start=1))
        connection.execute(f"INSERT INTO {nodes.name(table).sql('duckdb')} SELECT {marks}", lists)
