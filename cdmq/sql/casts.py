"""Casts that never fail: a text is read in one strict form on every engine, or gives NULL."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql.cast_types import NAMES, decimal_size, type_of
from cdmq.sql.dialects import dialect_of
from cdmq.sql.functions.build import call, cast, number, op, try_cast, when
from cdmq.sql.types import QUOTED, Type


def _target(to: exp.Expr, type_: Type) -> str:
    if type_ != "decimal":
        return NAMES[type_]
    digits, places = decimal_size(to)
    return f"DECIMAL({digits}, {places})"


def _number_guard(node: exp.Expr, source: Type, type_: Type, to: exp.Expr) -> exp.Expr:
    """Whether a number fits, where a cast would end the statement."""
    if type_ == "integer":
        limit = exp.Literal.number(
            "9223372036854774784" if source == "double" else "9223372036854775807"
        )
        return op(exp.LTE, call("abs", node.copy()), limit)
    digits, places = decimal_size(to)
    rounded = call("round", cast(node.copy(), "NUMERIC"), number(places))
    return op(exp.LT, call("abs", rounded), exp.Literal.number("1" + "0" * (digits - places)))


def render(node: exp.Expr, source: Type, to: exp.Expr, dialect: str) -> exp.Expr:
    """The cast of a rendered node; NULL where the value does not fit."""
    own, type_ = dialect_of(dialect).casts, type_of(to)
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
        return own.from_text(node, type_, target)
    if own.tries:
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
