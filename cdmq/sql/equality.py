"""One idea of equal text: what Unicode calls canonically equivalent is the same, so é is é.

Texts are compared in their composed form (NFC); what a dataset holds stays as it is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from sqlglot import exp

from cdmq.sql.dialects import dialect_of

#: The only signs of ASCII that another character is composed to: of Kelvin, the Greek question
#: mark and the Greek varia.
_ALSO_WRITTEN = frozenset("K;`")


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def composed(value: exp.Expr, dialect: str) -> exp.Expr:
    """A text in the form in which it is compared."""
    return dialect_of(dialect).texts.composed(value)


def decides(word: str) -> bool:
    """Whether a text in any form equals the word exactly where it does as it stands."""
    return word.isascii() and not _ALSO_WRITTEN & set(word)


def is_one_of(value: exp.Expr, words: Sequence[str], dialect: str) -> exp.Expr:
    """The condition that a text equals one of some words; NULL where it is NULL."""
    listed = [exp.Literal.string(w) for w in dict.fromkeys(map(nfc, words))]
    found = exp.In(this=value, expressions=listed)
    if all(decides(w) for w in words):
        return found
    # Most values are in the list as they stand: the others alone are composed.
    other = exp.In(this=composed(value.copy(), dialect), expressions=[n.copy() for n in listed])
    return exp.Paren(this=exp.Or(this=found, expression=other))
