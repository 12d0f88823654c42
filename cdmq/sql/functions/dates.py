"""Functions on dates and timestamps. A week begins on Monday; sessions are in UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.sql.functions import INTEGER, MOMENT, TEXT, Arg, Function
from cdmq.sql.functions.build import (
    both,
    call,
    cast,
    is_not_null,
    is_null,
    number,
    op,
    text,
    try_cast,
    when,
)
from cdmq.sql.types import Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from cdmq.sql.functions import Render

DIFFERENCES = ("year", "quarter", "month", "day", "hour", "minute", "second")
ELAPSED = ("year", "month", "day")
TRUNCATED = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
MONTHS_IN = {"year": 12, "quarter": 3, "month": 1}
SECONDS_IN = {"hour": 3600, "minute": 60, "second": 1}


def _one_of(words: tuple[str, ...]) -> Callable[[str], str | None]:
    def check(value: str) -> str | None:
        return None if value in words else "write one of " + ", ".join(words)

    return check


def _field(node: exp.Expr, name: str) -> exp.Expr:
    """PostgreSQL's date_part; NULL for the infinite dates, as DuckDB has it."""
    part = cast(call("floor", call("date_part", text(name), node)), "BIGINT")
    return when(call("isfinite", node.copy()), part)


def _pg_part(name: str) -> Render:
    def render(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
        return _field(args[0], name)

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


def _pg_date_diff(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    part, first, second = args[0].name, args[1], args[2]
    if part in MONTHS_IN:
        difference = _difference(first, second, MONTHS_IN[part])
        return when(_finite(first, second), cast(exp.Paren(this=difference), "BIGINT"))
    if part == "day":
        days = op(exp.Sub, cast(second, "DATE"), cast(first, "DATE"))
        return when(_finite(first, second), cast(exp.Paren(this=days), "BIGINT"))
    seconds = cast(number(SECONDS_IN[part]), "DOUBLE")

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


def _pg_date_sub(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
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
        parts = op(exp.Div, months, number(MONTHS_IN[part]))
    return when(_finite(first, second), cast(call("trunc", parts), "BIGINT"))


def _date_trunc(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return call("date_trunc", args[0], _timestamp(args[1]))


def _finite_trunc(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return when(_finite(args[1]), _date_trunc(args, types))


def _padded(node: exp.Expr, width: int) -> exp.Expr:
    return call("lpad", cast(node, "TEXT"), number(width), text("0"))


def _date_text(args: list[exp.Expr]) -> exp.Expr:
    dash = text("-")
    year, month, day = (a.copy() for a in args)
    return op(
        exp.DPipe,
        op(exp.DPipe, op(exp.DPipe, _padded(year, 4), dash), _padded(month, 2)),
        op(exp.DPipe, dash.copy(), _padded(day, 2)),
    )


def _in_range(args: list[exp.Expr]) -> exp.Expr:
    ranges = ((1, 9999), (1, 12), (1, 31))
    return both(
        *[
            both(op(exp.GTE, a.copy(), number(low)), op(exp.LTE, a.copy(), number(high)))
            for a, (low, high) in zip(args, ranges, strict=True)
        ]
    )


def _make_date(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return when(_in_range(args), try_cast(_date_text(args), "DATE"))


def _pg_make_date(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    valid = call("pg_input_is_valid", _date_text(args), text("date"))
    return when(_in_range(args), when(valid, cast(_date_text(args), "DATE")))


def _given(args: list[exp.Expr]) -> exp.Expr:
    return both(*[is_not_null(a.copy()) for a in args])


def _make_date_fails(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return both(_given(args), is_null(_make_date(args, types)))


def _pg_make_date_fails(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return both(_given(args), is_null(_pg_make_date(args, types)))


def _part_row(
    name: str, doc: str, node: str = "", pg: str = "", also: tuple[str, ...] = ()
) -> Function:
    return Function(
        name,
        (_MOMENT,),
        "integer",
        doc,
        "NULL for NULL and for an infinite date",
        node=node,
        keys=("this",) if node else (),
        also=also,
        postgres=_pg_part(pg or name),
    )


_MOMENT = Arg("moment", MOMENT)

FUNCTIONS = (
    _part_row("year", "The year.", "Year"),
    _part_row("quarter", "The quarter, 1 to 4.", "Quarter"),
    _part_row("month", "The month, 1 to 12.", "Month"),
    _part_row("week", "The ISO week, 1 to 53.", "Week", also=("weekofyear",)),
    _part_row("day", "The day of the month.", "Day", also=("dayofmonth",)),
    _part_row("dayofyear", "The day of the year, from 1.", "DayOfYear", "doy"),
    _part_row(
        "dayofweek", "0 for Sunday to 6 for Saturday.", "DayOfWeek", "dow", also=("weekday",)
    ),
    _part_row("isodow", "1 for Monday to 7 for Sunday.", "DayOfWeekIso"),
    _part_row("hour", "The hour, 0 to 23.", "Hour"),
    _part_row("minute", "The minute, 0 to 59.", "Minute"),
    _part_row("second", "The whole second, 0 to 59.", "Second"),
    Function(
        "date_diff",
        (
            Arg("part", TEXT, constant=True, check=_one_of(DIFFERENCES)),
            Arg("from", MOMENT),
            Arg("to", MOMENT),
        ),
        "integer",
        "How many borders of the part lie between: 31 December to 1 January is 1 year.",
        "NULL for NULL and for an infinite date",
        also=("datediff",),
        postgres=_pg_date_diff,
    ),
    Function(
        "date_sub",
        (
            Arg("part", TEXT, constant=True, check=_one_of(ELAPSED)),
            Arg("from", MOMENT),
            Arg("to", MOMENT),
        ),
        "integer",
        "How many whole parts have passed: an age is date_sub('year', birth_date, as_of).",
        "NULL for NULL and for an infinite date",
        also=("datesub",),
        postgres=_pg_date_sub,
    ),
    Function(
        "date_trunc",
        (Arg("part", TEXT, constant=True, check=_one_of(TRUNCATED)), _MOMENT),
        "timestamp",
        "The first moment of the part: date_trunc('month', ordered_at).",
        "NULL for NULL and for an infinite date",
        also=("datetrunc",),
        duckdb=_finite_trunc,
        postgres=_finite_trunc,
    ),
    Function(
        "make_date",
        (Arg("year", INTEGER), Arg("month", INTEGER), Arg("day", INTEGER)),
        "date",
        "The date of that year (1 to 9999), month and day.",
        "NULL for NULL, and (could not be judged) when there is no such day",
        node="DateFromParts",
        keys=("year", "month", "day"),
        duckdb=_make_date,
        postgres=_pg_make_date,
        fails=_make_date_fails,
    ),
)
