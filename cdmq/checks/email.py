"""email"""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp

from cdmq.checks.base import Check, Context
from cdmq.sql import nodes


class Email(Check):
    """The text has the form of an e-mail address.

    When to use: on every e-mail column. It judges the form only: whether mail arrives is for a
    verification to say. Valid is what `standardise: email` calls valid: its page says which
    letters a domain may have (`info@müller.de` passes) and how long the parts may be.

    Example:
        - column: email
          checks: [email]

    Passes: `anna.meyer+shop@example.co.uk`; NULL.
    Fails: `anna@@example.com`, `anna@example`, `anna meyer@example.com`, more than 64 characters
    before the @, a part of the domain of more than 63.
    """

    NAME: ClassVar[str] = "email"
    SEMANTICS: ClassVar[int] = 2

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        from cdmq.standards.email import valid

        return exp.Not(this=nodes.paren(valid(at.text(columns[0]), at.dialect)))
