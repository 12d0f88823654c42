"""The text of a seed's cell, or of a unit test's, as a Python value of its declared type."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Any

from cdmq.files.cell_values import PLACES
from cdmq.problems import Problem, Span
from cdmq.project.zones import local
from cdmq.sql.types import Type
from cdmq.values import Dataset

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d([ T]\d\d?:\d\d(:\d\d(\.\d{1,6})?)? ?"
    r"(Z|z|[+-]\d\d(:?\d\d)?)?)?",
    re.ASCII,
)


def typed(cell: str | None, type_: Type, zone: str = "UTC") -> Any:
    """The value of a text, as the cell of a file is read; None if it is none of its type."""
    if cell is None or type_ in ("text", "unknown"):
        return cell
    try:
        return _READERS[type_](cell.strip(), zone)
    except (ValueError, ArithmeticError, KeyError):
        return None


def seed_problems(dataset: Dataset, types: Mapping[str, Type]) -> list[Problem]:
    """The cells of a seed that are no values of the types declared for it."""
    seed = dataset.seed
    assert seed is not None
    return [
        Problem(
            Span(seed.path),
            "CDMQ343",
            f"the seed {seed.name} has '{cell}' in its column "
            f"{column}, which is declared as {types[column]}",
            "mend the seed or columns:",
        )
        for row in seed.rows
        for cell, column in zip(row, seed.columns, strict=True)
        if cell is not None and typed(cell, types[column], dataset.time_zone) is None
    ]


def _integer(text: str, zone: str) -> int | None:
    fits = re.fullmatch(r"[+-]?\d+", text, re.ASCII) and -(2**63) <= int(text) < 2**63
    return int(text) if fits else None


def _decimal(text: str, zone: str) -> Decimal | None:
    value = Decimal(text) if _NUMBER.fullmatch(text) else Decimal("NaN")
    if not value.is_finite():
        return None
    with localcontext(prec=80):
        fits = abs(value) < 10 ** (38 - PLACES) and value == round(value, PLACES)
    return value if fits else None


def _double(text: str, zone: str) -> float | None:
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    whole = not re.fullmatch(r"[+-]?\d{16,}", text) or int(value) == int(text)
    lost = value == 0 and Decimal(text) != 0
    return value if math.isfinite(value) and whole and not lost else None


def _date(text: str, zone: str) -> date | None:
    if _DAY.fullmatch(text):
        return date.fromisoformat(text)
    value = _timestamp(text, zone)
    return value.date() if value is not None and value == datetime(*value.timetuple()[:3]) else None


def _timestamp(text: str, zone: str) -> datetime | None:
    if not _MOMENT.fullmatch(text):
        return None
    text = re.sub(r"(?<=[ T])(?=\d:)", "0", text.upper())  # 9:05
    value = datetime.fromisoformat(re.sub(r" (?=[-+Z])", "", text))
    return local(value, zone) if value.tzinfo else value


def _quoted(type_: Type) -> Callable[[str, str], str | None]:
    """A uuid or a time, as text in its one form."""
    from cdmq.sql.literals import literal

    def read(text: str, zone: str) -> str | None:
        found = literal(text, type_)
        return found.this.name if found is not None else None

    return read


_READERS: dict[Type, Callable[[str, str], Any]] = {
    "integer": _integer,
    "decimal": _decimal,
    "double": _double,
    "date": _date,
    "timestamp": _timestamp,
    "uuid": _quoted("uuid"),
    "time": _quoted("time"),
    "boolean": lambda t, zone: {"true": True, "false": False}[t],
}
