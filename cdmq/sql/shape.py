"""The shape of an audit table or view: its columns with types and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sqlglot import exp, parse_one

from cdmq.sql import nodes
from cdmq.sql.relation import Relation


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    about: str


@dataclass(frozen=True)
class Table:
    """With `identity` its rows are episodes: two are the same where all of it is equal, and they
    are about the same thing where `entity` is. Without, each row is written once."""

    name: str
    about: str
    columns: tuple[Column, ...]
    identity: tuple[str, ...] = ()
    entity: tuple[str, ...] = ()
    #: Its open rows stay open when their rule is gone.
    outlives: bool = False
    #: A run says how many of its rows it opened and closed.
    told: bool = True
    #: Beside a column `digest`: what holds one value each as pii lets it be kept, or its digest.
    hidden: tuple[str, ...] = ()
    #: What tells of several such values.
    telling: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)


@dataclass(frozen=True)
class View:
    """Its columns, and its query over audit tables, as DuckDB has it."""

    table: Table
    query: str

    def create(self, schema: str) -> exp.Create:
        query = parse_one(self.query, dialect="duckdb")
        own = {cte.alias for cte in query.find_all(exp.CTE)}
        for table in query.find_all(exp.Table):
            if table.name not in own:
                table.replace(nodes.table(Relation(table.name, schema), table.alias or None))
        return nodes.create(Relation(self.table.name, schema), query, what="VIEW", replace=True)


def columns(text: str) -> tuple[Column, ...]:
    found = []
    for line in filter(str.strip, text.splitlines()):
        name, type_, about = line.split(None, 2)
        found.append(Column(name, type_, about))
    return tuple(found)


def column_def(column: Column) -> exp.ColumnDef:
    return exp.ColumnDef(this=nodes.name(column.name), kind=_type(column.type).copy())


@cache
def _type(name: str) -> exp.DataType:
    return exp.DataType.build(name, dialect="duckdb")


def create_table(table: Table, schema: str) -> exp.Create:
    target = exp.Schema(
        this=nodes.table(Relation(table.name, schema)),
        expressions=[column_def(c) for c in table.columns],
    )
    return exp.Create(this=target, kind="TABLE", exists=True)
