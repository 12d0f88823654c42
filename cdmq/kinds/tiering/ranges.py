"""Where a figure may lie: at the numbers that it is compared with, between them and beyond."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import floor

from cdmq.kinds.facts.words import Measure


@dataclass(frozen=True)
class Range:
    """What a figure may be: between two ends, each of them in it or not; None is no end."""

    low: Decimal | None
    high: Decimal | None
    low_in: bool = False
    high_in: bool = False

    def __str__(self) -> str:
        if self.low is not None and self.low == self.high:
            return f"= {_text(self.low)}"
        ends = []
        if self.low is not None:
            ends.append(f"{'>=' if self.low_in else '>'} {_text(self.low)}")
        if self.high is not None:
            ends.append(f"{'<=' if self.high_in else '<'} {_text(self.high)}")
        return " and ".join(ends)


def _text(number: Decimal) -> str:
    return f"{number.normalize() + 0:f}"


def cells_of(limits: list[Decimal]) -> list[Range]:
    """Each limit, and what lies between two of them and beyond."""
    found, last = [], None
    for limit in limits:
        found += [Range(last, limit), Range(limit, limit, True, True)]
        last = limit
    return [*found, Range(last, None)]


def _whole(measure: Measure) -> bool:
    return bool(measure.count or measure.distinct) and not measure.per


def can_be(cell: Range, measure: Measure) -> bool:
    """Whether a figure can be there: counts and years are not below 0."""
    if measure.way in ("count", "distinct", "since"):
        least = min(Decimal(0), measure.if_none or Decimal(0))
        if cell.high is not None and (cell.high < least or cell.high == least != cell.low):
            return False
    if not _whole(measure):
        return True
    if cell.low is not None and cell.low == cell.high:
        return cell.low == cell.low.to_integral_value()
    return cell.low is None or cell.high is None or floor(cell.low) + 1 < cell.high


def inside(cell: Range, measure: Measure) -> Decimal:
    if cell.low is not None and cell.low == cell.high:
        return cell.low
    if cell.low is None:
        return cell.high - 1 if cell.high is not None else Decimal(0)
    if _whole(measure):
        return Decimal(floor(cell.low) + 1)
    return cell.low + 1 if cell.high is None else (cell.low + cell.high) / 2


def nearest(
    cells: list[Range], levels: list[str], own: Decimal | None, now: str
) -> Iterator[tuple[Range, str]]:
    """The first range below and the first above in which the level is another."""
    here = [i for i, c in enumerate(cells) if own is not None and _is_in(own, c)]
    ways = [range(here[0] - 1, -1, -1), range(here[0] + 1, len(cells))] if here else []
    for way in ways or [range(len(cells))]:
        first = next((i for i in way if levels[i] != now), None)
        if first is None:
            continue
        last = first
        while last + way.step in way and levels[last + way.step] == levels[first]:
            last += way.step
        low, high = sorted((first, last))
        ends = (cells[low].low, cells[high].high, cells[low].low_in, cells[high].high_in)
        yield Range(*ends), levels[first]


def _is_in(value: Decimal, cell: Range) -> bool:
    if cell.low is not None and (value < cell.low or (value == cell.low and not cell.low_in)):
        return False
    above = cell.high is not None and (
        value > cell.high or (value == cell.high and not cell.high_in)
    )
    return not above
