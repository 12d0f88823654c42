"""Types and values between PostgreSQL and cdmq."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cdmq.sql.duckdb_types import NUL
from cdmq.sql.duckdb_types import logical_type as type_in_duckdb
from cdmq.sql.types import Type

_EXACT: dict[str, Type] = {
    "text": "text",
    "character varying": "text",
    "character": "text",
    "citext": "text",
    "smallint": "integer",
    "integer": "integer",
    "bigint": "integer",
    "numeric": "decimal",
    "real": "double",
    "double precision": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamp",
    "uuid": "uuid",
    "time without time zone": "time",
    "interval": "interval",
    "bytea": "blob",
    "json": "json",
    "jsonb": "json",
    "unknown": "unknown",
}
WRITTEN: dict[Type, str] = {
    "text": "text",
    "integer": "bigint",
    "decimal": "numeric(38, 9)",
    "double": "double precision",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "uuid": "uuid",
    "time": "time",
}
#: Whole numbers that may not fit a bigint.
_WIDE = {"UBIGINT": "numeric(20)", "HUGEINT": "numeric(39)"}


def logical_type(engine_type: str) -> Type:
    """The type of what format_type says, without length or scale."""
    if engine_type.endswith("[]"):
        return "list"
    return "text" if engine_type.endswith(".citext") else _EXACT.get(engine_type, "other")


def held(duckdb_type: str) -> str:
    """The type for what DuckDB read from files: text where it is unknown."""
    fits = _WIDE.get(duckdb_type) or WRITTEN.get(type_in_duckdb(duckdb_type), "text")
    return duckdb_type if duckdb_type.startswith("DECIMAL(") else fits


def plain(value: Any) -> Any:
    """A value whose text form PostgreSQL reads as DuckDB reads the value."""
    if isinstance(value, str):
        return value.replace(*NUL)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value
