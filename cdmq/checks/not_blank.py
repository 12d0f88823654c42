"""not_blank"""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp

from cdmq.checks.base import Check, Context
from cdmq.sql import nodes


class NotBlank(Check):
    """The text is there and holds more than spaces.

    When to use: for names and addresses, where a lone space fools `not_null`.

    Example:
        - column: last_name
          checks: [not_blank]

    Passes: `Meyer`.
    Fails: NULL, `''`, and text of spaces, tabs and line breaks only.
    """

    NAME: ClassVar[str] = "not_blank"
    DIMENSION: ClassVar[str] = "completeness"

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        from cdmq.sql.patterns import matches

        value = at.column(columns[0])
        blank = exp.Not(this=nodes.paren(matches(at.text(columns[0]), r"\S", at.dialect)))
        return nodes.any_of([nodes.is_null(value), blank])

    def judged(self, columns: tuple[str, ...], at: Context) -> exp.Expr | None:
        return None
