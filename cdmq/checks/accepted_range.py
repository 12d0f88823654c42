"""accepted_range"""

from __future__ import annotations

import re
from typing import ClassVar

from pydantic import Field, model_validator
from sqlglot import exp

from cdmq.checks.base import Check, Context
from cdmq.project.fields import Bool
from cdmq.sql import nodes
from cdmq.sql.literals import constant
from cdmq.sql.text_order import looks_like
from cdmq.sql.types import SIZED, Type, a


class AcceptedRange(Check):
    """The value lies between two ends; the ends themselves pass.

    When to use: for amounts, scores, dates and times of day. One end may be left open.
    `inclusive: false` lets the ends fail. `as_of` names the run's date as an end. A text has no
    range, as it goes by its letters: declare what it is in `columns:` of the dataset.

    Example:
        - column: birth_date
          checks:
            - accepted_range: {min: 1900-01-01, max: as_of}

    An end that is a day takes in the whole of it where the column is a timestamp: `max: 2024-12-31`
    passes `2024-12-31 23:30`.

    Passes: `1900-01-01`; NULL.
    Fails: `1899-12-31`.
    """

    NAME: ClassVar[str] = "accepted_range"
    SEMANTICS: ClassVar[int] = 2

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
        if type_ == "text":
            raise self._letters(columns[0], at)
        if type_ not in SIZED:
            raise at.problem(
                "column",
                "CDMQ247",
                f"{columns[0]} is {a(type_)}, which has no larger and no smaller",
                "check it with accepted_values",
            )
        below, above = (exp.LT, exp.GT) if self.inclusive else (exp.LTE, exp.GTE)
        ends: list[exp.Expr] = []
        if self.min is not None:
            low = self.min if self.inclusive else _whole_day(self.min, type_)
            ends.append(below(this=value, expression=at.literal(low, type_, "min")))
        if self.max is not None:
            high = _whole_day(self.max, type_) if self.inclusive else self.max
            ends.append(above(this=value, expression=at.literal(high, type_, "max")))
        self._in_order(type_, at)
        return nodes.any_of(ends)

    def _letters(self, column: str, at: Context) -> Exception:
        """Text goes by its letters: 1000 would lie between 0 and 500."""
        given = [
            (f, sign, e)
            for f, sign, e in (("min", ">=", self.min), ("max", "<=", self.max))
            if e is not None
        ]
        place, likes = given[0][0], {looks_like(e) for _, _, e in given if e != "as_of"}
        if None in likes or "time" in likes:
            words = " and ".join(f"{column} {sign} '{e}'" for _, sign, e in given)
            return at.problem(
                place,
                "CDMQ245",
                f"{column} is text: a range is of numbers, dates and times",
                f'for its letters write: check: expression, must: "{words}"',
            )
        dated = likes != {"number"}
        whole = all(e.lstrip("+-").isdecimal() for _, _, e in given)
        to: Type = "date" if dated else "integer" if whole else "decimal"
        cast = "decimal(18, 2)" if to == "decimal" else to
        must = " and ".join(
            f"{column}::{cast} {sign} {self._written(e, dated)}" for _, sign, e in given
        )
        return at.problem(
            place,
            "CDMQ245",
            f"{column} is text, which goes by its letters: '100' comes before '18'",
            at.how_to_type(column, to, must),
        )

    def _written(self, end: str, dated: bool) -> str:
        return f"'{end}'" if dated and end != "as_of" else end

    def _in_order(self, type_: Type, at: Context) -> None:
        """Raise where no value can lie between the ends."""
        if self.min is None or self.max is None:
            return
        low = constant(self.min, type_)
        high = constant(_whole_day(self.max, type_) if self.inclusive else self.max, type_)
        if low is None or high is None:
            return
        if low > high:
            raise at.problem(
                "min",
                "CDMQ246",
                "min is above max: no value could pass",
                f"write min: {self.max}, max: {self.min}",
            )
        if low == high and not self.inclusive:
            raise at.problem(
                "min",
                "CDMQ246",
                "min is max, and the ends fail: no value could pass",
                "leave out inclusive: false",
            )


def _whole_day(end: str, type_: Type) -> str:
    """The last moment of an end that is a day, for a column of moments."""
    if type_ != "timestamp" or not re.fullmatch(r"\d{4}-\d\d-\d\d", end):
        return end
    return f"{end} 23:59:59.999999"
