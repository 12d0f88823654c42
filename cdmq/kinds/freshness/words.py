"""The kind `freshness`: which values must be asked for again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, model_validator

from cdmq.kinds.words import Count, Fading, Lasting, Named, ReadsFrom, Share, SomeColumns, some
from cdmq.project.fields import Column, Dataset, Dimension, Model, Texts, Threshold

OTHERWISE = "otherwise"
LEAST_SURE = "least_sure"
#: So many bad results tell a rate.
ENOUGH = 30


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


def _between(value: Decimal) -> Decimal:
    if not 0 < value < 1:
        raise ValueError("write a share above 0% and below 100%, such as 80%")
    return value


Whom = Annotated[str, AfterValidator(_whom), LevelName()]
Order = Annotated[str, AfterValidator(_order), LevelName()]
LogColumn = Annotated[str, ReadsFrom("from")]


class Proof(Model):
    """A log of people and machines that tried whether a value is right."""

    dataset: Dataset = Field(
        alias="from", description="The dataset of the log; refers_to says whose values it tells of."
    )
    column: LogColumn = Field(description="The column that names the column that was tried.")
    value: LogColumn = Field(
        description="The column with the value that was tried: a row speaks of that value, and of "
        "no other that stands there now."
    )
    at: LogColumn | None = Field(
        None, description="The column that says when. Default: happened_at of the dataset."
    )
    result: LogColumn = Field(description="The column that says what came of it.")
    good: Annotated[Texts, AfterValidator(some)] = Field(
        description="The results by which the value is right."
    )
    bad: Texts = Field(
        default_factory=list,
        description="The results by which it is wrong. Any other, such as no answer, says nothing.",
    )

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Proof:
        for word in self.bad:
            if word in self.good:
                raise ValueError(f"'{word}' is good and bad: keep it in one of them")
        return self


class Queue(Model):
    """How the work is handed out."""

    per_day: Count = Field(description="How many records people can ask in a day.")
    first: Annotated[list[Order], AfterValidator(some)] | None = Field(
        None,
        description="Whom first: levels as rule.level, and least_sure (the most faded value). "
        "Each breaks the tie of the one before. Default: least_sure.",
    )
    random: Annotated[Share, AfterValidator(_between)] | None = Field(
        None,
        description="The share of the day's rows that is drawn at random from what is due: what "
        "they find tells how good all are. Default: none.",
    )


class FreshnessRule(Named):
    """Finds values that nobody has confirmed for too long, and queues them to be asked again.

    Use it because people move and change phones: what was right two years ago is a guess today.

    A value's **proof** is the latest of: the dataset's `verified_at` for its column, a row of the
    log that `proof` names with a good result for just that value, and what people decided:
    `verified` (with `old` or `new` of that value, else of the one that stood there then), and
    `wrong`, with `new` where they know better, as a bad result. A load proves nothing, nor
    does an edit of another column. Rows of the log about a value that no longer stands there count
    for nothing, nor do results that are neither good nor bad. Values are compared as rules see
    them: standardise the column of the log as that of the dataset. Dates after `as_of`, before 1900
    and 1970-01-01 prove nothing.

    A value that was changed since its proof has none: the rule keeps a digest of each value and
    since when it stands there (`changed_at` where the dataset has it, else the run that saw it
    first). What `verified_at` says when the rule first sees a value counts. A value that comes
    back after another has stood there needs a proof from then on.

    A **bad** result for the value that stands there (a bounce, a wrong number) makes it unsure at
    once: its confidence is 0, it is due, and it is flagged, until another value stands there or a
    good result of a later day. Flags follow `severity`, `warn_above` and `error_above` as with any
    check.

    The **confidence** of a value is (1 - rate)^months since its proof, a month of 30.4375 days,
    with four decimals. A value that was never proved has none. `fades` is the rate of each column
    until the log tells it: from the times between a day on which a value was right and the next on
    which it was found right or bad the rate is measured, with a 90% interval, as soon as
    `measure_from` of them ended badly. So it is for the records of each source of a stack, and of
    each level of `recheck_after`, where there are so many in them. Which rate is used, of how many
    it was measured, and that it is still the one of `fades`, is said in the result and kept.

    A value is **due** when its proof is older than `recheck_after` says for the record, or its
    confidence is under `recheck_below`, whichever is first; on the day of a bad result; and
    where it was never proved on a day of its own within `recheck_after` from the run that first
    saw it, so that not all come at once. The day hangs on a hash of the key. `unchanged_for`: a
    record in which nothing changed for so long is due as a whole.

    A placeholder and a blank are no value: there is nothing to confirm. Records without a key, and
    those whose key stands twice, are left out and counted; of whom `where` can't be told is flagged
    `could_not_judge`.

    With `queue` people are asked: each calendar day of `as_of` at most `per_day` rows are opened in
    the table `queue`, however often cdmq runs. A row is one call: all values of a record that are
    due. It stays open while one of them is due, and nobody is asked twice meanwhile. A row of the
    log with another result, such as no answer, or the decision `unreachable`, is a try in vain: the
    row closes, and the record
    waits 2 weeks, after the second day in vain 4, after the third 8; after the fourth it is
    `unreachable`, until a value of it changes, or is proved right or wrong.

    The rule gives its dataset a column of its name: the confidence of the least sure value of a
    record. It is 0 with a bad one, else NULL where a value was never proved.

    Example:

        freshness:
          - id: contact_recheck
            owner: call_centre
            why: An e-mail address loses about a fifth of its worth in a year.
            columns: [email, phone]
            fades: {email: 2% per month, phone: 1.5% per month}
            recheck_after: {customer_class.core: 3 months, otherwise: 12 months}
            recheck_below: 80%
            proof:
              from: verifications
              column: channel
              value: value
              at: checked_on
              result: result
              good: [ok]
              bad: [bounced, wrong_number, returned_mail]
            unchanged_for: 12 months
            queue: {per_day: 200, first: [customer_class.core, least_sure], random: 10%}

    In the warehouse: `<rule>__cells`, for each value since when it stands there, its proof, how
    sure it still is and when it is due; `<rule>__records`, the same for each record: its least sure
    value, which columns are due, and how often it was tried in vain; `freshness_cells` and
    `freshness_records` keep what does not change with time alone, from run to run, and
    `freshness_rates` how fast columns fade; in `queue` stand the calls.
    """

    DIMENSION: ClassVar[Dimension | None] = "timeliness"

    columns: SomeColumns | None = Field(
        None,
        description="The columns to confirm; each needs its verified_at in the dataset, or "
        "proof or queue.",
    )
    proof: Proof | None = Field(
        None, description="The log of what was tried: who was called, what bounced."
    )
    fades: dict[Column, Fading] = Field(
        default_factory=dict, description="column: how fast it goes stale, until measured."
    )
    recheck_after: Annotated[dict[Whom, Lasting], AfterValidator(_ends_otherwise)] | None = Field(
        None,
        description="rule.level: how long a proof lasts for customers of that level. The first "
        "that fits; the last one is otherwise.",
    )
    recheck_below: Annotated[Share, AfterValidator(_between)] | None = Field(
        None, description="A value with a lower confidence is due."
    )
    measure_from: Count = Field(
        ENOUGH, description="So many bad results must be known before a rate is measured."
    )
    unchanged_for: Lasting | None = Field(
        None, description="A record in which nothing changed for this long is surveyed as a whole."
    )
    queue: Queue | None = Field(None, description="How much people can ask, and whom first.")
    warn_above: Threshold | None = Field(
        None, description="More values with a bad result than this: warn."
    )
    error_above: Threshold | None = Field(None, description="More than this: fail.")

    @property
    def watched(self) -> tuple[str, ...]:
        return tuple(self.columns or ())

    @property
    def order(self) -> tuple[str, ...]:
        """Whom to ask first: levels, and least_sure."""
        return tuple((self.queue and self.queue.first) or (LEAST_SURE,))

    @property
    def asked_first(self) -> tuple[str, ...]:
        """The levels among them."""
        return tuple(name for name in self.order if name != LEAST_SURE) if self.queue else ()

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that it asks for, each once."""
        named = [*(self.recheck_after or ()), *((self.queue and self.queue.first) or ())]
        return tuple(dict.fromkeys(n for n in named if n not in (OTHERWISE, LEAST_SURE)))

    @model_validator(mode="after")
    def _sensible(self) -> FreshnessRule:
        if self.columns is None and self.unchanged_for is None:
            raise ValueError("nothing to watch: write columns, unchanged_for or both")
        if self.columns is not None and not self.fades and self.recheck_after is None:
            raise ValueError("columns needs recheck_after, fades or both")
        for word in ("recheck_after", "recheck_below", "proof") if self.columns is None else ():
            if getattr(self, word) is not None:
                raise ValueError(f"{word} needs columns: what is to be confirmed")
        for column in self._unwatched(self.fades):
            raise ValueError(f"fades names '{column}', which is not one of columns")
        if self.recheck_below is not None and not self.fades:
            raise ValueError("recheck_below needs fades: how fast each column goes stale")
        if self.measure_from != ENOUGH and not (self.proof and self.proof.bad):
            raise ValueError("measure_from needs proof with bad: which results are to be counted")
        if self.queue and self.queue.first and LEAST_SURE in self.queue.first and not self.fades:
            raise ValueError("least_sure needs fades: how fast each column goes stale")
        return self

    def _unwatched(self, named: Iterable[str]) -> list[str]:
        return [column for column in named if column not in self.watched]


RULE = FreshnessRule
BUILT = True
