"""Brings a written number to plain digits with a point: `1.234,50 €` becomes `1234.5`.

**When to use.** On columns of amounts, prices and shares that people or other countries' programs
wrote. With `columns: {amount: decimal}` of a file the cells that cannot be read as they stand are
brought to this form and read: what then is a number is no longer flagged.

**Example.**

    defaults:
      - column: amount
        standardise: number
        decimal: ","
        otherwise: {set: unavailable, reason: invalid}

**Passes.** `$4.15` becomes `4.15`, `1.234,50 €` `1234.5`, `(12)` and `12-` `-12`, `3,00,000`
`300000`, `1'234.50 CHF` `1234.5`, `12.5 %` `0.125`; with decimal `.` `₹3,000` becomes `3000`.

**Fails.** `1,234` and `1.234` without a decimal: they may be thousands or thousandths. `1.2.3`,
`12 34`, `5 kg`, `about 7`, `1e5` have no such form.

The mark of the decimals is told by the text where only one reading is possible: two different
marks (`1.234,50`), one that stands twice (`1.234.567`), or one without three digits behind it or
with none, a zero or more than three digits before it (`1,5`, `0,125`, `1234.567`). `decimal`
decides the rest; of a typed column of a file it is that of the file. Digits are parted by comma,
point, space or apostrophe, by threes, or as in India. Signs of currencies, three capitals (`EUR`),
`kr`, `zł`, `Kč`, `Ft`, `Fr.`, `Rs.` and `,-` are left out: keep the currency in a column of its
own. A share in percent is divided by 100. Zeros in front and behind are left out; only where three
digits behind the point could be read as thousands is a fourth, a zero, added (`1,2340` becomes
`1.2340`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlglot import exp

from cdmq.standards import whitespace
from cdmq.standards._values import (
    Options,
    Tidied,
    bound,
    call,
    case,
    char_class,
    equal,
    extract,
    joined,
    matches,
    replace_all,
    text,
)

NAME = "number"
SEMANTICS = 1
#: Types of a file's column of which it makes values.
GIVES = ("integer", "decimal", "double")

#: Unicode 16, general category Sc.
_SIGNS: tuple[int | tuple[int, int], ...] = (
    0x24, (0xA2, 0xA5), 0x058F, 0x060B, (0x07FE, 0x07FF), (0x09F2, 0x09F3), 0x09FB, 0x0AF1, 0x0BF9,
    0x0E3F, 0x17DB, (0x20A0, 0x20C0), 0xA838, 0xFDFC, 0xFE69, 0xFF04, (0xFFE0, 0xFFE1),
    (0xFFE5, 0xFFE6),
)  # fmt: skip
_WORDS = "(?:kr|zł|Kč|Ft|S?Fr|Rs)[.]?|[A-Z]{3}"
_BODY = "[.,]?[0-9](?:[0-9.,'’ ]*[0-9])?"
_NEGATIVE = f"^- ?{_BODY}$|^{_BODY} ?-$|^[(] ?{_BODY} ?[)]$"
_WRITTEN = f"^[+]? ?{_BODY}$|{_NEGATIVE}"


class OPTIONS(BaseModel):
    """The words of this form."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decimal: Literal[".", ","] | None = Field(
        default=None, description="the mark of the decimals in 1,234 and 1.234"
    )


def tidy(value: exp.Expr, options: Options, dialect: str, alias: str) -> Tidied:
    """See the page above."""
    mark = options.get("decimal")
    clean = replace_all(whitespace.clean(value, dialect), "^[−–]|[−–]$", "-")

    def of(bare: exp.Expr) -> exp.Expr:
        return _signed(bare, None if mark is None else str(mark), dialect)

    return Tidied(bound(_bare(clean, dialect), of, "cdmq_b", dialect))


def _bare(clean: exp.Expr, dialect: str) -> exp.Expr:
    """The text without the currency, before or behind the digits, and without `,-`."""
    signs = f"[A-Z]{{0,3}}{char_class(_SIGNS, dialect)}|{_WORDS}"
    front = call("regexp_replace", clean, text(f"^([(+-]?) ?(?:{signs}) ?"), text("\\1"))
    behind = call("regexp_replace", front, text(f" ?(?:{signs})( ?[)-]?)$"), text("\\1"))
    return call("regexp_replace", behind, text("[.,][–—-]{1,2}$"), text(""))


def _signed(bare: exp.Expr, mark: str | None, dialect: str) -> exp.Expr:
    """The number of a text without currency, with its sign; NULL where it is none."""
    share = matches(bare, "[0-9] ?%", dialect)
    whole = call("regexp_replace", bare, text("([0-9]) ?%"), text("\\1"))
    body = case((matches(whole, _WRITTEN, dialect), extract(whole, _BODY, dialect)))
    plain = bound(body, lambda b: _plain(b, mark, dialect), "cdmq_n", dialect)
    shifted = call(
        "regexp_replace",
        joined(text("00"), plain),
        text("^([0-9]*)([0-9]{2})(?:[.]([0-9]*))?$"),
        text("\\1.\\2\\3"),
    )
    number = bound(
        case((share, shifted), otherwise=plain), lambda n: _short(n, dialect), "cdmq_s", dialect
    )
    negative = matches(whole, _NEGATIVE, dialect)

    def signed(n: exp.Expr) -> exp.Expr:
        below = exp.And(this=negative.copy(), expression=exp.Not(this=equal(n, text("0"))))
        return case((below, joined(text("-"), n)), otherwise=n)

    return bound(number, signed, "cdmq_m", dialect)


def _plain(body: exp.Expr, mark: str | None, dialect: str) -> exp.Expr:
    """Digits with a point for a number whose marks can be told; else NULL."""
    point = replace_all(body, "[, '’]", "")
    comma = call("replace", replace_all(body, "[. '’]", ""), text(","), text("."))
    cases = [
        (matches(body, _clear("[.]", ","), dialect), point),
        (matches(body, _clear(",", "[.]"), dialect), comma),
    ]
    if mark is not None:  # what is left may be read in two ways
        either = matches(body, "^[1-9][0-9]{0,2}[.,][0-9]{3}$", dialect)
        cases.append((either, point if mark == "." else comma))
    return case(*cases)


def _clear(mark: str, other: str) -> str:
    """The pattern of a body in which `mark` can be nothing but that of the decimals."""
    some = f"(?:{mark}[0-9]+)"
    return "|".join(
        f"^{shape}$"
        for shape in (
            "[0-9]+",
            f"(?:0[0-9]*|[0-9]{{4,}})?{mark}[0-9]+",
            f"[0-9]{{1,3}}{mark}(?:[0-9]{{1,2}}|[0-9]{{4,}})",
            f"[0-9]{{1,3}}(?:{other}[0-9]{{3}})+{some}",
            f"[0-9]{{1,3}}(?:{other}[0-9]{{3}}){{2,}}",
            f"[0-9]{{1,2}}(?:{other}[0-9]{{2}})+{other}[0-9]{{3}}{some}?",
            f"[0-9]{{1,3}}(?: [0-9]{{3}})+{some}?",
            f"[0-9]{{1,3}}(?:['’][0-9]{{3}})+{some}?",
        )
    )


def _short(plain: exp.Expr, dialect: str) -> exp.Expr:
    """Without zeros in front and behind; never in a form that may be read in two ways."""
    front = call("regexp_replace", plain, text("^0*([0-9]+)"), text("\\1"))
    front = call("regexp_replace", front, text("^[.]"), text("0."))
    front = call("regexp_replace", front, text("^0+([0-9])"), text("\\1"))
    behind = call("rtrim", call("rtrim", front, text("0")), text("."))
    bare = case((matches(front, "[.]", dialect), behind), otherwise=front)
    return call("regexp_replace", bare, text("^([1-9][0-9]{0,2}[.][0-9]{3})$"), text("\\10"))
