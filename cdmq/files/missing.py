"""Which texts are the tokens of `missing_values`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.equality import composed, is_one_of, nfc
from cdmq.standards.whitespace import ragged, stripped
from cdmq.values import Dataset


def tokens_of(dataset: Dataset, column: str) -> list[str]:
    """The tokens of a column as they are written, and without the white space around them."""
    given = dataset.spec.missing_values
    tokens = given.get(column, []) if isinstance(given, dict) else given
    return list(dict.fromkeys([*tokens, *(t.strip() for t in tokens)]))


def is_word(value: exp.Expr, tokens: Sequence[str], dialect: str) -> exp.Expr:
    """The condition that a text is one of some tokens.

    White space around it does not count, nor how its letters are composed; letter case does.
    """
    inside = exp.In(
        this=composed(stripped(value, dialect), dialect),
        expressions=[nodes.text(nfc(t)) for t in tokens],
    )
    padded = nodes.every([ragged(value, dialect), inside])
    return nodes.any_of([is_one_of(value.copy(), tokens, dialect), padded])
