"""`missing_values`: the tokens that mean a cell is missing."""

from __future__ import annotations

import re

from sqlglot import exp

from cdmq.files.missing import is_word, tokens_of
from cdmq.sql import nodes
from cdmq.sql.literals import literal
from cdmq.sql.types import Type
from cdmq.values import Dataset


def without_tokens(
    dataset: Dataset, name: str, type_: Type, value: exp.Expr, dialect: str
) -> exp.Expr:
    """A value, or NULL where it is one of the column's `missing_values`."""
    found = is_token(dataset, name, type_, value, dialect)
    return value if found is None else nodes.when(found, nodes.null(), value.copy())


def is_token(
    dataset: Dataset, name: str, type_: Type, value: exp.Expr, dialect: str
) -> exp.Expr | None:
    """The condition that a value is a token of its column; None where there are none."""
    if type_ not in ("text", "unknown"):
        tokens = token_literals(dataset, name, type_)
        return exp.In(this=value, expressions=tokens) if tokens else None
    words = tokens_of(dataset, name)
    return is_word(value, words, dialect) if words else None


def token_literals(dataset: Dataset, column: str, type_: Type) -> list[exp.Expr]:
    """The `missing_values` of a column as literals of its type; a token of another form is none.

    `000` is the form of a text: it does not make the number 0 a missing one.
    """
    numbers = type_ in ("integer", "decimal", "double")
    found = (
        literal(t, type_)
        for t in tokens_of(dataset, column)
        if not (numbers and re.match(r"[+-]?0\d", t))
    )
    return [node for node in found if node is not None]
