"""Rows as a csv that is the same each time, and that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Sequence

#: A number, as of a phone: it begins with a sign, and no spreadsheet reckons with it.
_NUMBER = re.compile(r"[+-]?[0-9][0-9 .]*")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_MARK = "'"


def safe(cell: str | None) -> str:
    """A cell that a spreadsheet shows as it is: what would be a formula begins with an apostrophe,
    and what begins with one before that with one more."""
    text = cell or ""
    return f"{_MARK}{text}" if _runs(text.lstrip(_MARK)) else text


def plain(cell: str) -> str:
    """A cell as it was before `safe`."""
    return cell[1:] if cell.startswith(_MARK) and _runs(cell.lstrip(_MARK)) else cell


def _runs(text: str) -> bool:
    """Whether a spreadsheet takes a text for a formula."""
    return text.startswith(_FORMULA) and not _NUMBER.fullmatch(text)


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> str:
    """A comma between cells, a line feed after each row."""
    told = io.StringIO()
    writer = csv.writer(told, lineterminator="\n")
    writer.writerow([safe(c) for c in columns])
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return told.getvalue()


def digest_of(text: str) -> str:
    """Of the csv as UTF-8."""
    return hashlib.sha256(text.encode()).hexdigest()
