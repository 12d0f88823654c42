"""key"""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp

from cdmq.checks.base import Context
from cdmq.checks.unique import Unique
from cdmq.sql import nodes


class Key(Unique):
    """The key of a dataset names one record, and each record has one.

    When to use: never by hand, every dataset with a key has this rule of itself, with the id
    `dataset.key`. All records that share a key fail, and all in which a part of it is NULL. None
    is merged or dropped: in matching and golden records each is a record of its own. Written in a
    rule file it says what else is known of the rule: severity, owner, error_above.

    Example:
        validation:
          - check: key
            severity: warn
            why: The export of the till repeats some numbers.

    Passes: a key that stands once.
    Fails: all records of a group with the same key; a NULL, also in one part of several.
    """

    NAME: ClassVar[str] = "key"
    TAKES: ClassVar = "key"
    OF_ITSELF: ClassVar[bool] = True

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        missing = [nodes.is_null(at.column(c)) for c in columns]
        return nodes.any_of([*missing, super().failing(columns, at)])

    def judged(self, columns: tuple[str, ...], at: Context) -> exp.Expr | None:
        return None
