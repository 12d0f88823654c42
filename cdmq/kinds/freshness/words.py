"""The kind `freshness`: which values must be asked for again."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from cdmq.kinds.words import Count, Fading, Lasting, Named, SomeColumns, some
from cdmq.project.fields import Column, Model

OTHERWISE = "otherwise"
LEAST_SURE = "least_sure"


class LevelName:
    """Marks a text as `rule.level`: a level of a tiering rule."""


def _level_or(word: str, value: str) -> str:
    if value != word and not re.fullmatch(r"\w+\.\w+", value):
        raise ValueError(f"write {word}, or a level as rule.level, such as customer_class.core")
    return value


def _whom(value: str) -> str:
    return _level_or(OTHERWISE, value)


def _order(value: str) -> str:
    return _level_or(LEAST_SURE, value)


def _ends_otherwise(values: dict[str, object]) -> dict[str, object]:
    if not values or list(values)[-1] != OTHERWISE:
        raise ValueError("the last one must be otherwise, such as otherwise: 12 months")
    return values


Whom = Annotated[str, AfterValidator(_whom), LevelName()]
Order = Annotated[str, AfterValidator(_order), LevelName()]


class Queue(Model):
    """How the work is handed out."""

    per_day: Count = Field(description="How many records people can ask in a day.")
    first: Annotated[list[Order], AfterValidator(some)] | None = Field(
        None,
        description="Whom first: levels as rule.level, and least_sure (the most faded value). "
        "Each breaks the tie of the one before.",
    )


class FreshnessRule(Named):
    """Finds values that nobody has confirmed for too long, and queues them to be asked again.

    Use it because people move and change phones: what was right two years ago is a guess today.
    What counts is proof, by the dataset's `verified_at`; a reload proves nothing. `fades` is how
    fast a column goes stale, a prior until cdmq has measured it. Nothing is deleted: what is stale
    is queued.

    Example:

        freshness:
          - id: contact_recheck
            owner: call_centre
            why: An e-mail address loses about a fifth of its worth in a year.
            columns: [email, phone]
            fades: {email: 2% per month, phone: 1.5% per month}
            recheck_after: {customer_class.core: 3 months, otherwise: 12 months}
            unchanged_for: 12 months
            queue: {per_day: 200, first: [customer_class.core, least_sure]}

    In the warehouse: for each cell how sure it still is and when it is due, and the cells and
    records to ask about in `queue`.
    """

    columns: SomeColumns | None = Field(
        None, description="The columns to confirm; each needs its verified_at in the dataset."
    )
    fades: dict[Column, Fading] = Field(
        default_factory=dict, description="column: how fast it goes stale, until measured."
    )
    recheck_after: Annotated[dict[Whom, Lasting], AfterValidator(_ends_otherwise)] | None = Field(
        None,
        description="rule.level: how long a proof lasts for customers of that level. The first "
        "that fits; the last one is otherwise.",
    )
    unchanged_for: Lasting | None = Field(
        None, description="A record in which nothing changed for this long is surveyed as a whole."
    )
    queue: Queue | None = Field(None, description="How much people can ask, and whom first.")

    @model_validator(mode="after")
    def _sensible(self) -> FreshnessRule:
        if self.columns is None and self.unchanged_for is None:
            raise ValueError("nothing to watch: write columns, unchanged_for or both")
        if self.columns is not None and not self.fades and self.recheck_after is None:
            raise ValueError("columns needs recheck_after, fades or both")
        if self.columns is None and self.recheck_after is not None:
            raise ValueError("recheck_after needs columns: what is to be confirmed")
        for column in self.fades:
            if column not in (self.columns or ()):
                raise ValueError(f"fades names '{column}', which is not one of columns")
        if self.queue and self.queue.first and LEAST_SURE in self.queue.first and not self.fades:
            raise ValueError("least_sure needs fades: how fast each column goes stale")
        return self


RULE = FreshnessRule
BUILT = False
