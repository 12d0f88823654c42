"""Functions on dates and timestamps. A week begins on Monday; sessions are in UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.sql.functions import INTEGER, MOMENT, TEXT, Arg, Function
from cdmq.sql.functions.build import both, call, cast, number, op, text, when
from cdmq.sql.types import Type

if TYPE_CHECKING:
    from collections.abc import Callable

DIFFERENCES = ("year", "quarter", "month", "day", "hour", "minute", "second")
ELAPSED = ("year", "month", "day")
TRUNCATED = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")


def _one_of(words: tuple[str, ...]) -> Callable[[str], str | None]:
    def check(value: str) -> str | None:
        return None if value in words else "write one of " + ", ".join(words)

    return check


def _date_trunc(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    finite = call("isfinite", args[1].copy())
    return when(finite, call("date_trunc", args[0], cast(args[1], "TIMESTAMP")))


def _padded(node: exp.Expr, width: int) -> exp.Expr:
    return call("lpad", cast(node, "TEXT"), number(width), text("0"))


def date_text(args: list[exp.Expr]) -> exp.Expr:
    """Year, month and day as an ISO date."""
    dash = text("-")
    year, month, day = (a.copy() for a in args)
    return op(
        exp.DPipe,
        op(exp.DPipe, op(exp.DPipe, _padded(year, 4), dash), _padded(month, 2)),
        op(exp.DPipe, dash.copy(), _padded(day, 2)),
    )


def in_range(args: list[exp.Expr]) -> exp.Expr:
    """Year, month and day are such as dates have."""
    ranges = ((1, 9999), (1, 12), (1, 31))
    return both(
        *[
            both(op(exp.GTE, a.copy(), number(low)), op(exp.LTE, a.copy(), number(high)))
            for a, (low, high) in zip(args, ranges, strict=True)
        ]
    )


def _part_row(name: str, doc: str, node: str = "", also: tuple[str, ...] = ()) -> Function:
    return Function(
        name,
        (_MOMENT,),
        "integer",
        doc,
        "NULL for NULL and for an infinite date",
        node=node,
        keys=("this",) if node else (),
        also=also,
    )


_MOMENT = Arg("moment", MOMENT)

FUNCTIONS = (
    _part_row("year", "The year.", "Year"),
    _part_row("quarter", "The quarter, 1 to 4.", "Quarter"),
    _part_row("month", "The month, 1 to 12.", "Month"),
    _part_row("week", "The ISO week, 1 to 53.", "Week", also=("weekofyear",)),
    _part_row("day", "The day of the month.", "Day", also=("dayofmonth",)),
    _part_row("dayofyear", "The day of the year, from 1.", "DayOfYear"),
    _part_row("dayofweek", "0 for Sunday to 6 for Saturday.", "DayOfWeek", also=("weekday",)),
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
    ),
    Function(
        "date_trunc",
        (Arg("part", TEXT, constant=True, check=_one_of(TRUNCATED)), _MOMENT),
        "timestamp",
        "The first moment of the part: date_trunc('month', ordered_at).",
        "NULL for NULL and for an infinite date",
        also=("datetrunc",),
        render=_date_trunc,
    ),
    Function(
        "make_date",
        (Arg("year", INTEGER), Arg("month", INTEGER), Arg("day", INTEGER)),
        "date",
        "The date of that year (1 to 9999), month and day.",
        "NULL for NULL, and (could not be judged) when there is no such day",
        node="DateFromParts",
        keys=("year", "month", "day"),
        may_fail=True,
    ),
)
