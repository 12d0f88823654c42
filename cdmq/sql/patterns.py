"""A portable regular expression as a condition of one engine."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.dialects import dialect_of
from cdmq.sql.functions.regex import written


def matches(value: exp.Expr, pattern: str, dialect: str) -> exp.Expr:
    """True where the pattern is found in `value`; NULL where that is NULL."""
    says = dialect_of(dialect)
    whole = says.texts.by_code_point(value)
    return found(whole, written(pattern, says.patterns.anchors), dialect)


def found(value: exp.Expr, pattern: str, dialect: str) -> exp.Expr:
    """The same of a pattern that is written for the engine, or means the same on each."""
    return nodes.call(dialect_of(dialect).patterns.found, value, nodes.text(pattern))
