"""What a file of a user looks like: how it is written, its columns, what names a record.

A guess is made from the file alone, and said with its reason, for a person to look at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from cdmq.files.cell_values import DATE_FORMS, ISO, TIME, ZONE

#: Rows that types, tokens and the key are guessed from.
MOST_ROWS = 50_000
#: Texts that mean nothing is known, where one is found more than once.
_TOKENS = frozenset({"n/a", "#n/a", "null", "nan", "-", "--", "?", "unknown", "k.a.", "(null)"})
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_WHOLE = re.compile(r"[+-]?(0|[1-9]\d{0,8})")
_POINT = re.compile(r"[+-]?(0|[1-9]\d{0,14})(\.\d{1,9})?")
_COMMA = re.compile(r"[+-]?([1-9]\d{0,2}(\.\d{3})+|0|[1-9]\d*)(,\d{1,9})?")
#: Thousands, or a figure with three decimals: 1,234 and 1.234.
_TWO = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
#: A day with a time behind it.
_TIMED = re.compile(rf"([0-9./-]+){TIME}(?:{ZONE})?")
_TRUTH = frozenset({"true", "false", "yes", "no"})
#: Columns whose digits are a name and no figure.
_NAMES = re.compile(
    r"(?i)(^|_|\b)(id|ids|key|no|nr|num|number|nummer|code|zip|plz|postcode|"
    r"postal|phone|tel|mobile|fax|iban|vat|tax|ssn|account|konto|ref)(\b|_|\d|$)|"
    r"(?i:id|nr|no|nummer|number|code|plz|phone|telefon)$"
)
_FITS = 0.95


@dataclass(frozen=True)
class Guess:
    """A dataset as it would be declared; `why`: key of the declaration -> reason."""

    name: str
    file: Path
    source: dict[str, str]
    columns: tuple[str, ...]
    types: dict[str, str]
    missing: tuple[str, ...]
    key: str | None
    emails: tuple[str, ...]
    rows: int
    whole: bool
    why: dict[str, str] = field(default_factory=dict)


def guess_table(
    name: str,
    file: Path,
    source: dict[str, str],
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    why: dict[str, str],
    whole: bool,
) -> Guess:
    """Types, missing tokens and key of columns whose texts are given."""
    by_column = {
        c: [r[i].strip() if i < len(r) else "" for r in rows] for i, c in enumerate(columns)
    }
    missing = _missing(by_column)
    shown = {c: [v for v in values if v and v not in missing] for c, values in by_column.items()}
    if missing:
        why["missing_values"] = "texts that stand where nothing is known: look whether it is so"
    key = _key(by_column, shown)
    source, types = _types(shown, dict(source), key, why)
    emails = tuple(
        c
        for c, values in shown.items()
        if len(values) > 2 and _share(values, _EMAIL.fullmatch) >= 0.8
    )
    if key:
        why["key"] = (
            f"it has a value in each of the {len(rows):,} records"
            + ("" if whole else " looked at")
            + ", and none twice"
        )
    return Guess(
        name, file, source, tuple(columns), types, missing, key, emails, len(rows), whole, why
    )


def _missing(by_column: dict[str, list[str]]) -> tuple[str, ...]:
    found = Counter(v for values in by_column.values() for v in values if v.lower() in _TOKENS)
    return tuple(sorted(v for v, count in found.items() if count > 1))


def _key(by_column: dict[str, list[str]], shown: dict[str, list[str]]) -> str | None:
    """The column that names a record: no value missing, none twice; by its name, then first."""
    fit = [
        c
        for c, values in by_column.items()
        if values
        and len(shown[c]) == len(values) == len(set(values))
        and max(map(len, values)) <= 100
    ]
    called = [c for c in fit if _NAMES.search(c)]
    first = [c for c in fit if c == next(iter(by_column))]
    return next(iter([*called, *first]), None)


def _types(
    shown: dict[str, list[str]], source: dict[str, str], key: str | None, why: dict[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Types by column; in `source` how the file writes dates and decimals."""
    figures = {c: v for c, v in shown.items() if len(v) > 2 and c != key and not _NAMES.search(c)}
    comma, point = _evidence(figures, _COMMA), _evidence(figures, _POINT)
    number = _COMMA if comma > point else _POINT
    if comma > point:
        source["decimal"], why["decimal"] = ",", "figures are written such as 1.234,50"
    doubtful = (
        {}
        if comma or point
        else {
            c: x
            for c, v in figures.items()
            if (x := next(filter(_TWO.fullmatch, v), None))
            and _share(v, re.compile(f"{_COMMA.pattern}|{_POINT.pattern}").fullmatch) >= _FITS
        }
    )
    if doubtful:
        shown_as = ", ".join(f"{c} ({x})" for c, x in doubtful.items())
        why["figures"] = (
            f"figures that may be thousands or have three decimals: {shown_as}. Say "
            "which with decimal:, and declare their columns"
        )
    form = _date_form(shown, why)
    if form and form != ISO:
        source["dates"] = form
    types = {}
    for column, values in shown.items():
        if len(values) < 3 or column in doubtful:
            continue
        if form and _share(values, partial(_is_day, forms={form, ISO})) >= _FITS:
            types[column] = "timestamp" if any(map(_TIMED.fullmatch, values)) else "date"
        elif {v.lower() for v in values} <= _TRUTH and len({v.lower() for v in values}) == 2:
            types[column] = "boolean"
        elif column in figures and _share(values, _WHOLE.fullmatch) >= _FITS:
            types[column] = "integer"
        elif column in figures and _share(values, number.fullmatch) >= _FITS:
            types[column] = "decimal"
    return source, types


def _evidence(figures: dict[str, list[str]], number: re.Pattern[str]) -> int:
    """How many columns are figures of this form, and hold one that no other form can mean."""
    other = _POINT if number is _COMMA else _COMMA
    return sum(
        _share(v, number.fullmatch) >= _FITS
        and any(not other.fullmatch(x) and not _TWO.fullmatch(x) for x in v if number.fullmatch(x))
        for v in figures.values()
    )


def _date_form(shown: dict[str, list[str]], why: dict[str, str]) -> str | None:
    """The form that the most columns of dates fit; None where there are two that fit as well."""
    fits: Counter[str] = Counter()
    for values in shown.values():
        some = values[:2_000]
        if len(some) < 3 or not re.search(r"\d", some[0]):
            continue
        for form in DATE_FORMS:
            if form != "YYYYMMDD" and _share(some, partial(_is_day, forms={form})) >= _FITS:
                fits[form] += 1
    if not fits:
        return None
    if len(fits) > 1:
        fits.pop(ISO, None)  # it is read beside each of the others
    best = max(fits.values())
    forms = [f for f, count in fits.items() if count == best]
    if len(forms) > 1:
        why["types"] = (
            f"dates may be written {' or '.join(forms)}: say which with dates:, and "
            "declare their columns"
        )
        return None
    why["dates"] = f"dates fit {forms[0]} and no other form"
    return forms[0]


def _is_day(text: str, forms: Collection[str]) -> bool:
    """A day in one of the forms, with a time behind it or without."""
    timed = _TIMED.fullmatch(text)
    return any(_is_date(timed[1] if timed else text, form) for form in forms)


def _is_date(text: str, form: str) -> bool:
    written, shape = DATE_FORMS[form]
    if not re.fullmatch(shape, text):
        return False
    try:
        return bool(datetime.strptime(text, written))
    except ValueError:
        return False


def _share(values: Sequence[str], fits: Callable[[str], object]) -> float:
    return sum(bool(fits(v)) for v in values) / len(values) if values else 0.0
