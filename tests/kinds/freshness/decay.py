"""Logs of values that go stale by a rate that is known, and what such a log tells, in plain Python."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MONTH = 30.4375


@dataclass(frozen=True)
class Row:
    """A row of a log: the number of a value, the day, and what came of it."""

    value: int
    day: int
    result: str


def simulated(
    chance: random.Random, rate: float, values: int, days: int, silent: float = 0.06
) -> list[Row]:
    """Values that are right on a day of the first month and die at a constant rate; each is tried
    at gaps as uneven as people are, until it is found bad or the time is over. Some tries get no
    answer."""
    daily = -math.log(1 - rate) / MONTH
    rows = []
    for value in range(values):
        day = chance.randrange(30)
        dies = day + chance.expovariate(daily)
        rows.append(Row(value, day, "ok"))
        while True:
            gap = chance.choice([chance.randrange(1, 40), chance.randrange(60, 200), 365])
            day += gap
            if day > days:
                break
            if chance.random() < silent:
                rows.append(Row(value, day, "no answer"))
            elif day >= dies:
                rows.append(Row(value, day, "bounced"))
                break
            else:
                rows.append(Row(value, day, "ok"))
    return rows


def intervals(rows: Iterable[Row]) -> Counter[tuple[int, bool]]:
    """How many times a value that was right on a day was found right or bad so many days later."""
    found: Counter[tuple[int, bool]] = Counter()
    by_value: dict[int, dict[int, bool]] = {}
    for row in rows:
        if row.result in ("ok", "bounced"):
            days = by_value.setdefault(row.value, {})
            days[row.day] = days.get(row.day, False) or row.result == "bounced"
    for days in by_value.values():
        dated: Sequence[tuple[int, bool]] = sorted(days.items())
        for (day, was_bad), (next_, bad) in zip(dated, dated[1:], strict=False):
            if not was_bad:
                found[next_ - day, bad] += 1
    return found
