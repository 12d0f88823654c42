"""What stands in a DuckDB file, and how it is known again: the file keeps no identity of a table.

A relation is the same while the comment is there that cdmq gave it, which holds a word that no
other has, with the same columns and number of rows; or, under a comment of the user's, while it
holds the same. A table made anew has no comment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.warehouses.base import Standing

#: Runs a query: all its rows.
Fetch = Callable[[str], list[tuple[Any, ...]]]
#: Of a large table rows are looked at in so many places, and so many in each.
_PLACES, _EACH = 10, 64


def same_name(column: str, name: str) -> exp.Expr:
    """A name as DuckDB compares names."""
    return nodes.equal(exp.Lower(this=nodes.column(column)), nodes.text(name.lower()))


def standing(fetch: Fetch, schema: str) -> list[Standing]:
    columns: dict[str, list[tuple[str, str]]] = {}
    for name, *column in fetch(
        _catalog("columns", schema, ["table_name", "column_name", "data_type", "column_index"])
        .order_by(nodes.column("column_index"), copy=False)
        .sql("duckdb", copy=False)
    ):
        columns.setdefault(name, []).append((column[0], column[1]))
    found = [
        Standing(name, type_, None, comment, tuple(c for c, _ in columns.get(name, ())), sql)
        for type_, name, sql, comment in relations(fetch, schema)
    ]
    counted = _counts(fetch, schema, [s.name for s in found if s.marked and s.type == "table"])
    return [
        replace(s, identity=_identity(s, counted.get(s.name, 0), columns.get(s.name, [])))
        if s.marked
        else s
        for s in found
    ]


def _identity(of: Standing, rows: int, columns: list[tuple[str, str]]) -> str:
    comment = of.comment or ""
    if comment.endswith(")"):
        return _digest([comment, rows, columns])
    before = f"{rows} {of.definition}" if of.type == "table" else str(of.definition)
    return hashlib.sha256(before.encode()).hexdigest()[:16]  # its comment held no word


def relations(fetch: Fetch, schema: str) -> list[tuple[Any, ...]]:
    """type, name, the SQL that makes it, comment."""
    return fetch(
        nodes.union_all(
            [
                _catalog(f"{type_}s", schema, [f"{type_}_name", "sql", "comment"], type_)
                for type_ in ("table", "view")
            ]
        ).sql("duckdb", copy=False)
    )


def content(fetch: Fetch, of: Standing, schema: str) -> str | None:
    """A digest of a view's query; of a table's columns, number of rows, and the rows in some
    places, which are all rows of a small one."""
    relation = Relation(of.name, schema)
    if of.type == "view":
        return _digest((of.definition,))
    if of.comment is None:
        return None
    described = fetch(f"DESCRIBE {nodes.table(relation).sql('duckdb')}")
    columns = [(str(name), str(type_)) for name, type_, *_ in described]
    rows = _count(fetch, relation)
    row = nodes.call("md5_number_lower", nodes.cast(nodes.column("__row"), "text"))
    query = nodes.select([exp.Sum(this=row)], nodes.table(relation, "__row"))
    if rows > _PLACES * _EACH and "rowid" not in {name.lower() for name, _ in columns}:
        least = nodes.select([exp.Min(this=nodes.column("rowid"))], nodes.table(relation))
        first = int(fetch(least.sql("duckdb"))[0][0])  # 0, once the transaction is over
        starts = [first + (rows - _EACH) * i // (_PLACES - 1) for i in range(_PLACES)]
        query = query.where(
            nodes.any_of(
                [
                    exp.Between(
                        this=nodes.column("rowid"),
                        low=nodes.number(s),
                        high=nodes.number(s + _EACH - 1),
                    )
                    for s in starts
                ]
            ),
            copy=False,
        )
    return _digest([columns, rows, str(fetch(query.sql("duckdb"))[0][0])])


def _catalog(
    what: str, schema: str, columns: Sequence[str], type_: str | None = None
) -> exp.Select:
    shown = [nodes.column(c) for c in columns]
    return nodes.select(
        [nodes.text(type_), *shown] if type_ else shown,
        nodes.call(f"duckdb_{what}"),
        nodes.every([_here(), same_name("schema_name", schema)]),
    )


def _here() -> exp.Expr:
    return nodes.equal(nodes.column("database_name"), nodes.call("current_database"))


def _count(fetch: Fetch, relation: Relation) -> int:
    return _counts(fetch, relation.schema, [relation.name])[relation.name]


def _counts(fetch: Fetch, schema: str | None, tables: Sequence[str]) -> dict[str, int]:
    """The rows of each table, in one query."""
    if not tables:
        return {}
    query = nodes.union_all(
        [
            nodes.select(
                [nodes.text(t), exp.Count(this=exp.Star())], nodes.table(Relation(t, schema))
            )
            for t in tables
        ]
    )
    return dict(fetch(query.sql("duckdb", copy=False)))


def _digest(parts: Sequence[Any]) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
