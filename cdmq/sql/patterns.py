"""A portable regular expression as a condition of one engine."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.functions.build import by_code_point
from cdmq.sql.functions.regex import translate


def matches(value: exp.Expr, pattern: str, dialect: str) -> exp.Expr:
    """True where the pattern is found in `value`; NULL where that is NULL."""
    translated = nodes.text(translate(pattern, dialect))
    if dialect == "duckdb":
        return nodes.call("regexp_matches", value, translated)
    return nodes.call("regexp_like", by_code_point(value), translated)
