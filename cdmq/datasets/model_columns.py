"""The columns of a SQL model, by binding it against empty tables in an embedded DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from cdmq.datasets.models import model_query
from cdmq.datasets.sources import source_relation
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.sql import nodes
from cdmq.sql.duckdb_types import WRITTEN, logical_type
from cdmq.sql.relation import Relation
from cdmq.sql.types import Type
from cdmq.values import Dataset, Project
from cdmq.warehouses.base import StatementError

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


def model_columns(
    dataset: Dataset,
    project: Project,
    known: Mapping[str, Mapping[str, Type]],
    warehouse: Warehouse,
) -> dict[str, Type]:
    """The model's columns. `known`: those of the datasets that stand before it."""
    assert dataset.model is not None
    span = Span(dataset.model.path)
    read: dict[str, Mapping[str, Type]] = {}

    def table(logical: str) -> exp.Expr:
        how, _, name = logical.partition(":")
        read[logical] = known[name] if how == "clean" else _of_source(name, warehouse, span)
        return nodes.table(Relation(logical))

    query = model_query(dataset, project, table)
    try:
        query.sql(warehouse.dialect, unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.UnsupportedError as error:
        cause = f"{warehouse.dialect} cannot say what the model says: {str(error).splitlines()[0]}"
        remedy = "write it in words that both have"
        raise CdmqError(Problem(span, "CDMQ335", cause, remedy)) from None
    return _bound(query, read, span)


def _of_source(name: str, warehouse: Warehouse, span: Span) -> Mapping[str, Type]:
    """The columns of a table that source() names."""
    relation = source_relation(name)
    try:
        columns = warehouse.columns(relation)
    except StatementError as error:
        raise CdmqError(
            Problem(
                span,
                "CDMQ204",
                f"the table {relation} of source() cannot be looked at: {error}",
                "mend source(), or ask for the right to read it",
            )
        ) from None
    if columns is None:
        near = warehouse.inventory.relations(relation.schema or warehouse.schema)
        raise CdmqError(
            Problem(
                span,
                "CDMQ204",
                f"the table {relation} of source() is not in the warehouse",
                did_you_mean(relation.name, near),
            )
        )
    return columns


def _bound(query: exp.Query, read: Mapping[str, Mapping[str, Type]], span: Span) -> dict[str, Type]:
    import duckdb  # only here: it is slow to load

    from cdmq.warehouses.embedded import embedded

    with embedded() as connection:
        for logical, columns in read.items():
            shown = [
                nodes.alias(nodes.cast(nodes.null(), WRITTEN.get(t, "VARCHAR")), c)
                for c, t in columns.items()
            ]
            made = nodes.create(Relation(logical), nodes.select(shown or [nodes.number(1)]))
            connection.execute(made.sql("duckdb"))
        try:
            rows = connection.execute("DESCRIBE " + query.sql("duckdb")).fetchall()
        except duckdb.Error as error:
            said = str(error).splitlines()[0].partition(": ")[2]
            cause = f"the engine cannot read the model: {said}"
            raise CdmqError(Problem(span, "CDMQ335", cause, "mend the query")) from None
    return {str(r[0]): logical_type(str(r[1])) for r in rows}
