"""row_count"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, model_validator
from sqlglot import exp

from cdmq.checks.base import Check, Context, Scope
from cdmq.project.fields import Whole
from cdmq.sql import nodes


class RowCount(Check):
    """The dataset has a number of records between two ends; the ends pass.

    When to use: to notice a half-delivered file. The flag has no key: it is about the dataset.
    Named in `holds:` of the dataset it holds such a delivery back. A record for which `where`
    fails on a value may count or not: it is flagged `could_not_judge`, and the rule does not pass.

    Example:
        - id: crm_is_whole
          check: row_count
          min: 5000

    Passes: 5,000 records.
    Fails: 4,999 records, and an empty dataset.
    """

    NAME: ClassVar[str] = "row_count"
    MISSING_IS: ClassVar[str] = "row_count counts records"
    DIMENSION: ClassVar[str] = "coverage"
    SCOPE: ClassVar[Scope] = "dataset"
    TAKES: ClassVar = "none"
    GUARDS: ClassVar[bool] = True

    min: Whole | None = Field(None, ge=0, description="The fewest records that pass.")
    max: Whole | None = Field(None, ge=0, description="The most records that pass.")

    @model_validator(mode="after")
    def _an_end(self) -> RowCount:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is above max: no number of records could pass")
        if self.min == 0 and self.max is None:
            raise ValueError("min: 0 lets everything pass: write the fewest records, such as 1")
        return self

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        """The condition on the number of tested rows, which stands in the column `n`."""
        ends: list[exp.Expr] = []
        count = nodes.column("n")
        if self.min is not None:
            ends.append(exp.LT(this=count, expression=nodes.number(self.min)))
        if self.max is not None:
            ends.append(exp.GT(this=count, expression=nodes.number(self.max)))
        return nodes.any_of(ends)

    def judged(self, columns: tuple[str, ...], at: Context) -> exp.Expr | None:
        return None
