"""Brings a written date to ISO 8601 text, `YYYY-MM-DD`.

**When to use.** On text columns of dates, before they are cast or compared. `order` says how
`03/04/2024` is meant; it is never guessed. On a column of a file that is declared as date, the
cells that cannot be read as they stand are brought to this form and read: what then is a day is no
longer flagged. There the file's `dates:` says the order, where it has one.

**Example.**

    defaults:
      - column: birth_date
        standardise: date
        order: DMY
        otherwise: {set: unavailable, reason: invalid}

**Passes.** `31.12.2024`, `2024-12-31`, `20241231`, `2024-12-31 00:00:00`, `31. Dezember 2024`,
`Dec 31, 2024`; with order MDY `12/31/2024`: all become `2024-12-31`.

**Fails.** `30.02.2024` (no such day), `31/12/2024` without an order or with order MDY,
`31.12.24` without a pivot, `2024`, `soon` have no such form.

Year first is always year, month, day. Without an order, dots mean day, month, year
(`31.12.2024`) and other signs are not read unless the year comes first. With an order it holds
for dots, slashes, hyphens and spaces alike. Names of months: English, German, French, Italian,
Spanish, Dutch, Portuguese, in full or abbreviated; the day stands before the month or behind
it. Two-digit years are read only with `pivot`: with `pivot: 30`, 00 to 30 are 2000 to 2030 and
31 to 99 are 1931 to 1999. A time of day behind the date is dropped. Years 0001 to 9999 of the
Gregorian calendar.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlglot import exp

from cdmq.standards import whitespace
from cdmq.standards._letters import lower
from cdmq.standards._values import (
    Lookup,
    Options,
    Tidied,
    as_text,
    call,
    case,
    equal,
    extract,
    joined,
    replace_all,
    text,
)

NAME = "date"
SEMANTICS = 2
#: Types of a file's column of which it makes values.
GIVES = ("date",)

_TIME = (
    "[t ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?"
    " ?(?:[ap][.]?m[.]?|z|utc|[+-][0-9:]{2,5})?$"
)
#: The month in letters, then the day if it stands behind, then the year.
_MONTH = (
    "([a-zß-ɏ]{3,})[., -]*(?:[0-9]{1,2}(?:st|nd|rd|th|er)?[., -]+)?(?:de |del |of )?"
    "[0-9]{2}(?:[0-9]{2})?$"
)
_SIGNS = {None: " ?[.] ?", "DMY": "[./ -]+", "MDY": "[./ -]+", "YMD": "[./ -]+"}
#: Where year, month and day stand among the three figures.
_PLACES = {"DMY": "\\3-0\\2-0\\1", "MDY": "\\3-0\\1-0\\2", "YMD": "\\1-0\\2-0\\3"}
#: Every day of the Gregorian calendar: 31 days, 30 days, 28 days, 29 February of leap years.
_CALENDAR = (
    "^(?:[0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-"
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))$"
    "|^(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29$"
)


class OPTIONS(BaseModel):
    """The words of this form."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: Literal["DMY", "MDY", "YMD"] | None = Field(
        default=None, description="what 03/04/2024 means: day, month, year in their order"
    )
    pivot: int | None = Field(
        default=None, ge=0, le=99, description="the last two-digit year that is 20xx"
    )


def tidy(value: exp.Expr, options: Options, dialect: str, alias: str) -> Tidied:
    """See the page above."""
    order, pivot = options.get("order"), options.get("pivot")
    clean = whitespace.clean(lower(as_text(value), dialect), dialect)
    day = call("regexp_replace", clean, text(_TIME), text(""))
    table = f"{alias}_month"
    month = exp.column("month", table)
    lookup = Lookup(
        "months", table, equal(exp.column("name", table), extract(day, _MONTH, dialect, group=1))
    )
    no_month = exp.Is(this=month.copy(), expression=exp.Null())
    figures = _figures(day, None if order is None else str(order))
    dated = case((no_month, figures), otherwise=_named(day, month))
    if pivot is not None:
        dated = _centuries(dated, int(str(pivot)))
    padded = replace_all(dated, "-0([0-9]{2})", "-\\1")
    return Tidied(extract(padded, _CALENDAR, dialect), (lookup,))


def _figures(day: exp.Expr, order: str | None) -> exp.Expr:
    """Year-0month-0day of a date in figures; what is none stays as it is."""
    sign = _SIGNS[order]
    two = "([0-9]{1,2})"
    shapes = [
        (f"^([0-9]{{4}})[./ -]+{two}[./ -]+{two}$", _PLACES["YMD"]),
        ("^([0-9]{4})([0-9]{2})([0-9]{2})$", _PLACES["YMD"]),
    ]
    if order == "YMD":
        shapes.append((f"^([0-9]{{2}}){sign}{two}{sign}{two}$", _PLACES["YMD"]))
    else:
        year = "([0-9]{2}(?:[0-9]{2})?)"
        shapes.append((f"^{two}{sign}{two}{sign}{year}$", _PLACES[order or "DMY"]))
    for pattern, places in shapes:
        day = call("regexp_replace", day, text(pattern), text(places))
    return day


def _named(day: exp.Expr, month: exp.Expr) -> exp.Expr:
    """Year-month-0day of a date whose month is in letters: the figures left are day and year."""
    figures = replace_all(day, "[^0-9]+", " ")
    places = joined(text("\\2-"), month, text("-0\\1"))
    return call("regexp_replace", figures, text("^ ?([0-9]{1,2}) ([0-9]+)$"), places)


def _centuries(dated: exp.Expr, pivot: int) -> exp.Expr:
    """Two-digit years up to the pivot are 20xx, the others 19xx."""
    low = "|".join(f"{year:02d}" for year in range(pivot + 1))
    recent = call("regexp_replace", dated, text(f"^({low})-"), text("20\\1-"))
    return call("regexp_replace", recent, text("^([0-9]{2})-"), text("19\\1-"))
