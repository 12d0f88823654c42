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
    Fails: NULL, `''`, and text of which nothing can be seen: spaces of any kind, no-break spaces,
    tabs and line breaks, and what `standardise: whitespace` removes (zero-width spaces, soft
    hyphens, control characters).
    """

    NAME: ClassVar[str] = "not_blank"
    SEMANTICS: ClassVar[int] = 2
    MISSING_IS: ClassVar[str] = "a missing value always fails not_blank"
    DIMENSION: ClassVar[str] = "completeness"

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        from cdmq.standards.whitespace import blank

        at.text(columns[0])  # a column of another type has no blank
        value = at.column(columns[0])
        return nodes.any_of([nodes.is_null(value), blank(value.copy(), at.dialect)])

    def judged(self, columns: tuple[str, ...], at: Context) -> exp.Expr | None:
        return None
