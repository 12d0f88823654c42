"""not_null"""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp

from cdmq.checks.base import Check, Context
from cdmq.sql import nodes


class NotNull(Check):
    """The value is there.

    When to use: for what every record must have. A value counts as missing when it is NULL, one of
    the dataset's `missing_values` (white space around it does not count, letter case does), or a
    placeholder that a default set.

    Example:
        - column: email
          checks: [not_null]

    Passes: `anna@example.com`, and `''` where the empty text is no `missing_values` token.
    Fails: NULL; `n/a` where `missing_values` names it; `unavailable` set by a default.
    """

    NAME: ClassVar[str] = "not_null"
    MISSING_IS: ClassVar[str] = "a missing value always fails not_null"
    DIMENSION: ClassVar[str] = "completeness"

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        return nodes.is_null(at.column(columns[0]))

    def judged(self, columns: tuple[str, ...], at: Context) -> exp.Expr | None:
        return None
