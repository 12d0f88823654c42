"""Trims, turns every run of white space into one space, removes characters one cannot see.

**When to use.** On any text column that people or spreadsheets fill. Line breaks count as
white space: leave notes alone, or lose their paragraphs.

**Example.**

    defaults:
      - column: city
        standardise: whitespace

**Passes.** `  New\\tYork ` becomes `New York`; a text of spaces only becomes NULL.

**Fails.** Nothing: every text has a form.

White space is Unicode's White_Space property. Removed are control characters, the soft hyphen,
zero-width space and word joiner, marks of writing direction, the byte order mark. Zero-width
joiner and non-joiner are letters of Persian and Indic spelling and hold emoji together: they
are removed at the ends only. A letter with an accent is composed (Unicode's NFC), as by every
standard.
"""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql.dialects import dialect_of
from cdmq.standards._values import (
    NoOptions,
    Options,
    Tidied,
    as_text,
    call,
    case,
    char_class,
    matches,
    none_if_empty,
    replace_all,
    text,
)

NAME = "whitespace"
SEMANTICS = 2
OPTIONS = NoOptions

#: Unicode 16, PropList.txt, White_Space.
SPACES: tuple[int | tuple[int, int], ...] = (
    (0x09, 0x0D), 0x20, 0x85, 0xA0, 0x1680, (0x2000, 0x200A), 0x2028, 0x2029, 0x202F, 0x205F,
    0x3000,
)  # fmt: skip
#: Controls (Cc) that are no white space, and the format characters (Cf) named above.
UNSEEN: tuple[int | tuple[int, int], ...] = (
    (0x01, 0x08), (0x0E, 0x1F), (0x7F, 0x84), (0x86, 0x9F), 0xAD, 0x061C, 0x180E, 0x200B,
    0x200E, 0x200F, (0x202A, 0x202E), (0x2060, 0x206F), 0xFEFF,
)  # fmt: skip
JOINERS: tuple[int | tuple[int, int], ...] = (0x20, 0x200C, 0x200D)


def clean(value: exp.Expr, dialect: str) -> exp.Expr:
    """`value` without unseen characters, trimmed, runs collapsed; the empty text where all goes.

    It is composed last: what an unseen character parted may be one letter now.
    """
    node = replace_all(as_text(value), char_class(_unseen(dialect), dialect) + "+", "")
    node = replace_all(node, char_class(SPACES, dialect) + "+", " ")
    ends = char_class(JOINERS, dialect) + "+"
    node = replace_all(node, f"^{ends}|{ends}$", "")
    return call(dialect_of(dialect).texts.nfc, node)


def _unseen(dialect: str) -> tuple[int | tuple[int, int], ...]:
    return ((0x00, 0x08), *UNSEEN[1:]) if dialect_of(dialect).texts.holds_nul else UNSEEN


def blanks(dialect: str) -> str:
    """The class of all that is nothing at the ends of a text: white space, and the unseen."""
    return char_class((*SPACES, *_unseen(dialect), *JOINERS[1:]), dialect)


def blank(value: exp.Expr, dialect: str) -> exp.Expr:
    """True where a text holds nothing that can be seen; NULL where it is NULL."""
    seen = "[^" + blanks(dialect).removeprefix("[")
    return exp.Not(this=exp.Paren(this=matches(value, seen, dialect)))


def stripped(value: exp.Expr, dialect: str) -> exp.Expr:
    """A text without the white space and the unseen characters around it."""
    some = blanks(dialect) + "+"
    return replace_all(value, f"^{some}|{some}$", "")


def trimmed(value: exp.Expr, dialect: str) -> exp.Expr:
    """As `stripped`, quick for a text that needs nothing."""
    return case((ragged(value, dialect), stripped(value, dialect)), otherwise=value)


def ragged(value: exp.Expr, dialect: str) -> exp.Expr:
    """True where white space may stand around a text: cheap, and false for nearly all."""
    first, last = dialect_of(dialect).texts.ends(value)
    return _outside(exp.Paren(this=first), exp.Paren(this=last))


def _outside(first: exp.Expr, last: exp.Expr) -> exp.Expr:
    """Not between the first and the last sign of ASCII that is seen."""
    low, high = text("!"), text("\x7f")
    tests = [
        cls(this=side.copy(), expression=end.copy())
        for side in (first, last)
        for cls, end in ((exp.LT, low), (exp.GTE, high))
    ]
    whole: exp.Expr = tests[0]
    for test in tests[1:]:
        whole = exp.Or(this=whole, expression=test)
    return exp.Paren(this=whole)


def already(value: exp.Expr, dialect: str) -> exp.Expr:
    """Words of plain letters and signs with one space between: 0.3 times the cost of `tidy`."""
    return matches(value, "^[!-~À-ɏ]+(?: [!-~À-ɏ]+)*$", dialect)


def tidy(value: exp.Expr, options: Options, dialect: str, alias: str) -> Tidied:
    """See the page above."""
    return Tidied(none_if_empty(clean(value, dialect)))
