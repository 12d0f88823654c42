"""Texts that are put in order: refused where a number or a date may be meant.

Text goes by its letters: '100' stands before '18'. Of a name that is compared with a word, such as
`name < 'M'`, that is what is meant; of figures it is silently wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from sqlglot import exp

from cdmq.sql.fitting import strip
from cdmq.sql.problem import ORDER, SqlProblem, say, start

Like = Literal["number", "date", "time"]
_MONTH = r"(jan|feb|mar|mrz|mär|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])\w*\.?"
_FORMS: tuple[tuple[Like, str], ...] = (
    ("number", r"[^\w\s]*\s*[+-]?\s*(\d[\d.,' ]*|[.,]\d+)(e[+-]?\d+)?\s*[^\w\s]?"),
    ("date", r"\d{1,4}[-./]\d{1,2}([-./]\d{1,4})?\.?([t ]\d{1,2}:.*)?"),
    ("date", rf"(\d{{1,2}}\W+)?{_MONTH}\W*(\d{{1,2}}\W+)?\d{{2,4}}"),
    ("time", r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"),
)
_CASTS: dict[Like, str] = {"number": "decimal(18, 2)", "date": "date"}


def looks_like(text: str) -> Like | None:
    """Whether a text is written as a number, a date or a time of day."""
    text = text.strip().lower()
    if re.fullmatch(r"[+-]?\d+\.\d+", text):
        return "number"
    found = (type_ for type_, form in reversed(_FORMS) if re.fullmatch(form, text))
    return next(found, None)


def check_order(sides: Sequence[exp.Expr], place: exp.Expr) -> None:
    """Raise SqlProblem where texts that may be figures or dates are put in order."""
    written = [s for n in sides if isinstance(s := strip(n), exp.Literal) and s.is_string]
    others = [n for n in sides if strip(n) not in written]
    if not others or any(_by_letters(strip(n)) for n in others):
        return
    meant = next(((lit, type_) for lit in written if (type_ := looks_like(lit.name))), None)
    if meant is None and written:
        return
    value = say(others[0])
    if meant is None:
        listed = " and ".join(dict.fromkeys(say(n) for n in others))
        both = ", ".join(dict.fromkeys(f"{say(n)}::date" for n in others))
        raise SqlProblem(
            ORDER,
            f"{listed} are text, and text goes by its letters: '100' comes before '18'",
            f"declare them in columns: of the dataset, or cast them: {both} (::decimal(18, 2) for "
            "numbers; ::text where the letters are meant)",
            start(place),
        )
    literal, type_ = meant
    if type_ == "time":
        raise SqlProblem(
            ORDER,
            f"{value} is text and is compared with '{literal.name}' by its letters: "
            "'9:30' comes after '10:00'",
            f"where all are written as 09:30, write {value}::text, compared with '{literal.name}'",
            start(place),
        )
    cast = f"{value}::{_CASTS[type_]}, compared with {_fitting(literal.name, type_)}"
    how = f"write {cast}"
    if isinstance(strip(others[0]), exp.Column):
        how = f"declare {value} in columns: of the dataset, or write {cast}"
    raise SqlProblem(
        ORDER,
        f"{value} is text and is compared with '{literal.name}' by its letters: "
        "'100' comes before '18'",
        how,
        start(place),
    )


def _fitting(text: str, type_: Like) -> str:
    """How the value is written beside one of its type."""
    if type_ == "number":
        return text if re.fullmatch(r"[+-]?\d+(\.\d+)?", text) else "a number such as 1234.5"
    if type_ == "date" and not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return "a date such as '2024-12-31'"
    return f"'{text}'"


def _by_letters(node: exp.Expr) -> bool:
    """It says itself that letters are meant: `code::text`, `lower(name)`."""
    if isinstance(node, exp.Cast):
        return node.args["to"].this in exp.DataType.TEXT_TYPES
    return isinstance(node, exp.Anonymous) and node.name in ("lower", "upper")
