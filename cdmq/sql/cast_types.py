"""The types a rule may cast to, under all their names."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from cdmq.sql.functions.build import data_type
from cdmq.sql.problem import TYPES, SqlProblem
from cdmq.sql.types import Type

_D = exp.DType
TYPES_OF: dict[Any, Type] = {
    **dict.fromkeys((_D.TEXT, _D.VARCHAR, _D.CHAR, _D.NCHAR, _D.NVARCHAR), "text"),
    **dict.fromkeys((_D.INT, _D.BIGINT, _D.SMALLINT, _D.TINYINT), "integer"),
    **dict.fromkeys((_D.DECIMAL,), "decimal"),
    **dict.fromkeys((_D.DOUBLE, _D.FLOAT), "double"),
    **dict.fromkeys((_D.BOOLEAN,), "boolean"),
    **dict.fromkeys((_D.DATE,), "date"),
    **dict.fromkeys((_D.TIMESTAMP, _D.TIMESTAMPNTZ, _D.DATETIME), "timestamp"),
    _D.UUID: "uuid",
    _D.TIME: "time",
}
_NUMBER = "^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$"
#: The form in which a text is accepted, per type.
FORMS: dict[str, str] = {
    "integer": "^[+-]?[0-9]{1,18}$",
    "decimal": _NUMBER,
    "double": _NUMBER,
    "date": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "timestamp": "^[0-9]{4}-[0-9]{2}-[0-9]{2}"
    "([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?)?$",
    "boolean": "^([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])$",
}
#: What a text in quotes becomes beside a column of the type; a rule does not cast to it.
_BESIDE: frozenset[Type] = frozenset({"uuid", "time"})
NAMES: dict[str, str] = {
    "text": "TEXT",
    "integer": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "uuid": "UUID",
    "time": "TIME",
}
_PLACES = "write decimal(18, 2): 1 to 38 digits, of which so many after the point"


def type_of(to: exp.Expr) -> Type:
    """The logical type of a cast's target."""
    return TYPES_OF[to.this]


def cast_target(to: exp.Expr, column: int) -> tuple[Type, exp.Expr]:
    """The logical type and the one DataType node that stands for it."""
    type_ = TYPES_OF.get(to.this)
    if type_ is None or type_ in _BESIDE or (to.expressions and type_ not in ("decimal", "text")):
        raise SqlProblem(
            TYPES,
            f"a rule cannot cast to {to.sql(dialect='duckdb').lower()}",
            "cast to text, integer, decimal(18, 2), double, boolean, date or timestamp",
            column,
        )
    if type_ != "decimal":
        return type_, data_type(NAMES[type_])
    digits, places = decimal_size(to, column)
    return type_, data_type(f"DECIMAL({digits}, {places})")


def decimal_size(to: exp.Expr, column: int = 1) -> tuple[int, int]:
    """Digits and places of a decimal; as DuckDB, 18 and 3 when none are given."""
    sizes = [p.this.name if isinstance(p, exp.DataTypeParam) else p.name for p in to.expressions]
    if not all(s.isdecimal() for s in sizes) or len(sizes) > 2:
        raise SqlProblem(TYPES, "the size of the decimal cannot be read", _PLACES, column)
    digits = int(sizes[0]) if sizes else 18
    places = int(sizes[1]) if len(sizes) == 2 else (3 if not sizes else 0)
    if not 1 <= digits <= 38 or places > digits:
        raise SqlProblem(TYPES, f"decimal({digits}, {places}) does not exist", _PLACES, column)
    return digits, places
