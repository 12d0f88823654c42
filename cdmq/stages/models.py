"""SQL models: Jinja rendered, parsed as one query, its tables and functions looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from cdmq.problems import CdmqError, Problem, Span
from cdmq.sql import nodes
from cdmq.sql.types import Type
from cdmq.stages.graph import render_model
from cdmq.values import Dataset, Project

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

#: Functions that reach outside the rows: files, servers, settings.
_OUTSIDE = (
    "read_", "glob", "pg_read", "pg_ls", "pg_stat_file", "lo_", "dblink", "getenv", "query",
    "sniff_csv", "parquet_", "duckdb_", "sqlite_", "postgres_", "mysql_", "iceberg_", "delta_",
    "copy_", "pg_sleep", "current_setting", "set_config", "getvariable",
)


def model_query(
    dataset: Dataset, project: Project, table: Callable[[str], exp.Expr]
) -> tuple[exp.Query, str]:
    """The model's query with its references as tables, and how it is materialised.

    `table` gives the node of a logical relation: `clean:NAME` or `source:SCHEMA.NAME`.
    Raises CdmqError where the model is not one query over what it may read.
    """
    assert dataset.model is not None
    span = Span(dataset.model.path)
    text = render_model(dataset, project.variables, project.macros)
    dialect = str(text.config.get("dialect", "duckdb"))
    try:
        parsed = sqlglot.parse(text.sql.strip().rstrip(";"), dialect=dialect)
    except sqlglot.errors.SqlglotError as error:
        raise CdmqError(Problem(span, "CDMQ330", "the model is not SQL: "
                                + str(error).splitlines()[0])) from None
    if len(parsed) != 1 or not isinstance(parsed[0], exp.Query):
        raise CdmqError(Problem(span, "CDMQ331", "a model is one SELECT, here is something else",
                                "write one query; no other statement runs"))
    query = parsed[0]
    _look_at(query, span)
    kind = str(text.config.get("materialized", "view"))
    if kind not in ("view", "table"):
        raise CdmqError(Problem(span, "CDMQ332", f"materialized='{kind}' is not known",
                                "write view or table"))

    def swap(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Table) and node.name.startswith("__cdmq_ref__"):
            how, _, name = node.name.removeprefix("__cdmq_ref__").partition("__")
            found = table(f"{how}:{name}")
            found.set("alias", node.args.get("alias") or exp.TableAlias(
                this=nodes.name(name.rsplit(".", 1)[-1])))
            return found
        return node

    return query.transform(swap), kind


def _look_at(query: exp.Query, span: Span) -> None:
    ctes = {c.alias for c in query.find_all(exp.CTE)}
    problems = []
    for table in query.find_all(exp.Table):
        if isinstance(table.this, exp.Identifier):
            if not table.name.startswith("__cdmq_ref__") and table.name not in ctes:
                problems.append(Problem(span, "CDMQ333", f"the model reads '{table.name}' by its "
                                        "name", "write {{ ref('...') }} or {{ source('...') }}"))
        else:
            problems.append(Problem(span, "CDMQ334", "the model reads "
                                    f"'{table.this.sql('duckdb')[:40]}'",
                                    "declare the file as a dataset and use ref()"))
    for call in query.find_all(exp.Func):
        name = (call.name if isinstance(call, exp.Anonymous) else call.sql_name()).lower()
        if name.startswith(_OUTSIDE):
            problems.append(Problem(span, "CDMQ334", f"the function {name}() reaches outside the "
                                    "rows", "a model reads only ref() and source()"))
    if problems:
        raise CdmqError(dict.fromkeys(problems))


def model_columns(
    dataset: Dataset, project: Project, known: Mapping[str, Mapping[str, Type]],
    warehouse: Warehouse,
) -> dict[str, Type]:
    """The model's columns, by binding it against empty tables in an embedded DuckDB."""
    import duckdb

    from cdmq.values import Relation
    from cdmq.warehouses.duckdb import _WRITTEN, logical_type

    assert dataset.model is not None
    empty: dict[str, Mapping[str, Type]] = {}

    def table(logical: str) -> exp.Expr:
        how, _, name = logical.partition(":")
        if how == "clean":
            empty[logical] = known[name]
        else:
            parts = name.split(".")
            relation = Relation(parts[-1], parts[-2] if len(parts) > 1 else None)
            empty[logical] = warehouse.columns(relation) or {}
        return nodes.table(Relation(logical))

    query, _ = model_query(dataset, project, table)
    with duckdb.connect() as connection:
        for logical, columns in empty.items():
            shown = [
                nodes.alias(nodes.cast(nodes.null(), _WRITTEN.get(t, "VARCHAR")), c)
                for c, t in columns.items()
            ]
            made = nodes.create(Relation(logical), nodes.select(shown or [nodes.number(1)]))
            connection.execute(made.sql("duckdb"))
        try:
            rows = connection.execute("DESCRIBE " + query.sql("duckdb")).fetchall()
        except duckdb.Error as error:
            raise CdmqError(Problem(Span(dataset.model.path), "CDMQ335",
                                    str(error).splitlines()[0])) from None
    return {str(r[0]): logical_type(str(r[1])) for r in rows}
