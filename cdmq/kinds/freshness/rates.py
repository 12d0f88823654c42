"""How fast columns fade, as a share in a month: as it was measured, or as `fades` says."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cdmq.kinds.freshness.fit import MONTH, Interval, Measured, measured
from cdmq.kinds.freshness.words import FreshnessRule
from cdmq.kinds.words import Rate, days_of
from cdmq.sql.types import Type

TYPES: dict[str, Type] = {
    "column_name": "text",
    "rate_of": "text",
    "rate": "double",
    "basis": "text",
    "of_whom": "text",
    "low": "double",
    "high": "double",
    "checked": "integer",
    "bad": "integer",
    "lasts": "integer",
}
MEASURED, PRIOR, NONE = "measured", "prior", "none"
#: Source and level of a record; None: whatever it is.
Group = tuple[str | None, str | None]
EVERYBODY: Group = (None, None)


@dataclass(frozen=True)
class Fade:
    """How fast the values of a column fade in the records of a group."""

    column: str
    group: Group
    #: The share in a month; None where nothing says it.
    rate: float | None
    basis: str
    #: The group of which it was measured, and what was measured of it, used or not.
    of: Group = EVERYBODY
    found: Measured | None = None
    #: After so many days the confidence is under recheck_below; None: never.
    lasts: int | None = None

    @property
    def used(self) -> Measured | None:
        return self.found if self.basis == MEASURED else None

    def row(self) -> list[object]:
        found = self.used
        told = [found.low, found.high] if found else [None, None]
        counts = [self.found.checked, self.found.bad] if self.found else [None, None]
        return [
            self.column,
            label(self.group),
            self.rate,
            self.basis,
            label(self.of),
            *told,
            *counts,
            self.lasts,
        ]


def label(group: Group) -> str:
    """As people read it; empty: everybody."""
    return ", ".join(part for part in group if part is not None)


def monthly(rate: Rate) -> float:
    """The share of a month that comes to the same: 20% per year is 1.8423% per month."""
    if rate.share == 1:
        return 1.0
    months = days_of(rate.per) / MONTH
    return round(1 - math.pow(1 - rate.share, 1 / months), 9)


def lasts(rate: float | None, below: Decimal | None) -> int | None:
    """After how many days (1 - rate)^months is first under a share."""
    if rate is None or below is None or rate <= 0:
        return None
    if rate >= 1:
        return 1
    days = int(MONTH * math.log(float(below)) / math.log(1 - rate))
    while math.pow(1 - rate, days / MONTH) >= float(below):
        days += 1
    return days


@dataclass(frozen=True)
class Rates:
    """`columns`: by each watched column as it is written its name; `told`: of each column and
    group the intervals of its log."""

    spec: FreshnessRule
    columns: Mapping[str, str]
    told: Mapping[tuple[str, Group], Sequence[Interval]]

    def fades(self, groups: Iterable[Group]) -> list[Fade]:
        """Of every column how all of it fades, then how that of each group does."""
        wanted = [EVERYBODY, *sorted(set(groups) - {EVERYBODY}, key=label)]
        return [self._fade(written, group) for written in self.columns for group in wanted]

    def _fade(self, written: str, group: Group) -> Fade:
        """By what was measured of the narrowest group with enough bad ends, else by the prior."""
        column, below, found = self.columns[written], self.spec.recheck_below, None
        for wider in _wider(group):
            found = self._measured(column, wider)
            if found and found.bad >= self.spec.measure_from:
                days = lasts(found.rate, below)
                return Fade(column, group, found.rate, MEASURED, wider, found, days)
        said = self.spec.fades.get(written)
        rate = monthly(said) if said else None
        basis = PRIOR if said else NONE
        return Fade(column, group, rate, basis, EVERYBODY, found, lasts(rate, below))

    def _measured(self, column: str, group: Group) -> Measured | None:
        """Of all groups that it takes in."""
        return measured(
            interval
            for (name, part), intervals in self.told.items()
            if name == column and _within(part, group)
            for interval in intervals
        )


def _wider(group: Group) -> Iterator[Group]:
    """The group and those that take it in, the narrowest first."""
    source, whom = group
    yield from dict.fromkeys([group, (source, None), (None, whom), EVERYBODY])


def _within(part: Group, group: Group) -> bool:
    return all(g is None or p == g for p, g in zip(part, group, strict=True))
