"""The kind `completeness`: how much is known of each customer."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, model_validator

from cdmq.kinds.words import Named, Number, filled
from cdmq.project.fields import Sql


class AnyOfColumns:
    """Marks a text that names columns of the rule's dataset, joined by `|`: any of them counts."""


def _alternatives(value: Any) -> str:
    columns = [part.strip() for part in str(value).split("|")]
    if "" in columns:
        raise ValueError(f"'{value}' lacks a column: write phone|mobile")
    if len(set(columns)) < len(columns):
        raise ValueError(f"'{value}' names a column twice")
    return "|".join(columns)


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        raise ValueError("write a weight above 0, such as 2")
    return value


Alternatives = Annotated[
    str, PlainValidator(_alternatives, json_schema_input_type=str), AnyOfColumns()
]
Weight = Annotated[Number, AfterValidator(_positive)]


class CompletenessRule(Named):
    """Scores each record by how much of what should be known is known, and says what to ask next.

    Use it to see how full the profiles are: 20 to 25 points are usual. Each point has a weight.
    `phone|mobile` is one point: either will do. A placeholder set by a default is missing; a
    value borrowed by `fill_from` is present. Where a point cannot apply, it leaves the sum.

    Example:

        completeness:
          - id: profile
            why: Below 60 we do not know a customer well enough to advise.
            points: {name: 3, email: 3, phone|mobile: 2, birth_date: 1, industry: 1}
            not_applicable: {birth_date: "type = 'company'"}

    In the warehouse: for each record its score from 0 to 100, the points that are missing and the
    one that would add most; for each run the score of the dataset in `rule_results`.
    """

    points: Annotated[dict[Alternatives, Weight], AfterValidator(filled)] = Field(
        description="column: weight. Several columns joined by | are one point: any of them will "
        "do, as in phone|mobile.",
    )
    not_applicable: dict[Alternatives, Sql] = Field(
        default_factory=dict,
        description="point: SQL condition. Where it is true, the point leaves the sum.",
    )

    @model_validator(mode="after")
    def _sensible(self) -> CompletenessRule:
        for point in self.not_applicable:
            if point not in self.points:
                raise ValueError(f"not_applicable names '{point}', which is not one of the points")
        return self


RULE = CompletenessRule
BUILT = False
