"""unique"""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp

from cdmq.checks.base import Check, Context, Scope
from cdmq.sql import nodes


class Unique(Check):
    """No two records share the value.

    When to use: for what names one customer, such as an e-mail address or a tax number. Every
    record of a group that shares a value fails, so that a steward sees both sides.

    Example:
        - column: email
          checks: [unique]

    Passes: a value that stands once; any number of NULLs.
    Fails: all records of a group with the same value.
    """

    NAME: ClassVar[str] = "unique"
    DIMENSION: ClassVar[str] = "uniqueness"
    SCOPE: ClassVar[Scope] = "set"

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        values = [at.column(c) for c in columns]
        conditions = nodes.all_of([nodes.all_present(values), at.tested()])
        shared = nodes.group_by(nodes.select(values, at.table(), conditions), values)
        more = exp.GT(this=exp.Count(this=exp.Star()), expression=nodes.number(1))
        shared.set("having", exp.Having(this=more))
        this = values[0].copy() if len(values) == 1 else exp.Tuple(
            expressions=[v.copy() for v in values]
        )
        return exp.In(this=this, query=exp.Subquery(this=shared))
