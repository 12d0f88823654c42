"""The steps of trends in plain Python, period by period: written from the page of the kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from statistics import median

Facts = Sequence[tuple[dt.date, Fraction]]
_LONGEST = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}


@dataclass(frozen=True)
class Spec:
    per: str
    over: int
    history: int
    down_by: Fraction
    gap: Fraction = Fraction(3)
    season: bool = False

    @property
    def year(self) -> int:
        return {"day": 365, "week": 52, "month": 12, "quarter": 4, "year": 1}[self.per]


@dataclass(frozen=True)
class Step:
    step: str
    since: dt.date
    usual: Fraction | None
    present: Fraction | None
    gap: float | None


def begin_of(day: dt.date, per: str) -> dt.date:
    if per == "day":
        return day
    if per == "week":
        return day - dt.timedelta(days=day.weekday())
    months = {"month": 1, "quarter": 3, "year": 12}[per]
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)


def after(begin: dt.date, per: str) -> dt.date:
    """The beginning of the period that follows."""
    return begin_of(begin + dt.timedelta(days=_LONGEST[per] + (per not in ("day", "week"))), per)


def purchases(facts: Facts, until: dt.date) -> list[dt.date]:
    return sorted({day for day, amount in facts if amount >= 0 and day < until})


def gaps(days: Sequence[dt.date]) -> list[int]:
    return [(b - a).days for a, b in zip(days, days[1:], strict=False)]


class Everyone:
    """The facts of all, and the median of all their gaps until a day."""

    def __init__(self, facts: Mapping[str, Facts]) -> None:
        self.facts = facts
        self._pooled: dict[dt.date, float | None] = {}

    def usual_gap(self, own: Sequence[dt.date], end: dt.date) -> float | None:
        """One's own median, or before the third purchase that of all gaps."""
        if len(own) > 2:
            return median(gaps(own))
        if end not in self._pooled:
            every = [g for facts in self.facts.values() for g in gaps(purchases(facts, end))]
            self._pooled[end] = median(every) if every else None
        return self._pooled[end]


def steps(spec: Spec, everyone: Mapping[str, Facts], as_of: dt.date) -> dict[str, Step]:
    """The step of everyone with a purchase in a whole period, as it began."""
    found, every = {}, Everyone(everyone)
    for key in everyone:
        told = _path(spec, key, every, as_of)
        if told:
            begun = [s for i, s in enumerate(told) if i == 0 or s.step != told[i - 1].step]
            found[key] = begun[-1]
    return found


def _path(spec: Spec, key: str, everyone: Everyone, as_of: dt.date) -> list[Step]:
    """The step at the end of each whole period since the first purchase."""
    now, facts = begin_of(as_of, spec.per), everyone.facts[key]
    days = purchases(facts, now)
    told: list[Step] = []
    begins: list[dt.date] = []
    known_from = 0
    begin = begin_of(days[0], spec.per) if days else now
    while begin < now:
        begins.append(begin)
        end = after(begin, spec.per)
        was = told[-1].step if told else None
        bought = any(begin <= day < end for day in days)
        if was == "dormant" and bought:
            known_from = len(begins) - 1
        told.append(_step(spec, key, everyone, begins, end, known_from, was))
        begin = end
    return told


def _step(
    spec: Spec,
    key: str,
    everyone: Everyone,
    begins: Sequence[dt.date],
    end: dt.date,
    known_from: int,
    was: str | None,
) -> Step:
    facts, full = everyone.facts[key], spec.over + spec.history
    if len(begins) - known_from < full:
        return Step("back" if known_from else "new", end, None, None, None)
    over, history = begins[-spec.over], begins[-full]
    present = _sum(facts, over, end) / spec.over
    usual = _sum(facts, history, over) / spec.history
    if spec.season and len(begins) - known_from >= full + spec.year:
        usual = _season(spec, facts, begins, usual)
    own = purchases(facts, end)
    gap = everyone.usual_gap(own, end)
    by_gaps = gap is not None and gap > _LONGEST[spec.per]
    silent = (end - own[-1]).days
    if by_gaps:
        gone, down = silent > 2 * spec.gap * Fraction(gap), silent > spec.gap * Fraction(gap)
    else:
        gone = own[-1] < over and not (spec.season and _as_a_year_before(spec, own, begins))
        limit = usual * (1 - (spec.down_by / 2 if was == "falling" else spec.down_by))
        down = usual > 0 and (present < limit if was == "falling" else present <= limit)
    bought = any(begins[-1] <= day < end for day in own)
    step = "falling" if down else "active"
    if gone or (was == "dormant" and not bought):
        step = "dormant"
    return Step(step, end, usual, present, gap if by_gaps else None)


def _season(spec: Spec, facts: Facts, begins: Sequence[dt.date], usual: Fraction) -> Fraction:
    """What the same periods brought a year before, by the growth of the periods before them."""
    then = [*begins, dt.date.max][-1 - spec.year - spec.over - spec.history :]
    history, over, end = then[0], then[spec.history], then[spec.history + spec.over]
    base = _sum(facts, history, over)
    if base <= 0:
        return usual
    grown = _sum(facts, over, end) / spec.over * (usual * spec.history) / base
    exact = Decimal(grown.numerator) / grown.denominator
    nine = exact.quantize(Decimal("1e-9"), ROUND_HALF_UP)
    return max(Fraction(0), Fraction(nine.quantize(Decimal("0.0001"), ROUND_HALF_UP)))


def _as_a_year_before(spec: Spec, own: Sequence[dt.date], begins: Sequence[dt.date]) -> bool:
    """Nothing was bought then either, and something since."""
    if len(begins) < spec.year + spec.over:
        return False
    then = begins[-spec.year - spec.over :]
    over, end = then[0], then[spec.over]
    return own[-1] >= end and not any(over <= day < end for day in own)


def _sum(facts: Facts, begin: dt.date, end: dt.date) -> Fraction:
    return sum((a for day, a in facts if begin <= day < end), Fraction(0))
