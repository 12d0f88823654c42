"""expression"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from sqlglot import exp

from cdmq.checks.base import Check, Context
from cdmq.project.fields import Sql
from cdmq.sql import nodes


class Expression(Check):
    """A condition in SQL holds for the row.

    When to use: where one column must fit another, and for what no other check says. One
    expression in DuckDB's dialect: no subquery, no statement, no clock (`as_of` is the run's
    time). A row for which the condition is NULL passes; a row on which a cast or a division fails
    is flagged `could_not_judge`.

    Example:
        - id: order_after_signup
          check: expression
          must: last_order_date >= signup_date
          where: status = 'active'
          why: An order before the account exists is a wrong customer number.

    Passes: the order on the day of the signup; no order yet (NULL).
    Fails: the order on the day before.
    """

    NAME: ClassVar[str] = "expression"
    SEMANTICS: ClassVar[int] = 2
    DIMENSION: ClassVar[str] = "consistency"
    TAKES: ClassVar = "none"

    must: Sql = Field(description="The condition that holds for a good row.")

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        holds = at.expression("must")
        failed: exp.Expr = exp.Not(this=nodes.paren(holds))
        if self.missing == "fail":
            unjudged = at.could_not_judge("must")
            failed = nodes.any_of(
                [
                    failed,
                    nodes.all_of(
                        [
                            nodes.is_null(nodes.paren(holds.copy())),
                            None
                            if unjudged is None
                            else exp.Not(
                                this=exp.Coalesce(
                                    this=nodes.paren(unjudged), expressions=[exp.false()]
                                )
                            ),
                        ]
                    )
                    or failed,
                ]
            )
        return failed

    def judged(self, columns: tuple[str, ...], at: Context) -> exp.Expr | None:
        if self.missing == "fail":
            return None
        return at.presence("must")

    def could_not_judge(self, columns: tuple[str, ...], at: Context) -> exp.Expr | None:
        return at.could_not_judge("must")
