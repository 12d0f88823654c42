"""Types and values between DuckDB and cdmq."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cdmq.sql.types import Type

#: Not every engine can hold NUL: it is kept as U+2400 SYMBOL FOR NULL.
NUL = ("\0", "\u2400")
_EXACT: dict[str, Type] = {
    "VARCHAR": "text",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "double",
    "FLOAT": "double",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
    "TINYINT": "integer",
    "SMALLINT": "integer",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "HUGEINT": "integer",
    "UTINYINT": "integer",
    "USMALLINT": "integer",
    "UINTEGER": "integer",
    "UBIGINT": "integer",
    "UHUGEINT": "integer",
    "UUID": "uuid",
    "TIME": "time",
    "INTERVAL": "interval",
    "BLOB": "blob",
    "JSON": "json",
    '"NULL"': "unknown",
}
_NESTED: dict[str, Type] = {
    "STRUCT(": "struct",
    "UNION(": "struct",
    "MAP(": "map",
    "ENUM(": "text",
}
WRITTEN: dict[Type, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DECIMAL(38, 9)",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "uuid": "UUID",
    "time": "TIME",
}


def logical_type(engine_type: str) -> Type:
    if engine_type.endswith("]"):
        return "list"
    if engine_type.startswith("DECIMAL"):
        return "decimal"
    nested: Type = next((t for w, t in _NESTED.items() if engine_type.startswith(w)), "other")
    return _EXACT.get(engine_type, nested)


def storable(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo:  # the session's zone may be another
        return value.astimezone(UTC).replace(tzinfo=None)
    return value.replace(*NUL) if isinstance(value, str) else value
