"""Runs expressions on real engines as a plan would: DuckDB under TRY, PostgreSQL as it stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import duckdb
import psycopg
from sqlglot import exp

from cdmq.sql.expressions import Bound, bind, could_not_judge, lower, parse
from cdmq.sql.functions.build import cast, text

STORED = {
    "text": "TEXT",
    "integer": "INTEGER",
    "decimal": "DECIMAL(12, 2)",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}
AS_OF = cast(text("2024-07-01 12:00:00"), "TIMESTAMP")


def column(name: str) -> exp.Expr:
    return exp.column(name, quoted=True)


def behind(function: str, name: str) -> exp.Expr:
    return exp.column(f"{function}__{name}", quoted=True)


def value(item: Any, kind: str) -> exp.Expr:
    if item is None:
        return cast(exp.Null(), STORED[kind])
    written = str(item).lower() if isinstance(item, bool) else str(item)
    return cast(text(written), STORED[kind])


def statement(
    bound: Bound, columns: dict[str, str], rows: Sequence[Sequence[Any]], dialect: str
) -> str:
    """SELECT value, could_not_judge FROM the rows."""
    tree = bound.expression.tree
    judged = lower(tree, dialect, column, behind, AS_OF)
    failed = could_not_judge(tree, dialect, column, behind, AS_OF)
    if dialect == "duckdb":
        judged = exp.Anonymous(this="TRY", expressions=[judged])
    names = ["__n", *columns]
    tuples = [
        exp.Tuple(
            expressions=[
                exp.Literal.number(i),
                *[value(v, k) for v, k in zip(row, columns.values(), strict=True)],
            ]
        )
        for i, row in enumerate(rows)
    ]
    source = exp.Values(
        expressions=tuples,
        alias=exp.TableAlias(
            this=exp.to_identifier("t"), columns=[exp.to_identifier(n, quoted=True) for n in names]
        ),
    )
    query = exp.select(judged, failed or exp.false()).from_(source).order_by(column("__n"))
    return query.sql(dialect=dialect)


def plain(item: Any) -> Any:
    """One form for what two drivers hand back."""
    if isinstance(item, dt.datetime):
        return item.isoformat(sep=" ")
    if isinstance(item, dt.date):
        return item.isoformat()
    if isinstance(item, Decimal):
        return int(item) if item == item.to_integral_value() else item.normalize()
    return item


class Engines:
    def __init__(self, uri: str) -> None:
        self.duckdb = duckdb.connect()
        self.postgres = psycopg.connect(uri, autocommit=True)
        self.postgres.execute("SET TIME ZONE 'UTC'")

    def run(self, sql: str, dialect: str) -> list[tuple[Any, Any]]:
        if dialect == "duckdb":
            rows = self.duckdb.execute(sql).fetchall()
        else:
            with self.postgres.cursor() as cursor:
                rows = cursor.execute(sql.encode()).fetchall()
        return [(plain(v), bool(f)) for v, f in rows]

    def both(
        self, expression: str, columns: dict[str, str], rows: Sequence[Sequence[Any]]
    ) -> dict[str, list[tuple[Any, Any]]]:
        bound = bind(parse(expression), columns)
        return {
            dialect: self.run(statement(bound, columns, rows, dialect), dialect)
            for dialect in ("duckdb", "postgres")
        }
