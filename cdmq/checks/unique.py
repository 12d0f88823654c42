"""unique"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sqlglot import exp

from cdmq.checks.base import Check, Context, Scope
from cdmq.sql import nodes
from cdmq.sql.dialects import dialect_of


class Unique(Check):
    """No two records share the value.

    When to use: for what names one customer, such as an e-mail address or a tax number. Every
    record of a group that shares a value fails, so that a steward sees both sides. A letter with
    an accent is the same however it is composed (Unicode's NFC); letter case counts.

    Example:
        - column: email
          checks: [unique]

    Passes: a value that stands once; any number of NULLs.
    Fails: all records of a group with the same value.
    """

    NAME: ClassVar[str] = "unique"
    DIMENSION: ClassVar[str] = "uniqueness"
    SEMANTICS: ClassVar[int] = 2
    SCOPE: ClassVar[Scope] = "set"

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        values = [at.comparable(c) for c in columns]
        tested = nodes.all_of([nodes.all_present([at.column(c) for c in columns]), at.tested()])
        quick = dialect_of(at.dialect).queries.quick_hash
        if quick and any(at.type_of(c) == "text" for c in columns):
            # Texts are grouped by their hash, and only those that share one by themselves:
            # 0.73 times grouping the texts (3M e-mail addresses).
            mark = nodes.call(quick, *values)
            few = exp.In(this=mark, query=exp.Subquery(this=_shared([mark], at.table(), tested)))
            tested = nodes.all_of([tested, few])
        this = values[0] if len(values) == 1 else exp.Tuple(expressions=values)
        return exp.In(
            this=this.copy(), query=exp.Subquery(this=_shared(values, at.table(), tested))
        )


def _shared(values: Sequence[exp.Expr], table: exp.Expr, tested: exp.Expr | None) -> exp.Select:
    """The values that more than one tested row has."""
    found = nodes.select([v.copy() for v in values], table, tested.copy() if tested else None)
    nodes.group_by(found, [v.copy() for v in values])
    more = exp.GT(this=exp.Count(this=exp.Star()), expression=nodes.number(1))
    found.set("having", exp.Having(this=more))
    return found
