"""`missing_values`: the tokens that mean a cell is missing."""

from __future__ import annotations

import re

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.literals import literal
from cdmq.sql.types import Type
from cdmq.values import Dataset


def without_tokens(dataset: Dataset, name: str, type_: Type, value: exp.Expr) -> exp.Expr:
    """A value, or NULL where it is one of the column's `missing_values`."""
    tokens = token_literals(dataset, name, type_)
    if not tokens:
        return value
    return nodes.when(exp.In(this=value, expressions=tokens), nodes.null(), value.copy())


def token_literals(dataset: Dataset, column: str, type_: Type) -> list[exp.Expr]:
    """The `missing_values` of a column as literals of its type; a token of another form is none.

    `000` is the form of a text: it does not make the number 0 a missing one.
    """
    given = dataset.spec.missing_values
    tokens = given.get(column, []) if isinstance(given, dict) else given
    numbers = type_ in ("integer", "decimal", "double")
    found = (literal(t, type_) for t in dict.fromkeys(tokens)
             if not (numbers and re.match(r"[+-]?0\d", t)))
    return [node for node in found if node is not None]
