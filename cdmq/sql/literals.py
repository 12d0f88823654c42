"""A text from a rule file as a literal of a column's type."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.equality import nfc
from cdmq.sql.types import Type

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?")


_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_TIME = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?"


#: How a value of a type is written, where a text is none.
_WRITTEN = {
    "date": "write it as 1990-12-31; the day of the run is as_of",
    "timestamp": "write it as 1990-12-31 23:59:00; the time of the run is as_of",
    "time": "write it as 23:59:00",
    "boolean": "write true or false",
    "integer": "write it as 5000",
    "decimal": "write it as 1234.50",
    "double": "write it as 1234.50",
}


def how_written(type_: Type) -> str:
    """The remedy for a text that is no value of the type."""
    return _WRITTEN.get(type_, "write a value of the column's type")


def literal(text: str, type_: Type) -> exp.Expr | None:
    """`text` as a constant of `type_`, or None where it is none."""
    if type_ in ("text", "unknown"):
        return nodes.text(nfc(text))
    if type_ == "integer":
        return nodes.number(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else None
    if type_ in ("decimal", "double"):
        return _number(text)
    if type_ == "boolean":
        return {"true": exp.true(), "false": exp.false()}.get(text)
    if type_ == "uuid":
        return _uuid(text)
    if type_ == "time":
        return _time(text)
    if type_ == "date":
        return _date(text)
    if type_ == "timestamp":
        return _timestamp(text)
    return None


def constant(text: str, type_: Type) -> Any:
    """The value of a text in a type that has an order; None where it is none, or `as_of`."""
    if literal(text, type_) is None:
        return None
    if type_ in ("integer", "decimal", "double"):
        return Decimal(text)
    if type_ == "time":
        return datetime.combine(date.min, time.fromisoformat(text))
    return datetime.fromisoformat(text) if type_ in ("date", "timestamp") else None


def _number(text: str) -> exp.Expr | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite() or not re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
        return None
    return nodes.number(text.lstrip("+"))


def _uuid(text: str) -> exp.Expr | None:
    plain = re.fullmatch(_UUID, text)
    return nodes.cast(nodes.text(text.lower()), "uuid") if plain else None


def _time(text: str) -> exp.Expr | None:
    if not re.fullmatch(_TIME, text):
        return None
    return nodes.cast(nodes.text(time.fromisoformat(text).isoformat()), "time")


def _date(text: str) -> exp.Expr | None:
    try:
        return nodes.cast(nodes.text(date.fromisoformat(text).isoformat()), "date")
    except ValueError:
        return None


def _timestamp(text: str) -> exp.Expr | None:
    if not _TIMESTAMP.fullmatch(text):
        return None
    try:
        return timestamp(datetime.fromisoformat(text))
    except ValueError:
        return None


def timestamp(moment: datetime) -> exp.Expr:
    """A moment without a zone (UTC) as a constant."""
    return nodes.cast(nodes.text(moment.replace(tzinfo=None).isoformat(sep=" ")), "timestamp")
