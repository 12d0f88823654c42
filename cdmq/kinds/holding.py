"""What kinds ask of the rows of a dataset: whether a value stands in a cell, and whose key is not its
own."""

from __future__ import annotations

from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.sql import nodes
from cdmq.sql.logical import logical
from cdmq.sql.types import Type
from cdmq.standards.whitespace import blank


def holds_value(column: str, type_: Type, dialect: str) -> exp.Expr:
    """Whether a value stands in a cell; a text of blanks is none. Most texts begin with a sign of
    ASCII that is seen, which is told at a glance."""
    there = nodes.present(nodes.column(column))
    if type_ != "text":
        return there
    text = nodes.by_code_point(nodes.column(column), dialect)
    plain = nodes.every(
        [
            exp.GTE(this=nodes.paren(text), expression=nodes.text("!")),
            exp.LT(this=nodes.paren(text.copy()), expression=nodes.text("\x7f")),
        ]
    )
    seen = exp.Not(this=nodes.paren(blank(nodes.column(column), dialect)))
    absent = nodes.is_null(nodes.column(column))
    return nodes.cases([(absent, exp.false()), (plain, exp.true())], seen)


def key_twice(rows: Rows) -> exp.Select:
    """The keys that stand more than once, whatever a rule is about."""
    key = nodes.paren(rows.key())
    query = nodes.select([nodes.alias(key, "key")], logical(rows.relation))
    nodes.group_by(query, [key.copy()])
    count = exp.GT(this=exp.Count(this=exp.Star()), expression=nodes.number(1))
    query.set("having", exp.Having(this=count))
    return query
