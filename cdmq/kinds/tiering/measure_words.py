"""Measures of a tiering rule that hang on the other measures: ranks among all, and points."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
    model_validator,
)

from cdmq.kinds.facts.words import Measure
from cdmq.kinds.words import Count, ReadsFrom, Word, filled
from cdmq.project.fields import Model, SqlText

OTHERWISE = "otherwise"
SCORE = "score"
Condition = Annotated[str, SqlText(), ReadsFrom("measures")]
_MOST = 1000


class ShareRank(Model):
    """How much of the total the larger ones make."""

    of: Word = Field(description="The measure whose total is shared.")


class Quantile(Model):
    """In which part of all somebody is, by size."""

    model_config = ConfigDict(populate_by_name=False)

    of: Word = Field(description="The measure by which all are put in order.")
    parts: Count = Field(alias="in", description="How many parts, such as 5.")

    @model_validator(mode="after")
    def _sensible(self) -> Quantile:
        if not 2 <= self.parts <= _MOST:
            raise ValueError("in is a number of parts from 2 to 1000, such as 5")
        return self


class Ranked(Model):
    """A figure of a customer among all whom the rule judges."""

    share_rank: ShareRank | None = Field(
        None,
        description="The share of the total that all with a larger figure make, from 0 to 1; of "
        "the total only figures above 0 are part. `rank < 0.8` are those who make the first 80%.",
    )
    quantile: Quantile | None = Field(
        None,
        description="The part of all, from 1 for the smallest; equal figures are in one part: 1 + "
        "the whole of so many times the share of those with a smaller figure.",
    )

    @property
    def of(self) -> str:
        chosen = self.share_rank or self.quantile
        assert chosen is not None
        return chosen.of

    @model_validator(mode="after")
    def _one(self) -> Ranked:
        if (self.share_rank is None) == (self.quantile is None):
            raise ValueError("a measure says one of share_rank and quantile")
        return self


def _form(value: Any) -> str:
    ranked = isinstance(value, Ranked) or (
        isinstance(value, dict) and bool({"share_rank", "quantile"} & set(value))
    )
    return "(ranked)" if ranked else "(facts)"


AnyMeasure = Annotated[
    Annotated[Measure, Tag("(facts)")] | Annotated[Ranked, Tag("(ranked)")], Discriminator(_form)
]


def _points(value: Any) -> Any:
    if not isinstance(value, dict) or len(value) != 1 or not all(value.values()):
        raise ValueError("points are one 'number: condition', such as - 30: annual_volume >= 50000")
    (number,) = value
    if not re.fullmatch(r"-?[0-9]{1,6}(\.[0-9]{1,3})?", str(number)):
        raise ValueError(f"'{number}' are no points: write a number such as 30 or 2.5")
    return {str(number): value[number]}


Points = Annotated[
    dict[str, Condition],
    BeforeValidator(_points),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": {"type": "string"},
            "examples": [{"30": "annual_volume >= 50000"}, {"0": OTHERWISE}],
        }
    ),
]


def _ends(items: list[dict[str, str]]) -> list[dict[str, str]]:
    for i, item in enumerate(items):
        ((number, condition),) = item.items()
        last = i == len(items) - 1
        if condition.strip() == OTHERWISE and not last:
            raise ValueError(f"otherwise stands last: nothing after {number} can fit")
        if condition.strip() != OTHERWISE and last:
            raise ValueError("the last points must be for otherwise, such as - 0: otherwise")
    if len(items) < 2:
        raise ValueError("a part of a scorecard needs two or more, the last of them otherwise")
    return items


Scorecard = Annotated[
    dict[Word, Annotated[list[Points], AfterValidator(_ends)]], AfterValidator(filled)
]


def points_of(items: list[dict[str, str]]) -> list[tuple[Decimal, str]]:
    """The points with their conditions, in order."""
    return [(Decimal(number), text) for item in items for number, text in item.items()]
