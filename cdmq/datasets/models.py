"""SQL models: Jinja rendered, parsed as one query, its tables and functions looked at."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from cdmq.datasets.model_text import render_model
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.sql import nodes
from cdmq.sql.types import Type
from cdmq.values import Dataset, Project
from cdmq.warehouses.base import StatementError

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

#: What config(dialect=) can say.
_DIALECTS = ("duckdb", "postgres")
#: Functions that reach outside the rows: files, servers, settings.
_OUTSIDE = (
    "read_",
    "glob",
    "pg_read",
    "pg_ls",
    "pg_stat_file",
    "lo_",
    "dblink",
    "getenv",
    "query",
    "sniff_csv",
    "parquet_",
    "duckdb_",
    "sqlite_",
    "postgres_",
    "mysql_",
    "iceberg_",
    "delta_",
    "copy_",
    "pg_sleep",
    "current_setting",
    "set_config",
    "getvariable",
)


def model_query(dataset: Dataset, project: Project, table: Callable[[str], exp.Expr]) -> exp.Query:
    """The model's query with its references as tables.

    `table` gives the node of a logical relation: `clean:NAME` or `source:SCHEMA.NAME`.
    Raises CdmqError where the model is not one query over what it may read.
    """
    assert dataset.model is not None
    span = Span(dataset.model.path)
    text = render_model(dataset, project.variables, project.macros)
    dialect = str(text.config.get("dialect", "duckdb"))
    if dialect not in _DIALECTS:
        raise CdmqError(
            Problem(
                span,
                "CDMQ332",
                f"dialect='{dialect}' is not known",
                did_you_mean(dialect, _DIALECTS),
            )
        )
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # what is wrong is told as a Problem
    try:
        parsed = sqlglot.parse(text.sql.strip().rstrip(";"), dialect=dialect)
    except sqlglot.errors.SqlglotError as error:
        raise CdmqError(_not_sql(error, span)) from None
    except RecursionError:
        raise CdmqError(
            Problem(span, "CDMQ330", "the SQL is nested too deep", "split the model in two")
        ) from None
    query = parsed[0] if len(parsed) == 1 else None
    if not isinstance(query, exp.Query):
        here = (
            "nothing"
            if query is None and not any(parsed)
            else (f"{len(parsed)} statements" if query is None else "another statement")
        )
        raise CdmqError(
            Problem(
                span,
                "CDMQ331",
                f"a model is one SELECT, here is {here}",
                "write one query; no other statement runs",
            )
        )
    _look_at(query, span)

    def swap(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Table) and node.name.startswith("__cdmq_ref__"):
            how, _, name = node.name.removeprefix("__cdmq_ref__").partition("__")
            found = table(f"{how}:{name}")
            found.set(
                "alias",
                node.args.get("alias") or exp.TableAlias(this=nodes.name(name.rsplit(".", 1)[-1])),
            )
            return found
        if isinstance(node, exp.IgnoreNulls) and isinstance(node.this, exp.AnyValue):
            return node.this  # it is so on every engine, and not all have the words
        return node

    swapped = query.transform(swap)
    assert isinstance(swapped, exp.Query)
    return swapped


def _not_sql(error: sqlglot.errors.SqlglotError, span: Span) -> Problem:
    told = error.errors[0] if isinstance(error, sqlglot.errors.ParseError) and error.errors else {}
    word, line = told.get("highlight"), told.get("line")
    where = f" near '{word}', line {line} of what was rendered" if word and line else ""
    return Problem(
        span, "CDMQ330", f"the model is not SQL{where}", "mend it there; a model is one SELECT"
    )


def _look_at(query: exp.Query, span: Span) -> None:
    ctes = {c.alias for c in query.find_all(exp.CTE)}
    problems = []
    for table in query.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier):
            if not table.name.startswith("__cdmq_ref__") and table.name not in ctes:
                problems.append(
                    Problem(
                        span,
                        "CDMQ333",
                        f"the model reads '{table.name}' by its name",
                        "write {{ ref('...') }} or {{ source('...') }}",
                    )
                )
        elif isinstance(table.this, exp.Func) and not _called(table.this).startswith(_OUTSIDE):
            problems.append(
                Problem(
                    span,
                    "CDMQ334",
                    f"the model reads the rows of '{table.this.sql('duckdb')[:40]}'",
                    "a model reads only "
                    "ref() and source(); write a list of rows as SELECT "
                    "unnest(...), or as a seed",
                )
            )
        else:
            problems.append(
                Problem(
                    span,
                    "CDMQ334",
                    f"the model reads '{table.this.sql('duckdb')[:40]}'",
                    "declare the file as a dataset and use ref()",
                )
            )
    if query.find(exp.Lock):
        problems.append(
            Problem(
                span,
                "CDMQ331",
                "the model locks the rows that it reads",
                "take FOR UPDATE or FOR SHARE away: a model only reads",
            )
        )
    for call in query.find_all(exp.Func):
        name = _called(call)
        if name.startswith(_OUTSIDE):
            problems.append(
                Problem(
                    span,
                    "CDMQ334",
                    f"the function {name}() reaches outside the rows",
                    "a model reads only ref() and source()",
                )
            )
    if problems:
        raise CdmqError(dict.fromkeys(problems))


def _called(call: exp.Func) -> str:
    return (call.name if isinstance(call, exp.Anonymous) else call.sql_name()).lower()


def model_columns(
    dataset: Dataset,
    project: Project,
    known: Mapping[str, Mapping[str, Type]],
    warehouse: Warehouse,
) -> dict[str, Type]:
    """The model's columns, by binding it against empty tables in an embedded DuckDB."""
    import duckdb

    from cdmq.sql.duckdb_types import WRITTEN, logical_type
    from cdmq.sql.relation import Relation

    assert dataset.model is not None
    model = dataset.model.path
    empty: dict[str, Mapping[str, Type]] = {}

    def table(logical: str) -> exp.Expr:
        how, _, name = logical.partition(":")
        if how == "clean":
            empty[logical] = known[name]
        else:
            parts = name.split(".")
            relation = Relation(parts[-1], parts[-2] if len(parts) > 1 else None)
            try:
                columns = warehouse.columns(relation)
            except StatementError as error:
                raise CdmqError(
                    Problem(
                        Span(model),
                        "CDMQ204",
                        f"the table {relation} of source() cannot be looked at: {error}",
                        "mend source(), or ask for the right to read it",
                    )
                ) from None
            if columns is None:
                near = warehouse.inventory.relations(relation.schema or warehouse.schema)
                raise CdmqError(
                    Problem(
                        Span(model),
                        "CDMQ204",
                        f"the table {relation} of source() is not in the warehouse",
                        did_you_mean(relation.name, near),
                    )
                )
            empty[logical] = columns
        return nodes.table(Relation(logical))

    query = model_query(dataset, project, table)
    try:
        query.sql(warehouse.dialect, unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.UnsupportedError as error:
        raise CdmqError(
            Problem(
                Span(model),
                "CDMQ335",
                f"{warehouse.dialect} cannot say what the model says: {str(error).splitlines()[0]}",
                "write it in words that both have",
            )
        ) from None
    with duckdb.connect() as connection:
        for logical, columns in empty.items():
            shown = [
                nodes.alias(nodes.cast(nodes.null(), WRITTEN.get(t, "VARCHAR")), c)
                for c, t in columns.items()
            ]
            made = nodes.create(Relation(logical), nodes.select(shown or [nodes.number(1)]))
            connection.execute(made.sql("duckdb"))
        try:
            rows = connection.execute("DESCRIBE " + query.sql("duckdb")).fetchall()
        except duckdb.Error as error:
            raise CdmqError(
                Problem(
                    Span(dataset.model.path),
                    "CDMQ335",
                    "the engine cannot read the model: "
                    + str(error).splitlines()[0].partition(": ")[2],
                    "mend the query",
                )
            ) from None
    return {str(r[0]): logical_type(str(r[1])) for r in rows}
