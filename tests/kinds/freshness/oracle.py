"""What a rule of freshness says of values, in plain Python: written from the page of the kind.

A world is told run by run, for what stands since when hangs on what was seen before.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

DAYS_OF_MONTH = 30.4375
_NO_DATES = (dt.date(1970, 1, 1),)


@dataclass(frozen=True)
class Spec:
    """`rates`: by column the share of a month. `months`: how long a proof lasts, by level."""

    rates: Mapping[str, float]
    months: Mapping[str, int] | None = None
    below: float | None = None
    good: frozenset[str] = frozenset({"ok"})
    bad: frozenset[str] = frozenset({"bounced"})


@dataclass(frozen=True)
class Person:
    key: str
    level: str
    values: Mapping[str, str | None]
    verified: Mapping[str, dt.date | None]
    changed_at: dt.date | None = None


@dataclass(frozen=True)
class Try:
    key: str
    column: str
    value: str | None
    result: str
    day: dt.date | None


@dataclass
class Cell:
    value: str
    since: dt.datetime
    seen: str
    first_seen: dt.datetime
    had: set[str] = field(default_factory=set)


#: since, proof, by, result, confidence, due
Told = tuple[dt.datetime, dt.date | None, str | None, str | None, Decimal | None, dt.date | None]


class Oracle:
    """Remembers what it saw in each cell, though it be gone since."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.cells: dict[tuple[str, str], Cell] = {}

    def run(
        self, people: Sequence[Person], log: Sequence[Try], as_of: dt.datetime
    ) -> dict[tuple[str, str], Told]:
        keys = [p.key for p in people]
        told = {}
        for person in people:
            if keys.count(person.key) == 1:
                for column, value in person.values.items():
                    if value is not None and value.strip():
                        self._see(person, column, value, as_of)
                        told[person.key, column] = self._told(person, column, log, as_of)
        return told

    def _see(self, person: Person, column: str, value: str, as_of: dt.datetime) -> None:
        cell = self.cells.get((person.key, column))
        changed = in_time(person.changed_at, as_of)
        when = as_of if changed is None else dt.datetime.combine(changed, dt.time())
        if cell is None:
            self.cells[person.key, column] = Cell(value, when, "first", as_of, {value})
        elif cell.value != value:
            cell.seen = "returned" if value in cell.had else "changed"
            cell.since = when if when >= cell.since else as_of
            cell.value = value
            cell.had.add(value)

    def _told(self, person: Person, column: str, log: Sequence[Try], as_of: dt.datetime) -> Told:
        cell = self.cells[person.key, column]
        said: list[tuple[dt.date, int, str, str]] = []
        verified = in_time(person.verified.get(column), as_of)
        if verified and (cell.seen == "first" or verified >= cell.since.date()):
            said.append((verified, 0, "verified_at", "good"))
        for row in log:
            day = in_time(row.day, as_of)
            if day and (row.key, row.column, row.value) == (person.key, column, cell.value):
                if row.result in self.spec.bad:
                    said.append((day, 2, "tries", "bad"))
                elif row.result in self.spec.good and (
                    cell.seen != "returned" or day >= cell.since.date()
                ):
                    said.append((day, 1, "tries", "good"))
        if not said:
            return cell.since, None, None, None, None, self._spread(person, column, cell)
        day, _, by, result = max(said)
        if result == "bad":
            return cell.since, day, by, result, Decimal(0), day
        days = (as_of.date() - day).days
        sure = (1 - self.spec.rates[column]) ** (days / DAYS_OF_MONTH)
        confidence = Decimal(sure).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        return cell.since, day, by, result, confidence, self._due(person, column, day)

    def _due(self, person: Person, column: str, day: dt.date) -> dt.date | None:
        ends = []
        if self.spec.months is not None:
            ends.append(later(day, self.spec.months[person.level]))
        if self.spec.below is not None:
            ends.append(day + dt.timedelta(self._lasts(column)))
        return min(ends, default=None)

    def _lasts(self, column: str) -> int:
        return next(
            n
            for n in range(1, 100_000)
            if (1 - self.spec.rates[column]) ** (n / DAYS_OF_MONTH) < (self.spec.below or 0)
        )

    def _spread(self, person: Person, column: str, cell: Cell) -> dt.date | None:
        first = cell.first_seen.date()
        if self.spec.months is not None:
            span = (later(first, self.spec.months[person.level]) - first).days
        elif self.spec.below is not None:
            span = self._lasts(column)
        else:
            return None
        share = int(hashlib.md5(person.key.encode()).hexdigest()[:5], 16)
        return first + dt.timedelta(share * span // 16**5)


def in_time(day: dt.date | None, as_of: dt.datetime) -> dt.date | None:
    if day is None or day > as_of.date() or day <= dt.date(1900, 1, 1) or day in _NO_DATES:
        return None
    return day


def later(day: dt.date, months: int) -> dt.date:
    """So many months later; a day that a month has not is its last."""
    number = day.year * 12 + day.month - 1 + months
    last = (dt.date((number + 1) // 12, (number + 1) % 12 + 1, 1) - dt.timedelta(1)).day
    return dt.date(number // 12, number % 12 + 1, min(day.day, last))
