"""What parties owe together, against the limit that was approved: words of a tiering rule, which
make a rule of their own."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field

from cdmq.kinds.facts.words import Facts, Measure
from cdmq.kinds.words import Named, Word, some
from cdmq.project.fields import one_or_many

_Along = Annotated[
    list[Word],
    BeforeValidator(one_or_many, json_schema_input_type=str | list[str]),
    AfterValidator(some),
]


class Exposure(Facts):
    """What a party and all below it owe, against its one approved limit."""

    WAYS: ClassVar[tuple[str, ...]] = ("sum",)

    along: _Along = Field(
        description="The types of links that lead to those whose facts count too, each once."
    )
    limit: str = Field(description="The column of the judged dataset with the approved limit.")


class ExposureRule(Named):
    """A flag of each party that owes more than its limit, or whose departments' limits together
    are above it."""

    exposure: Exposure

    @property
    def counted(self) -> Measure:
        """How each party's own part is counted."""
        e = self.exposure
        return Measure.model_validate({"from": e.dataset, "sum": e.sum, "where": e.where})
