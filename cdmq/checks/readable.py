"""readable"""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp

from cdmq.checks.base import Check, Context
from cdmq.sql import nodes


class Readable(Check):
    """The cell of a file could be read as the type that the dataset declares.

    When to use: never by hand, every column of a file with a declared type other than text has
    this rule of itself, with the id `dataset.column.readable`; a cell that cannot be read is
    missing in the dataset, and its text stands in the flag. Written in a rule file it says what
    else is known of the rule: severity, owner, error_above.

    Example:
        # models/crm.yml
        columns: {birth_date: date}      # makes the rule crm_export.birth_date.readable
        # rules/crm.yml
        validation:
          - column: birth_date
            checks:
              - readable:
                severity: warn

    Passes: `24.12.1990` where the file says `dates: DD.MM.YYYY`; an empty cell.
    Fails: `31.02.1990`, `about 1990`.
    """

    NAME: ClassVar[str] = "readable"
    OF_ITSELF: ClassVar[bool] = True

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        return nodes.present(at.unreadable(columns[0]))

    def judged(self, columns: tuple[str, ...], at: Context) -> exp.Expr | None:
        return nodes.any_of(
            [nodes.present(at.column(columns[0])), nodes.present(at.unreadable(columns[0]))]
        )
