"""How functions on dates and timestamps are written for PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.sql.functions.build import both, call, cast, number, op, text, when
from cdmq.sql.functions.dates import date_text, in_range
from cdmq.sql.types import Type

if TYPE_CHECKING:
    from cdmq.sql.functions import Render

_MONTHS_IN = {"year": 12, "quarter": 3, "month": 1}
_SECONDS_IN = {"hour": 3600, "minute": 60, "second": 1}
#: Functions that give a part of a moment, and PostgreSQL's word for it.
_PARTS = {
    "year": "year",
    "quarter": "quarter",
    "month": "month",
    "week": "week",
    "day": "day",
    "dayofyear": "doy",
    "dayofweek": "dow",
    "isodow": "isodow",
    "hour": "hour",
    "minute": "minute",
    "second": "second",
}


def _part(name: str) -> Render:
    """NULL for the infinite dates, as DuckDB has it."""

    def render(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
        part = cast(call("floor", call("date_part", text(name), args[0])), "BIGINT")
        return when(call("isfinite", args[0].copy()), part)

    return render


def _timestamp(node: exp.Expr) -> exp.Expr:
    return cast(node, "TIMESTAMP")


def _number_of(node: exp.Expr, per: int) -> exp.Expr:
    """How many years, quarters or months lie before a date's own."""
    year = call("date_part", text("year"), node)
    if per == 12:
        return year
    part = call("date_part", text("quarter" if per == 3 else "month"), node.copy())
    return op(exp.Add, op(exp.Mul, year, number(12 // per)), part)


def _difference(first: exp.Expr, second: exp.Expr, per: int) -> exp.Expr:
    return op(exp.Sub, _number_of(second.copy(), per), _number_of(first.copy(), per))


def _finite(*nodes: exp.Expr) -> exp.Expr:
    return both(*[call("isfinite", n.copy()) for n in nodes])


def _date_diff(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    part, first, second = args[0].name, args[1], args[2]
    if part in _MONTHS_IN:
        difference = _difference(first, second, _MONTHS_IN[part])
        return when(_finite(first, second), cast(exp.Paren(this=difference), "BIGINT"))
    if part == "day":
        days = op(exp.Sub, cast(second, "DATE"), cast(first, "DATE"))
        return when(_finite(first, second), cast(exp.Paren(this=days), "BIGINT"))
    seconds = cast(number(_SECONDS_IN[part]), "DOUBLE")

    def count(node: exp.Expr) -> exp.Expr:
        epoch = call("date_part", text("epoch"), _timestamp(node))
        return cast(call("floor", op(exp.Div, epoch, seconds.copy())), "BIGINT")

    return when(_finite(first, second), op(exp.Sub, count(second), count(first)))


def _elapsed_months(first: exp.Expr, second: exp.Expr) -> exp.Expr:
    """Whole months from `first` to the later `second`: a month ends on the same day or the last."""
    months = _difference(first, second, 1)
    step = exp.Interval(this=text("1"), unit=exp.Var(this="MONTH"))
    reached = op(exp.Add, _timestamp(first.copy()), op(exp.Mul, months.copy(), step))
    over = op(exp.GT, reached, _timestamp(second.copy()))
    return op(exp.Sub, months, when(over, number(1), number(0)))


def _date_sub(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    part, first, second = args[0].name, args[1], args[2]
    if part == "day":
        span = op(
            exp.Sub,
            call("date_part", text("epoch"), _timestamp(second)),
            call("date_part", text("epoch"), _timestamp(first)),
        )
        parts = op(exp.Div, span, number(86400))
    else:
        backward = exp.Neg(this=exp.Paren(this=_elapsed_months(second, first)))
        months = when(
            op(exp.LTE, first.copy(), second.copy()), _elapsed_months(first, second), backward
        )
        parts = op(exp.Div, months, number(_MONTHS_IN[part]))
    return when(_finite(first, second), cast(call("trunc", parts), "BIGINT"))


def _make_date(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    valid = call("pg_input_is_valid", date_text(args), text("date"))
    return when(in_range(args), when(valid, cast(date_text(args), "DATE")))


DATES: Mapping[str, Render] = {
    **{name: _part(word) for name, word in _PARTS.items()},
    "date_diff": _date_diff,
    "date_sub": _date_sub,
    "make_date": _make_date,
}
