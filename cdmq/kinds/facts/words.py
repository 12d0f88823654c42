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
        alias="from",
        description="The dataset with the facts: it leads to those who are judged, by its "
        "refers_to, or by that of datasets that it refers to; or the records themselves.",
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

    @property
    def way(self) -> str:
        """The word that says what is done with the facts."""
        return next(way for way in self.WAYS if getattr(self, way) is not None)

    @property
    def column(self) -> str | None:
        """The column of the facts that the figure is made of."""
        return self.sum

    @model_validator(mode="after")
    def _one_way(self) -> Facts:
        given = [way for way in self.WAYS if getattr(self, way) is not None]
        if len(given) != 1:
            ways = f"{', '.join(self.WAYS[:-1])} or {self.WAYS[-1]}"
            here = f", here are {' and '.join(given)}" if given else ""
            raise ValueError(f"a measure says one of {ways}{here}")
        return self


#: Words of a measure that name a column.
OF_COLUMN = ("sum", "avg", "min", "max", "distinct", "top")
_Named = Annotated[str, ReadsFrom("from")]


class Measure(Facts):
    """A figure per customer that the levels are judged by."""

    WAYS: ClassVar[tuple[str, ...]] = (*Facts.WAYS, "since", *OF_COLUMN[1:])

    since: Literal["first", "last"] | None = Field(
        None,
        description="Years since the first (or last) fact, 2 on its second anniversary.",
    )
    avg: _Named | None = Field(None, description="The column whose mean is taken.")
    min: _Named | None = Field(
        None, description="The column whose least value is taken: a number, a date or a time."
    )
    max: _Named | None = Field(None, description="The column whose greatest value is taken.")
    distinct: _Named | None = Field(
        None, description="The column of which it is counted how many values there are."
    )
    top: _Named | None = Field(
        None,
        description="The column whose most frequent value is taken, as text; of equals the one "
        "that happened last, then the first by code point.",
    )
    per: Period | None = Field(
        None,
        description="An average of a sum or count: the figure of a usual year, month, ..., over "
        "the time in which the customer was observed: from the first fact of any kind on, a day "
        "at least.",
    )
    over: Lasting | None = Field(
        None, description="Only facts of this long before as_of, by the calendar. Default: all."
    )

    @property
    def column(self) -> str | None:
        return next((c for way in OF_COLUMN if (c := getattr(self, way)) is not None), None)

    @property
    def timed(self) -> bool:
        """Whether it asks when the facts happened."""
        return bool(self.since or self.per or self.over)

    @model_validator(mode="after")
    def _windows(self) -> Measure:
        if self.since and (self.per or self.over):
            raise ValueError("since counts years from one fact: it takes neither per nor over")
        if self.per and self.way not in Facts.WAYS:
            raise ValueError(f"per goes with sum and count: take it away from {self.way}")
        if self.top is not None and self.if_none is not None:
            raise ValueError("top is a text, if_none a number: take if_none away")
        return self
