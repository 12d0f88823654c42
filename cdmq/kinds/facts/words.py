"""Figures that are reckoned from the rows of another dataset."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from cdmq.kinds.words import Lasting, Number, Period, ReadsFrom
from cdmq.project.fields import Dataset, Model, SqlText


class Facts(Model):
    """A figure per record, from the rows of another dataset that refer to it."""

    model_config = ConfigDict(populate_by_name=False)
    WAYS: ClassVar[tuple[str, ...]] = ("sum", "count")

    dataset: Dataset = Field(
        alias="from", description="The dataset with the facts: it needs happened_at and refers_to."
    )
    sum: Annotated[str, ReadsFrom("from")] | None = Field(
        None, description="The column that is added up."
    )
    count: Literal["rows"] | None = Field(None, description="rows: how many there are.")
    where: Annotated[str, SqlText(), ReadsFrom("from")] | None = Field(
        None, description="Only facts for which this SQL condition on their columns is true."
    )
    if_none: Number | None = Field(
        None,
        description="The figure of a record without any fact. Default: missing, and what is "
        "missing fits no condition.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Facts:
        given = [way for way in self.WAYS if getattr(self, way) is not None]
        if len(given) != 1:
            ways = f"{', '.join(self.WAYS[:-1])} or {self.WAYS[-1]}"
            here = f", here are {' and '.join(given)}" if given else ""
            raise ValueError(f"a measure says one of {ways}{here}")
        return self


class Measure(Facts):
    """A figure per customer that the levels are judged by."""

    WAYS: ClassVar[tuple[str, ...]] = ("sum", "count", "since")

    since: Literal["first", "last"] | None = Field(
        None,
        description="Years since the first (or last) fact, 2 on its second anniversary.",
    )
    per: Period | None = Field(
        None,
        description="An average: the figure of a usual year, month, ..., over the time in which "
        "the customer was observed: from the first fact of any kind on, a day at least.",
    )
    over: Lasting | None = Field(
        None, description="Only facts of this long before as_of, by the calendar. Default: all."
    )

    @model_validator(mode="after")
    def _windows(self) -> Measure:
        if self.since and (self.per or self.over):
            raise ValueError("since counts years from one fact: it takes neither per nor over")
        if self.over and not self.per:
            raise ValueError(f"over needs per: the average of what, in {self.over}? Say per: year")
        return self
