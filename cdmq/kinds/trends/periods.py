"""Whole periods of the calendar, by their numbers: the one in which 1970 began is about 0."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlglot import exp

from cdmq.kinds.words import Duration, Period, days_of
from cdmq.sql import nodes
from cdmq.sql.logical import as_of_node

_MONTHS: dict[Period, int] = {"month": 1, "quarter": 3, "year": 12}
_DAYS: dict[Period, int] = {"day": 1, "week": 7}
#: The longest that a period can be, in days.
_LONGEST: dict[Period, int] = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
#: A Monday: weeks begin with it.
_MONDAY = "1970-01-05"
_EPOCH = 1970


def in_periods(time: Duration, per: Period) -> int:
    """How many whole periods a duration is, at least one: a quarter is 13 weeks."""
    for units in (_MONTHS, _DAYS):
        if time.unit in units and per in units:
            return max(1, round(time.count * units[time.unit] / units[per]))
    return max(1, round(time.days / days_of(per)))


def longest(per: Period) -> int:
    return _LONGEST[per]


def many(count: int, per: Period) -> str:
    """`3 months`."""
    return str(Duration(count, per))


@dataclass(frozen=True)
class Periods:
    """The periods of a calendar whose years, and so quarters, begin with a month: 1 to 12."""

    per: Period
    first: int = 1

    def number_of(self, day: exp.Expr) -> exp.Expr:
        """The number of the period in which a date is."""
        if self.per in _DAYS:
            monday = nodes.cast(nodes.text(_MONDAY), "date")
            days = nodes.cast(nodes.paren(exp.Sub(this=day, expression=monday)), "double")
            return _whole(days, _DAYS[self.per])
        year, month = (
            nodes.cast(nodes.call("date_part", nodes.text(part), day.copy()), "double")
            for part in ("year", "month")
        )
        years = nodes.paren(exp.Sub(this=year, expression=nodes.number(_EPOCH)))
        months = exp.Add(
            this=exp.Mul(this=years, expression=nodes.number(12)),
            expression=nodes.paren(exp.Sub(this=month, expression=nodes.number(self.first))),
        )
        return _whole(months, _MONTHS[self.per])

    def number(self, day: date) -> int:
        """The same, of a date that is known here."""
        if self.per in _DAYS:
            return (day - date.fromisoformat(_MONDAY)).days // _DAYS[self.per]
        return ((day.year - _EPOCH) * 12 + day.month - self.first) // _MONTHS[self.per]

    def begins(self, number: exp.Expr) -> exp.Expr:
        """The first day of a period, as a date."""
        months = self.per in _MONTHS
        many = exp.Mul(
            this=nodes.paren(number), expression=nodes.number((_MONTHS | _DAYS)[self.per])
        )
        one = exp.Interval(this=nodes.text("1"), unit=exp.Var(this="MONTH" if months else "DAY"))
        span = exp.Mul(this=one, expression=nodes.paren(nodes.cast(nodes.paren(many), "integer")))
        first = f"{_EPOCH}-{self.first:02}-01" if months else _MONDAY
        start = nodes.cast(nodes.text(first), "timestamp")
        return nodes.cast(nodes.paren(exp.Add(this=start, expression=nodes.paren(span))), "date")

    def current(self) -> exp.Expr:
        """The number of the period that is not yet over: the one of as_of."""
        return self.number_of(nodes.cast(as_of_node(), "date"))


def _whole(value: exp.Expr, by: int) -> exp.Expr:
    part = (
        value
        if by == 1
        else exp.Div(this=nodes.paren(value), expression=nodes.number(by), typed=True, safe=False)
    )
    return nodes.cast(exp.Floor(this=part), "integer")
