"""How fast values go stale, by what was found when they were tried: a rate with its interval.

A value that was right on one day and right so many days later lived that long; one that was wrong
by then died at some time in between. Nobody knows when: so the likelihood of a constant rate is that
of intervals. `exp(-r d)` of those that lived, `1 - exp(-r d)` of those that died.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

#: Days in a month, as confidence counts them.
MONTH = 30.4375
#: Twice the fall of the log-likelihood at the ends of a 90% interval: chi-square, one degree.
_FALL = 2.705543454095404
_SMALLEST, _GREATEST = 1e-9, 50.0


@dataclass(frozen=True)
class Interval:
    """So many values that were right on one day, and were found right or wrong `days` later."""

    days: int
    bad: bool
    count: int


@dataclass(frozen=True)
class Measured:
    """The share that goes stale in a month with its 90% interval; of how many intervals, and how
    many of them ended badly."""

    rate: float
    low: float
    high: float
    checked: int
    bad: int


def measured(intervals: Iterable[Interval]) -> Measured | None:
    """The rate that makes what was found the likeliest; None where nothing was found bad."""
    found = [i for i in intervals if i.days > 0 and i.count > 0]
    bad = sum(i.count for i in found if i.bad)
    checked = sum(i.count for i in found)
    if bad == 0:
        return None
    if bad == checked:
        return Measured(1.0, _share(_end(found, _GREATEST, _SMALLEST)), 1.0, checked, bad)
    best = _crossing(lambda r: _slope(found, r), _SMALLEST, _GREATEST)
    low, high = _end(found, best, _SMALLEST), _end(found, best, _GREATEST)
    return Measured(_share(best), _share(low), _share(high), checked, bad)


def _share(rate: float) -> float:
    """The share of a month, of a rate a day."""
    return round(-math.expm1(-rate * MONTH), 6)


def _likelihood(found: list[Interval], rate: float) -> float:
    total = 0.0
    for i in found:
        if i.bad:
            total += i.count * math.log(-math.expm1(-rate * i.days))
        else:
            total -= i.count * rate * i.days
    return total


def _slope(found: list[Interval], rate: float) -> float:
    """Falls from above 0 to below, for the likelihood has one top."""
    total = 0.0
    for i in found:
        if i.bad:
            total += i.count * i.days / math.expm1(min(rate * i.days, 700.0))
        else:
            total -= i.count * i.days
    return total


def _end(found: list[Interval], best: float, outer: float) -> float:
    """Where the likelihood has fallen from its top as far as 90% allow, or `outer`."""
    least = _likelihood(found, best) - _FALL / 2

    def above(rate: float) -> float:
        return _likelihood(found, rate) - least

    if above(outer) >= 0:
        return outer
    return _crossing(above, best, outer)


def _crossing(of: Callable[[float], float], positive: float, negative: float) -> float:
    """Where a function that is above 0 at one end and below at the other is 0, by halving on a
    scale of logarithms."""
    for _ in range(100):
        middle = math.sqrt(positive * negative)
        if of(middle) > 0:
            positive = middle
        else:
            negative = middle
    return math.sqrt(positive * negative)
