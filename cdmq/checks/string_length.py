"""string_length"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, model_validator
from sqlglot import exp

from cdmq.checks.base import Check, Context
from cdmq.project.fields import Whole
from cdmq.sql import nodes


class StringLength(Check):
    """The text has a number of characters between two ends; the ends pass.

    When to use: for names that are too short to be one, and for codes of a fixed length. Length
    counts characters (code points of the composed form, NFC), not bytes.

    Example:
        - column: last_name
          checks:
            - string_length: {min: 2, max: 40}

    Passes: `Wu`; NULL.
    Fails: `X`.
    """

    NAME: ClassVar[str] = "string_length"
    SEMANTICS: ClassVar[int] = 2

    min: Whole | None = Field(None, ge=0, description="The fewest characters that pass.")
    max: Whole | None = Field(None, ge=0, description="The most characters that pass.")

    @model_validator(mode="after")
    def _an_end(self) -> StringLength:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is above max: no text could pass")
        if not self.min and self.max is None:
            raise ValueError("min: 0 lets every text pass: write min: 1 or more")
        return self

    def failing(self, columns: tuple[str, ...], at: Context) -> exp.Expr:
        length = exp.Length(this=at.text(columns[0]))
        ends: list[exp.Expr] = []
        if self.min is not None:
            ends.append(exp.LT(this=length, expression=nodes.number(self.min)))
        if self.max is not None:
            ends.append(exp.GT(this=length, expression=nodes.number(self.max)))
        return nodes.any_of(ends)
