"""Small types that several kinds read from text: shares, durations, rates, numbers.

Each has a form of its own in Python, one text form when dumped (so `24  months` and `24 months`
are the same rule), a message that says what to write, and a JSON Schema that accepts what an
editor sees: YAML 1.2 makes a number of `24`, cdmq reads it as text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, TypeVar, cast

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema

from cdmq.project.fields import Columns, Head

Period = Literal["day", "week", "month", "quarter", "year"]
T = TypeVar("T")

_DAYS: dict[Period, float] = {
    "day": 1,
    "week": 7,
    "month": 365.25 / 12,
    "quarter": 365.25 / 4,
    "year": 365.25,
}
_SHARE = r"[0-9]+(\.[0-9]+)?\s*%"
_DURATION = r"[1-9][0-9]*\s+(day|week|month|quarter|year)s?"
_RATE = r"[0-9]+(\.[0-9]+)?\s*% per (day|week|month|quarter|year)"
_REVIEWS = r"[1-9][0-9]*\s+reviews?"
_NUMBER = r"-?[0-9]+(\.[0-9]+)?"
_COUNT = r"[1-9][0-9]*"


class ReadsFrom:
    """Marks a column or SQL that is not about the rule's own dataset, but what `field` names."""

    def __init__(self, field: str) -> None:
        self.field = field


@dataclass(frozen=True)
class Duration:
    """`24 months`."""

    count: int
    unit: Period

    def __str__(self) -> str:
        return f"{self.count} {self.unit}" + ("" if self.count == 1 else "s")

    @property
    def days(self) -> float:
        """About how many days, for comparing two durations."""
        return self.count * _DAYS[self.unit]


@dataclass(frozen=True)
class Rate:
    """`2% per month`."""

    share: Decimal
    per: Period

    def __str__(self) -> str:
        return f"{percent(self.share)} per {self.per}"


def percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}%"


def days_of(period: Period) -> float:
    return _DAYS[period]


def some(values: list[T]) -> list[T]:
    """At least one, none twice."""
    if not values:
        raise ValueError("name at least one")
    for i, value in enumerate(values):
        if value in values[:i]:
            shown = f"[{', '.join(map(str, value))}]" if isinstance(value, list) else f"'{value}'"
            raise ValueError(f"{shown} stands twice")
    return values


def filled(values: dict[str, T]) -> dict[str, T]:
    if not values:
        raise ValueError("name at least one")
    return values


def _text(value: Any) -> str:
    """What the steward wrote; a caller in Python may hand over a number."""
    known = isinstance(value, (str, int, float, Decimal)) and not isinstance(value, bool)
    return str(value).strip() if known else ""


def _share(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    text = _text(value)
    if re.fullmatch(_SHARE, text):
        share = Decimal(text.rstrip("% ")) / 100
        if share <= 1:
            return share
    raise ValueError("write a share from 0% to 100%, such as 99%")


def _duration(value: Any) -> Duration:
    if isinstance(value, Duration):
        return value
    hit = re.fullmatch(_DURATION, _text(value))
    if not hit:
        raise ValueError("write a duration such as 24 months (days, weeks, quarters, years)")
    return Duration(int(hit[0].split()[0]), cast(Period, hit[1]))


def _rate(value: Any) -> Rate:
    if isinstance(value, Rate):
        return value
    hit = re.fullmatch(_RATE, " ".join(_text(value).split()))
    if not hit:
        raise ValueError("write a rate such as 2% per month")
    return Rate(_share(hit[0].split(" per ")[0]), cast(Period, hit[2]))


def _reviews(value: Any) -> int:
    if not isinstance(value, int) and not re.fullmatch(_REVIEWS, _text(value)):
        raise ValueError("write a number of reviews such as 2 reviews")
    return value if isinstance(value, int) else int(_text(value).split()[0])


def _number(value: Any) -> Decimal:
    if not re.fullmatch(_NUMBER, _text(value)):
        raise ValueError("write a number such as 3 or 0.5")
    if re.fullmatch(r"-?[1-9][0-9]{0,2}\.[0-9]{3}", _text(value)):
        raise ValueError(
            f"write {_text(value).replace('.', '')}, or {_text(value)}0: the point "
            "may be of thousands"
        )
    return Decimal(_text(value))


def _count(value: Any) -> int:
    if not re.fullmatch(_COUNT, _text(value)):
        raise ValueError("write a whole number from 1, such as 2")
    return int(_text(value))


def _word(value: str) -> str:
    if not re.fullmatch(r"[^\W\d]\w*", value):
        raise ValueError(f"'{value}' is a name: write it as one word, such as key_account")
    return value


def _schema(pattern: str, *examples: Any, **more: Any) -> WithJsonSchema:
    base = {"type": "string", "pattern": f"^{pattern}$", "examples": list(examples)}
    return WithJsonSchema(base | more)


def _as_number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _as_reviews(count: int) -> str:
    return f"{count} review" + ("" if count == 1 else "s")


Share = Annotated[
    Decimal, PlainValidator(_share), PlainSerializer(percent), _schema(_SHARE, "99%", "0.5%")
]
Lasting = Annotated[
    Duration,
    PlainValidator(_duration),
    PlainSerializer(str),
    _schema(_DURATION, "24 months", "14 days"),
]
Fading = Annotated[
    Rate, PlainValidator(_rate), PlainSerializer(str), _schema(_RATE, "2% per month")
]
Reviews = Annotated[
    int, PlainValidator(_reviews), PlainSerializer(_as_reviews), _schema(_REVIEWS, "2 reviews")
]
Number = Annotated[
    Decimal,
    PlainValidator(_number),
    PlainSerializer(_as_number),
    _schema(_NUMBER, 3, 0.5, type=["number", "string"]),
]
Count = Annotated[
    int, PlainValidator(_count), _schema(_COUNT, 2, type=["integer", "string"], minimum=1)
]
Word = Annotated[str, AfterValidator(_word)]
SomeColumns = Annotated[Columns, AfterValidator(some)]


class Named(Head):
    """The head of a rule that must have an id: tables and history are named after it."""

    #: The data-quality dimension that it serves, where it serves one.
    DIMENSION: ClassVar[str | None] = None
    #: Raised when the meaning of a kind changes: part of each rule's version.
    SEMANTICS: ClassVar[int] = 2

    id: str = Field(description="Unique in the project; its history hangs on it.")

    def nested_sql(self) -> Mapping[str, tuple[tuple[str | int, ...], str]]:
        """Name -> (path in the rule, text) of each SQL expression below its first keys."""
        return {}
