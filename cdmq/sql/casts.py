"""Casts that never fail: a text is read in one strict form on every engine, or gives NULL."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql.cast_types import NAMES, decimal_size, type_of
from cdmq.sql.functions.build import (
    Dialect,
    both,
    by_code_point,
    call,
    cast,
    either,
    is_not_null,
    number,
    op,
    text,
    try_cast,
    when,
)
from cdmq.sql.types import QUOTED, Type

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
_PG_NAMES = {
    "integer": "bigint",
    "double": "double precision",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}


def _target(to: exp.Expr, type_: Type) -> str:
    if type_ != "decimal":
        return NAMES[type_]
    digits, places = decimal_size(to)
    return f"DECIMAL({digits}, {places})"


def _from_text_duckdb(node: exp.Expr, type_: Type, target: str) -> exp.Expr:
    form = call("regexp_full_match", node, text(FORMS[type_][1:-1]))
    if type_ in ("date", "timestamp"):
        form = both(form, exp.Not(this=call("starts_with", node.copy(), text("0000"))))
    value = try_cast(node.copy(), target)
    if type_ == "double":
        form = both(form, call("isfinite", value.copy()))
    return when(form, value)


def _from_text_postgres(node: exp.Expr, type_: Type, target: str) -> exp.Expr:
    form = op(exp.RegexpLike, by_code_point(node), text(FORMS[type_]))
    name = target.lower().replace("decimal", "numeric") if type_ == "decimal" else _PG_NAMES[type_]
    valid = call("pg_input_is_valid", cast(node.copy(), "TEXT"), text(name))
    return when(form, when(valid, cast(cast(node.copy(), "TEXT"), target)))


def _number_guard(node: exp.Expr, source: Type, type_: Type, to: exp.Expr) -> exp.Expr:
    """Whether a number fits; PostgreSQL would end the statement."""
    if type_ == "integer":
        limit = exp.Literal.number(
            "9223372036854774784" if source == "double" else "9223372036854775807"
        )
        return op(exp.LTE, call("abs", node.copy()), limit)
    digits, places = decimal_size(to)
    rounded = call("round", cast(node.copy(), "NUMERIC"), number(places))
    return op(exp.LT, call("abs", rounded), exp.Literal.number("1" + "0" * (digits - places)))


def render(node: exp.Expr, source: Type, to: exp.Expr, dialect: Dialect) -> exp.Expr:
    """The cast of a rendered node; NULL where the value does not fit."""
    type_ = type_of(to)
    target = _target(to, type_)
    if source == type_ and type_ != "decimal":
        return node
    if isinstance(node, exp.Literal) and node.is_string and type_ in QUOTED:
        return cast(node, target)
    if type_ == "text":
        return cast(node, "TEXT")
    if source == "unknown":
        node, source = cast(node, "TEXT"), "text"
    if source == "text":
        if dialect == "duckdb":
            return _from_text_duckdb(node, type_, target)
        return _from_text_postgres(node, type_, target)
    if dialect == "duckdb":
        return try_cast(node, target)
    if type_ in ("integer", "decimal"):
        return when(_number_guard(node, source, type_, to), cast(node, target))
    return cast(node, target)


def can_fail(source: Type, to: exp.Expr, node: exp.Expr) -> bool:
    """Whether a value can be there that the cast turns into NULL."""
    type_ = type_of(to)
    if type_ == "text" or (source == type_ and type_ != "decimal"):
        return False
    if isinstance(node, exp.Literal) and type_ in QUOTED:
        return False
    return source in ("text", "unknown") or type_ in ("integer", "decimal")


__all__ = ["FORMS", "can_fail", "either", "is_not_null", "render"]
