"""How fast columns fade: what is said of it, as a share in a month."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from cdmq.kinds.freshness.words import FreshnessRule
from cdmq.kinds.words import Rate, days_of
from cdmq.sql.types import Type

#: Days in a month, as confidence counts them.
MONTH = 30.4375
TYPES: dict[str, Type] = {
    "column_name": "text",
    "rate_of": "text",
    "rate": "double",
    "basis": "text",
    "lasts": "integer",
}


@dataclass(frozen=True)
class Fade:
    """How fast values of a column fade; `rate_of`: which of them, empty for all."""

    column: str
    rate_of: str
    #: The share in a month; None where nothing says it.
    rate: float | None
    basis: str
    #: After so many days the confidence is under recheck_below; None: never.
    lasts: int | None

    def row(self) -> list[object]:
        return [self.column, self.rate_of, self.rate, self.basis, self.lasts]


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


def priors(spec: FreshnessRule, columns: dict[str, str]) -> Iterator[Fade]:
    """What `fades` says; `columns`: by each watched column as it is written its name."""
    for written, column in columns.items():
        said = spec.fades.get(written)
        rate = monthly(said) if said else None
        yield Fade(column, "", rate, "prior" if said else "none", lasts(rate, spec.recheck_below))
