"""A cell of a workbook as text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from cdmq.files.workbook import formula
from cdmq.values import Dataset


def shown(cell: Any, written: Any) -> Any:
    """The value; a whole number with the zeros before it that its format shows.

    `written`: the same cell with its formula, where some formulas were never computed.
    """
    value = cell.value
    if value is None and cell.data_type == "n":  # of a formula that gave no text it is str
        return formula(written)
    if type(value) is int and value >= 0 and set(form := cell.number_format) == {"0"}:
        return str(value).zfill(len(form))
    return value


def text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value).replace("\0", "\u2400")


def reader_of(dataset: Dataset, column: str) -> Callable[[Any], str]:
    """A number of a cell as the dataset says that its files write numbers."""
    source = dataset.spec.file
    assert source is not None
    type_ = dataset.spec.columns.get(column, "text")

    def read(value: Any) -> str:
        number = isinstance(value, float | int) and not isinstance(value, bool)
        if type_ in ("decimal", "double") and number and source.decimal == ",":
            return text(value).replace(".", ",")
        return text(value)

    return read
