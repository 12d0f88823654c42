"""The words of a trend of a dataset as a whole."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from cdmq.kinds.trends.periods import in_periods
from cdmq.kinds.words import Lasting, Named, Number, Period, days_of
from cdmq.project.fields import Column, Model

#: So many periods must be known of what is judged.
FEWEST = 3


def _beyond(value: Decimal) -> Decimal:
    if not 0 < value <= 1000:
        raise ValueError("write a number above 0, such as 5: so many median deviations")
    return value


class Observed(Model):
    """What is observed of a dataset: one of these."""

    count: Literal["rows"] | None = Field(None, description="rows: how many there are.")
    nulls: Column | None = Field(
        None, description="A column: in how many of 100 rows it holds nothing."
    )
    flags: str | None = Field(None, description="A rule of the dataset: how many records it flags.")

    @model_validator(mode="after")
    def _one_way(self) -> Observed:
        given = [n for n in type(self).model_fields if getattr(self, n) is not None]
        if len(given) != 1:
            here = f", here are {' and '.join(given)}" if given else ""
            raise ValueError(f"a measure of a dataset says one of count, nulls or flags{here}")
        return self


class Deviation(Model):
    """When a figure of a dataset is worth telling."""

    history: Lasting = Field(description="The periods before, of which the median is taken.")
    beyond: Annotated[Number, AfterValidator(_beyond)] = Field(
        Decimal(5),
        description="How many median deviations it may be away from that median.",
    )


class DatasetTrend(Named):
    """Tells when a dataset as a whole is not as it was: in rows, NULLs, or flags of a rule."""

    DIMENSION: ClassVar[Literal["timeliness"] | None] = None
    SEMANTICS: ClassVar[int] = 3

    of: Literal["dataset"] = Field(description="dataset: its rows together are judged.")
    measure: Observed = Field(description="What is observed.")
    per: Period = Field(description="The period that the figure is taken for.")
    alert: Deviation = Field(description="When it is worth telling.")

    @property
    def history(self) -> int:
        """How many periods `history` is."""
        return in_periods(self.alert.history, self.per)

    @model_validator(mode="after")
    def _enough(self) -> DatasetTrend:
        if self.alert.history.days < FEWEST * days_of(self.per) * 0.9:
            raise ValueError(
                f"history ({self.alert.history}) is shorter than {FEWEST} {self.per}s: "
                "a median needs so many"
            )
        return self
