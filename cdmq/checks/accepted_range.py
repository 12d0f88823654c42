"""accepted_range"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, model_validator
from sqlglot import exp

from cdmq.checks.base import Check, Context
from cdmq.kinds.base import Bool
from cdmq.sql import nodes


class AcceptedRange(Check):
    """The value lies between two ends; the ends themselves pass.

    When to use: for amounts, scores and dates. One end may be left open. `inclusive: false` lets
    the ends fail. `as_of` names the run's date as an end.

    Example:
        - column: birth_date
          checks:
            - accepted_range: {min: 1900-01-01, max: as_of}

    Passes: `1900-01-01`; NULL.
    Fails: `1899-12-31`.
    """

    NAME: ClassVar[str] = "accepted_range"

    min: str | None = Field(None, alias="min", description="The lowest value that passes.")
    max: str | None = Field(None, alias="max", description="The highest value that passes.")
    inclusive: Bool = Field(True, description="false: the ends themselves fail.")

    @model_validator(mode="after")
    def _an_end(self) -> AcceptedRange:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        return self

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        value, type_ = at.column(columns[0]), at.type_of(columns[0])
        below, above = (exp.LT, exp.GT) if self.inclusive else (exp.LTE, exp.GTE)
        ends: list[exp.Expr] = []
        if self.min is not None:
            ends.append(below(this=value, expression=at.literal(self.min, type_, "min")))
        if self.max is not None:
            ends.append(above(this=value, expression=at.literal(self.max, type_, "max")))
        return nodes.any_of(ends)
