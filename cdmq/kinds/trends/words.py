"""The kind `trends`: whose figures fall."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from cdmq.kinds.facts.words import Facts
from cdmq.kinds.trends.periods import in_periods
from cdmq.kinds.words import Duration, Lasting, Named, Number, Period, Share, days_of
from cdmq.project.fields import Model, Threshold

NOTES = (
    "Of a dataset: measure is {count: rows}, {nulls: COLUMN} or {flags: RULE}, and alert has other "
    "keys: {id: calls_a_week, of: dataset, measure: {count: rows}, per: week, "
    "alert: {history: 8 weeks, beyond: 5}}. Default of beyond: 5.",
)
#: The condition of the dataset of the records that says who has ended.
ENDED = "ended"
#: The steps of somebody's trend, in the order in which a run counts them.
NEW, ACTIVE, FALLING, DORMANT, BACK = STEPS = ("new", "active", "falling", "dormant", "back")
_MOST_GAP, _DECIMALS = 1000, 2


def _gap(value: Decimal) -> Decimal:
    if not 1 <= value <= _MOST_GAP:
        raise ValueError("write a number from 1 to 1000, such as 3: so many usual gaps")
    if value != round(value, _DECIMALS):
        raise ValueError("write a number with at most 2 decimals, such as 2.5")
    return value


class Alert(Model):
    """When a fall is worth telling."""

    down_by: Share = Field(description="How far the figure fell below what is usual.")
    over: Lasting = Field(description="For how long: the latest periods, taken together.")
    history: Lasting = Field(
        description="How far back the usual figure is taken from: the periods before `over`. Who "
        "is known for less than both is `new`."
    )

    @model_validator(mode="after")
    def _sensible(self) -> Alert:
        if not self.down_by:
            raise ValueError("down_by: 0% would tell of every customer: write such as 30%")
        if self.down_by != round(self.down_by, 4):
            raise ValueError("write down_by with at most 2 decimals, such as 12.5%")
        if self.history.days < self.over.days:
            raise ValueError(f"history ({self.history}) is shorter than over ({self.over})")
        return self


class Visit(Model):
    """Who calls on whoever is falling or dormant, and by when."""

    by: str = Field(
        description="A column of the dataset that names the one who is to do it; or a role, the "
        "same for all."
    )
    within: Lasting = Field(description="How long there is for it, from the run that asks.")


class TrendRule(Named):
    """Finds customers whose orders fall, early enough to call them.

    Use it for figures of each customer over time: the last few months are compared with what was
    usual before. Periods are whole ones, in the project's time zone; the month that has just
    begun is not judged, nor is a fact that is dated after the run's time. Usual is the mean a
    period of `history`, the periods before `over`; present is the mean of `over`. A period without
    facts is 0.

    Each customer is on a step:

    - `new`: fewer whole periods than `history` and `over` have passed since the one of the first
      purchase.
    - `active`: nothing is wrong.
    - `falling`: the present figure is down by at least `down_by` from the usual one; until it is
      down by less than half of that. The usual figure moves on with time: what stays low for long
      becomes usual.
    - `dormant`: nothing was bought for `over`; until the next purchase.
    - `back`: bought again after being dormant; until `history` and `over` are full again.

    Who buys less often than once a period has no usual figure. Where the median gap between the
    days of somebody's purchases is longer than a period, gaps are judged: somebody is falling when
    nothing was bought for more than `gap` such medians, and dormant beyond twice that. Before the
    third day of a purchase it is the median of all gaps of the dataset.

    The steps are a function of the facts, over all whole periods: a first run finds what monthly
    ones would have found. What an amount below zero is, such as a credit note, lowers the figure
    and is no purchase. Who has no purchase is not judged, nor who has ended by what `ended` of the
    dataset says; how many is said. Facts that cannot be counted are left out, and said: without a
    date, an amount, or a cell that `where` can read.
    Where their dataset says `amount` and `counts_as`, an amount is in one currency, and what counts
    as 0 is no purchase.

    With `season: year` usual is what the same periods brought a year before, by the growth of the
    customer in `history` since, once a year more is known; and who bought nothing in them then
    either is not dormant. Quarters and years begin as `calendar` of the dataset says.

    Being falling opens a flag, and so does being dormant; each closes when the step ends. A flag
    is a warning unless `severity: error` is said. With `visit` each stands in the queue too, with
    what would come no more in a year, until the step ends or somebody says what came of the call
    (a decision of type visit: kept, offer, lost_to or no_reason).

    With `of: dataset` the dataset itself is judged, all its rows together: how many there are, in
    how many of 100 a column holds nothing, or how many a rule of it flags. What the last whole
    period brought, where rows say when they happened, and else what this run finds, is held
    against the median of the periods before it (where runs tell: of the last run in each). It is
    flagged where it is further away than `beyond` median deviations; where all periods before are
    equal, a deviation is 5% of their median. Fewer than three known periods are too few to judge.

    Example:

        trends:
          - id: declining_orders
            owner: sales_ops
            why: Who buys a third less for a quarter is about to leave.
            measure: {from: orders, sum: amount}
            per: month
            alert: {down_by: 30%, over: 3 months, history: 6 months}
            gap: 3
            visit: {by: account_owner, within: 14 days}

    In the warehouse: `<rule>__steps`, for each customer the step, since when, and the usual and
    the present figure at that time, and what is at risk in a year; `trend_steps` keeps them from
    run to run; a column named after the rule with the step, for conditions of other rules; in
    `rule_figures` how many customers are on each step.
    """

    SEMANTICS: ClassVar[int] = 3

    measure: Facts = Field(description="The figure: a sum or a count of another dataset's rows.")
    per: Period = Field(description="The period that the figure is taken for.")
    alert: Alert = Field(description="When it is worth telling.")
    gap: Annotated[Number, AfterValidator(_gap)] = Field(
        Decimal(3),
        description="Of who buys less often than once a period: after how many usual gaps without "
        "a purchase it is worth telling.",
    )
    season: Literal["year"] | None = Field(
        None,
        description="year: where a year more is known, usual is what the same periods brought a "
        "year before, by the customer's own growth since.",
    )
    visit: Visit | None = Field(
        None, description="Who is falling or dormant is put in the queue, for somebody to call."
    )
    warn_above: Threshold | None = Field(
        None, description="More customers that are falling or dormant than this: warn."
    )
    error_above: Threshold | None = Field(None, description="More than this: fail.")

    def nested_sql(self) -> Mapping[str, tuple[tuple[str | int, ...], str]]:
        if self.measure.where is None:
            return {}
        return {"measure.where": (("measure", "where"), self.measure.where)}

    @property
    def over(self) -> int:
        """How many periods `over` is."""
        return in_periods(self.alert.over, self.per)

    @property
    def history(self) -> int:
        """How many periods `history` is."""
        return in_periods(self.alert.history, self.per)

    @property
    def known(self) -> int:
        """How many periods must be known of who is judged."""
        return self.over + self.history

    @property
    def year(self) -> int | None:
        """How many periods before the same season was; None where it does not count."""
        return in_periods(Duration(1, "year"), self.per) if self.season else None

    @model_validator(mode="after")
    def _whole_periods(self) -> TrendRule:
        if self.season and self.per == "year":
            raise ValueError("season: year needs a shorter period, such as per: month")
        if self.alert.over.days < days_of(self.per):
            raise ValueError(f"over ({self.alert.over}) is shorter than one {self.per}")
        return self


RULE = TrendRule
BUILT = True
