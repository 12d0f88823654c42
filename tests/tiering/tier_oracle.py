"""What a tiering rule means, in plain Python: slow, exact, and not made of SQL."""

from __future__ import annotations

import calendar
import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from cdmq.kinds.facts.words import Measure
from cdmq.kinds.tiering.words import TieringRule
from cdmq.kinds.words import Duration, days_of

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAYS = {"day": 1, "week": 7}
Moment = dt.datetime


@dataclass(frozen=True)
class Fact:
    customer: str | None
    at: dt.date | Moment | None
    amount: Decimal | None
    status: str | None

    @property
    def moment(self) -> Moment | None:
        if self.at is None or isinstance(self.at, Moment):
            return self.at
        return Moment.combine(self.at, dt.time())


def months_later(at: Moment, months: int) -> Moment:
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return at.replace(year=year, month=month + 1, day=min(at.day, last))


def before(at: Moment, time: Duration) -> Moment:
    if time.unit in _MONTHS:
        return months_later(at, -time.count * _MONTHS[time.unit])
    return at - dt.timedelta(days=time.count * _DAYS[time.unit])


def seconds(span: dt.timedelta) -> Fraction:
    return Fraction(span // dt.timedelta(microseconds=1), 1_000_000)


def elapsed(start: Moment, end: Moment, per: str) -> Fraction:
    if per in _DAYS:
        return seconds(end - start) / (86_400 * _DAYS[per])
    whole = 0
    while months_later(start, (whole + 1) * _MONTHS[per]) <= end:
        whole += 1
    begun = months_later(start, whole * _MONTHS[per])
    following = months_later(start, (whole + 1) * _MONTHS[per])
    return whole + seconds(end - begun) / seconds(following - begun)


def rounded(value: Fraction) -> Decimal:
    """To nine places, then to four; a half away from zero."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    for places in (Decimal("1e-9"), Decimal("1e-4")):
        exact = exact.quantize(places, ROUND_HALF_UP)
    return exact


def figure(m: Measure, facts: Sequence[Fact], now: Moment, where: Callable[[Fact], bool]) -> Any:
    """The figure of one customer; `facts` are all of the customer's that have a date."""
    seen = [f for f in facts if f.moment is not None and f.moment <= now]
    counted = [f for f in seen if where(f)]
    if m.over is not None:
        counted = [f for f in counted if f.moment > before(now, m.over)]
    if m.since is not None:
        if not counted:
            return m.if_none
        chosen = (min if m.since == "first" else max)(f.moment for f in counted)
        return rounded(elapsed(chosen, now, "year"))
    if m.top:
        return top(counted)
    if m.avg or m.min or m.max:
        found = [f.amount for f in counted if f.amount is not None]
        if not found:
            return m.if_none
        if m.avg:
            return rounded(Fraction(sum(found)) / len(found))
        return min(found) if m.min else max(found)
    if not seen:
        return m.if_none
    if m.distinct:
        return Decimal(len({f.status for f in counted if f.status is not None}))
    total = (
        Decimal(len(counted))
        if m.count
        else sum((f.amount for f in counted if f.amount is not None), Decimal(0))
    )
    if m.per is None:
        return total
    start = min(min(f.moment for f in seen), now - dt.timedelta(days=1))
    if m.over is None:
        return rounded(Fraction(total) / elapsed(start, now, m.per))
    begin = before(now, m.over)
    part = seconds(now - max(start, begin)) / seconds(now - begin)
    return rounded(Fraction(total) / (times(m.over, m.per) * part))


def top(facts: Sequence[Fact]) -> str | None:
    """The status of most facts; of equals the one that happened last, then the first."""
    found: dict[str, list[Moment]] = {}
    for f in facts:
        if f.status is not None:
            found.setdefault(f.status, []).append(f.moment)
    most = sorted(sorted(found), key=lambda s: (len(found[s]), max(found[s])), reverse=True)
    best = [
        s
        for s in most
        if (len(found[s]), max(found[s])) == (len(found[most[0]]), max(found[most[0]]))
    ]
    return min(best) if best else None


def times(over: Duration, per: str) -> Fraction:
    for units in (_MONTHS, _DAYS):
        if over.unit in units and per in units:
            return Fraction(over.count * units[over.unit], units[per])
    return Fraction(over.days / days_of(per))  # type: ignore[arg-type]


def as_json(figures: dict[str, Any]) -> str:
    parts = []
    for name, value in figures.items():
        number = isinstance(value, Decimal)
        text = f"{value.normalize() + 0:f}" if number else json.dumps(value, ensure_ascii=False)
        parts.append(f"{json.dumps(name, ensure_ascii=False)}: {text}")
    return "{" + ", ".join(parts) + "}"


def next_level(
    spec: TieringRule,
    holds: Callable[[str], bool],
    near: Callable[[str], bool | None],
    young: bool,
    was: str | None,
    missed: int,
) -> tuple[str, int]:
    """The level and the missed reviews after a review. `near` is None where nothing keeps it."""
    fits = [n for n in spec.level_names[:-1] if holds(n)]
    raw = "new" if young else fits[0] if fits else spec.level_names[-1]
    keep: Any = spec.keep_unless
    if keep is None or was is None or raw == was or raw == "new":
        return raw, 0
    if was not in spec.level_names[:-1] or holds(was) or near(was) is None:
        return raw, 0
    if near(was):
        return was, 0
    return (raw, 0) if missed + 1 >= keep.reviews else (was, missed + 1)
