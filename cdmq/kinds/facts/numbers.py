"""Numbers and spans of time that are the same on every engine, as SQL nodes.

A figure of a measure is an integer or a decimal, never a double: doubles added up in another
order, or divided by another engine, differ in their last digits, and a level could hang on one.
"""

from __future__ import annotations

from fractions import Fraction

from sqlglot import exp

from cdmq.kinds.words import Duration, Period, days_of
from cdmq.sql import nodes
from cdmq.sql.dialects import dialect_of
from cdmq.sql.functions.build import cast, try_cast
from cdmq.sql.types import Type

#: Decimals of what is added up, and of what is divided: 61204.1234 a year, 3.0986 years.
SUMMED, ROUNDED = 9, 4
DECIMAL = f"decimal(38, {SUMMED})"
WHOLE = "decimal(38, 0)"
DAY = 86_400
#: A figure at or above this is missing: no engine reckons with it safely.
_LIMIT = 10**18
_MONTHS: dict[Period, int] = {"month": 1, "quarter": 3, "year": 12}
_DAYS: dict[Period, int] = {"day": 1, "week": 7}


def exact(value: exp.Expr, type_: Type, dialect: str) -> exp.Expr:
    """A number as a decimal with nine places; NULL where it is NaN, infinite or 10^18 and more.

    A double goes through its shortest text: that is the same number on every engine.
    """
    return _decimal(
        nodes.cast(value, "text") if type_ == "double" else value,
        dialect,
        is_text=type_ == "double",
    )


def rounded(value: exp.Expr, dialect: str) -> exp.Expr:
    """A double as a decimal with four places that mean something.

    It is first rounded to nine: a tie at the fifth place then falls the same way everywhere.
    """
    is_text = not dialect_of(dialect).casts.all_digits  # but those of its text
    fine = _decimal(nodes.cast(value, "text") if is_text else value, dialect, is_text)
    return nodes.cast(nodes.call("round", fine, nodes.number(ROUNDED)), DECIMAL)


def _decimal(value: exp.Expr, dialect: str, is_text: bool) -> exp.Expr:
    if dialect_of(dialect).casts.tries:
        number = try_cast(value, DECIMAL)
        return nodes.when(_small(number), number.copy())
    number = cast(value, "NUMERIC") if is_text else value
    return nodes.when(_small(number), nodes.cast(number.copy(), DECIMAL))


def _small(number: exp.Expr) -> exp.Expr:
    limit = nodes.cast(nodes.number(_LIMIT), DECIMAL)
    return nodes.every(
        [
            exp.GT(this=nodes.paren(number), expression=exp.Neg(this=limit)),
            exp.LT(this=nodes.paren(number.copy()), expression=limit.copy()),
        ]
    )


def seconds(moment: exp.Expr) -> exp.Expr:
    """Seconds since 1970 as a double."""
    return nodes.cast(nodes.call("date_part", nodes.text("epoch"), moment), "double")


def before(moment: exp.Expr, time: Duration) -> exp.Expr:
    """The moment so long before another, by the calendar."""
    return exp.Sub(this=moment, expression=_of(time))


def after(moment: exp.Expr, time: Duration) -> exp.Expr:
    """The moment so long after another, by the calendar."""
    return exp.Add(this=moment, expression=_of(time))


def days_after(moment: exp.Expr, days: exp.Expr) -> exp.Expr:
    """The moment so many whole days after another."""
    span = exp.Mul(this=_interval("1", "DAY"), expression=nodes.paren(days))
    return exp.Add(this=moment, expression=nodes.paren(span))


def _of(time: Duration) -> exp.Expr:
    months = time.unit in _MONTHS
    count = time.count * (_MONTHS if months else _DAYS)[time.unit]
    return _interval(str(count), "MONTH" if months else "DAY")


def _interval(count: str, unit: str) -> exp.Expr:
    return exp.Interval(this=nodes.text(count), unit=exp.Var(this=unit))


def how_many(time: Duration, per: Period) -> float:
    """How many times a period goes into a duration: 2 years in 24 months."""
    if time.unit in _MONTHS and per in _MONTHS:
        return float(Fraction(time.count * _MONTHS[time.unit], _MONTHS[per]))
    if time.unit in _DAYS and per in _DAYS:
        return float(Fraction(time.count * _DAYS[time.unit], _DAYS[per]))
    return time.days / days_of(per)


def by_calendar(per: Period) -> bool:
    """Months, quarters and years differ in length; days and weeks do not."""
    return per in _MONTHS


def a_day_before(moment: exp.Expr) -> exp.Expr:
    return exp.Sub(this=moment, expression=_interval("1", "DAY"))


def months_apart(start: exp.Expr, end: exp.Expr, per: Period) -> exp.Expr:
    """How often the period was begun between two moments, or once more than it was completed."""
    between = exp.Sub(this=nodes.paren(_month(end)), expression=nodes.paren(_month(start)))
    steps = quotient(between, nodes.number(_MONTHS[per]))
    return nodes.cast(exp.Floor(this=steps), "integer")


def complete(start: exp.Expr, end: exp.Expr, apart: exp.Expr, per: Period) -> exp.Expr:
    """Complete periods between two moments, counted as birthdays are; `apart` is months_apart."""
    early = exp.LTE(this=nodes.paren(_later(start, apart, per)), expression=end)
    return nodes.when(early, apart.copy(), exp.Sub(this=apart.copy(), expression=nodes.number(1)))


def elapsed(start: exp.Expr, end: exp.Expr, whole: exp.Expr, per: Period) -> exp.Expr:
    """The time between two moments in periods, as a double: 2.0 on the second anniversary.

    `whole` is what `complete` gave; days and weeks have no use for it.
    """
    if per in _DAYS:
        return quotient(_minus(seconds(end), seconds(start)), nodes.number(DAY * _DAYS[per]))
    begun = seconds(_later(start, whole, per))
    next_ = exp.Add(this=whole.copy(), expression=nodes.number(1))
    length = _minus(seconds(_later(start, next_, per)), begun)
    part = quotient(_minus(seconds(end), begun.copy()), length)
    return exp.Add(this=nodes.cast(whole.copy(), "double"), expression=nodes.paren(part))


def quotient(a: exp.Expr, b: exp.Expr) -> exp.Expr:
    return exp.Div(this=nodes.paren(a), expression=nodes.paren(b), typed=True, safe=False)


def _later(start: exp.Expr, count: exp.Expr, per: Period) -> exp.Expr:
    """The moment so many periods after another."""
    span = exp.Mul(this=_interval(str(_MONTHS[per]), "MONTH"), expression=nodes.paren(count.copy()))
    return exp.Add(this=start.copy(), expression=nodes.paren(span))


def _month(moment: exp.Expr) -> exp.Expr:
    year, month = (
        nodes.cast(nodes.call("date_part", nodes.text(part), moment.copy()), "double")
        for part in ("year", "month")
    )
    return exp.Add(this=exp.Mul(this=year, expression=nodes.number(12)), expression=month)


def _minus(a: exp.Expr, b: exp.Expr) -> exp.Expr:
    return exp.Sub(this=a, expression=b)
