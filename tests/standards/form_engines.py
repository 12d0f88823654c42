"""Both engines with the reference tables loaded, and a form run over rows on each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import psycopg
from sqlglot import exp

from cdmq.standards import (
    FORMS,
    Lookup,
    column_options,
    layered,
    reference_table,
    table_names,
)

Text = str | None


class Engines:
    """`tidied` gives the values of a form, one list an engine."""

    def __init__(self, postgres_uri: str) -> None:
        self.duckdb = duckdb.connect(config={"threads": 1})
        self.postgres = psycopg.connect(postgres_uri, autocommit=True)
        self.postgres.execute("create schema if not exists standards_test")
        self.postgres.execute("set search_path to standards_test")
        for name in table_names():
            self._load(name)

    def _load(self, name: str) -> None:
        table = reference_table(name)
        columns = ", ".join(f"{column} {kind}" for column, kind in table.columns)
        self.duckdb.execute(f"create table {name} ({columns})")
        self.duckdb.execute(f"copy {name} from '{table.path}' (header, delim ',', nullstr '')")
        self.postgres.execute(f"drop table if exists {name}")
        self.postgres.execute(f"create table {name} ({columns})")
        with self.postgres.cursor().copy(f"copy {name} from stdin") as copy:
            for row in table.rows():
                copy.write_row(row)

    def statement(
        self, form: str, options: Mapping[str, Any], dialect: str, in_layers: bool = False
    ) -> str:
        """The query over rows(id, value, extra): a column option reads `extra`."""
        module = FORMS[form]
        columns = column_options(module)
        given = {
            k: exp.column("extra", "x") if k in columns else str(v) for k, v in options.items()
        }
        value = exp.column("value", "x")
        if not in_layers:
            tidied = module.tidy(value, given, dialect, "t")
        else:
            tidied = layered(module, value, given, dialect, "t")
        source: exp.Expr = exp.to_table("rows").as_("x")
        for layer in tidied.layers:
            added = [exp.alias_(column, name) for name, column in layer.columns]
            query = exp.select("x.*", *added).from_(source)
            if dialect == "postgres":
                query = query.offset(0)
            source = _joined(query, layer.lookups).subquery("x")
        query = _joined(exp.select(tidied.value).from_(source), tidied.lookups)
        return query.order_by(exp.column("id", "x")).sql(dialect)

    def tidied(
        self, form: str, options: Mapping[str, Any], values: Sequence[Text],
        extra: Sequence[Text] | None = None, only: str = "", in_layers: bool = False,
    ) -> dict[str, list[Text]]:  # fmt: skip
        """The form's values by engine, in the order of the rows."""
        rows = (list(range(len(values))), list(values), list(extra or [None] * len(values)))
        results: dict[str, list[Text]] = {}
        if only in ("", "duckdb"):
            self.duckdb.execute(
                "create or replace table rows as select unnest(?::int[]) as id, "
                "unnest(?::text[]) as value, unnest(?::text[]) as extra",
                rows,
            )
            found = self.duckdb.execute(
                self.statement(form, options, "duckdb", in_layers)
            ).fetchall()
            results["duckdb"] = [row[0] for row in found]
        if only in ("", "postgres"):
            self.postgres.execute("drop table if exists rows")
            self.postgres.execute(
                "create temp table rows as select * from "
                "unnest(%s::int[], %s::text[], %s::text[]) as t(id, value, extra)",
                rows,
            )
            statement = self.statement(form, options, "postgres", in_layers).encode()
            results["postgres"] = [row[0] for row in self.postgres.execute(statement).fetchall()]
        return results


def _joined(query: exp.Select, lookups: Sequence[Lookup]) -> exp.Select:
    for lookup in lookups:
        table = exp.to_table(lookup.table).as_(lookup.alias)
        query = query.join(table, on=lookup.on, join_type="left")
    return query
