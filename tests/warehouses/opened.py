"""Connections to a warehouse of the tests, and what stands in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.warehouses import duckdb, postgres
from cdmq.warehouses.base import Warehouse

Connect = Callable[[], Warehouse]
FILE = duckdb.Options.model_validate({"path": "test.duckdb"})


def postgres_options(uri: str, schema: str) -> postgres.Options:
    parts = conninfo_to_dict(uri)
    keys = ("host", "user", "dbname")
    return postgres.Options.model_validate({k: parts[k] for k in keys} | {"schema": schema})


def rows_of(warehouse: Warehouse, name: str) -> list[tuple[Any, ...]]:
    table = nodes.table(Relation(name, warehouse.schema))
    return warehouse.fetch(f"SELECT * FROM {table.sql(warehouse.dialect)} ORDER BY 1")
