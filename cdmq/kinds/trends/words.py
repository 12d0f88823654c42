"""The kind `trends`: whose figures fall."""

from __future__ import annotations

from pydantic import Field, model_validator

from cdmq.kinds.facts.words import Facts
from cdmq.kinds.words import Lasting, Named, Period, Share, days_of
from cdmq.project.fields import Model


class Alert(Model):
    """When a fall is worth telling."""

    down_by: Share = Field(description="How far the figure fell below what is usual.")
    over: Lasting = Field(description="For how long: the latest periods, taken together.")
    history: Lasting = Field(
        description="How far back the usual figure is taken from; a customer observed for less "
        "is not judged."
    )

    @model_validator(mode="after")
    def _sensible(self) -> Alert:
        if not self.down_by:
            raise ValueError("down_by: 0% would tell of every customer: write such as 30%")
        if self.history.days < self.over.days:
            raise ValueError(f"history ({self.history}) is shorter than over ({self.over})")
        return self


class TrendRule(Named):
    """Finds customers whose orders fall, early enough to call them.

    Use it for figures of each customer over time: the last few months are compared with what was
    usual before. Periods are whole ones, in the project's time zone; the month that has just
    begun is not judged.

    Example:

        trends:
          - id: declining_orders
            owner: sales_ops
            why: Who buys a third less for a quarter is about to leave.
            measure: {from: orders, sum: amount}
            per: month
            alert: {down_by: 30%, over: 3 months, history: 6 months}

    In the warehouse: a flag for each customer that falls, with the usual and the present figure,
    closed when it recovers.
    """

    measure: Facts = Field(description="The figure: a sum or a count of another dataset's rows.")
    per: Period = Field(description="The period that the figure is taken for.")
    alert: Alert = Field(description="When it is worth telling.")

    @model_validator(mode="after")
    def _whole_periods(self) -> TrendRule:
        if self.alert.over.days < days_of(self.per):
            raise ValueError(f"over ({self.alert.over}) is shorter than one {self.per}")
        return self


RULE = TrendRule
BUILT = False
