"""email"""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp

from cdmq.checks.base import Check, Context
from cdmq.sql import nodes


class Email(Check):
    """The text has the form of an e-mail address.

    When to use: on every e-mail column. It judges the form only: whether mail arrives is for a
    verification to say.

    Example:
        - column: email
          checks: [email]

    Passes: `anna.meyer+shop@example.co.uk`; NULL.
    Fails: `anna@@example.com`, `anna@example`, `anna meyer@example.com`.
    """

    NAME: ClassVar[str] = "email"

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        from cdmq.sql.patterns import matches
        from cdmq.standards.email import EMAIL_PATTERN

        return exp.Not(this=nodes.paren(matches(at.text(columns[0]), EMAIL_PATTERN, at.dialect)))
