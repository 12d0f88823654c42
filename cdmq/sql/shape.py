"""The shape of an audit table: its columns with types and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.relation import Relation


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    about: str


@dataclass(frozen=True)
class Table:
    name: str
    about: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)


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
