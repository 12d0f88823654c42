"""The kind `tiering`: which level a customer has, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from cdmq.kinds.facts.words import Measure
from cdmq.kinds.tiering.exposure_words import Exposure
from cdmq.kinds.tiering.measure_words import (
    OTHERWISE,
    SCORE,
    AnyMeasure,
    Condition,
    Ranked,
    Scorecard,
)
from cdmq.kinds.words import Lasting, Named, Reviews, Share, Word, filled
from cdmq.project.fields import Model, Threshold

NEW = "new"


def _one_key(value: Any) -> Any:
    if not isinstance(value, dict) or len(value) != 1 or not all(value.values()):
        raise ValueError("a level is one 'name: condition', such as - core: annual_volume >= 50000")
    return value


Level = Annotated[
    dict[Word, Condition],
    BeforeValidator(_one_key),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": {"type": "string"},
            "examples": [{"core": "annual_volume >= 50000"}, {"ordinary": OTHERWISE}],
        }
    ),
]


class KeepUnless(Model):
    """What must happen before a customer loses a level."""

    model_config = ConfigDict(populate_by_name=False)

    below_by: Share = Field(description="How far below the level's condition it must fall.")
    reviews: Reviews = Field(alias="for", description="In how many reviews one after the other.")


class TieringRule(Named):
    """Sorts customers into levels, such as core, growing, ordinary and prospect, by what they did,
    and keeps the history of each customer's level.

    Use it where different customers are to be served differently, and nobody should have to ask
    why or since when. `measures` are figures from other datasets, `levels` are conditions on them:
    the first that fits is the level, the last is `otherwise`. A level is judged at each `review`,
    and `keep_unless` keeps a customer who wobbles at the limit from going up and down: who rises
    rises at once; who misses a level by no more than `below_by` keeps it; who misses it by more
    loses it at the last of so many reviews. Only limits can be missed by a share (>=, >, <=, < or
    between and a number): a level with none of these, such as orders_ever = 0, is lost at once.
    A condition may also name another rule about the same dataset, and means what that gives the
    customer, such as a score of completeness: profile >= 60.

    A measure reads any dataset that leads to those who are judged: by its own `refers_to`, or by
    that of a dataset that it refers to, as lines lead to their order and that to its customer. Who
    has no `happened_at` happened when those did, or is counted as it stands; `since`, `per` and
    `over` need one. A measure also reads the records themselves: in a rule on a golden dataset,
    `{from: customers, max: credit_limit}` is over the records of each party.

    Where a dataset says `amount` and `counts_as`, its money is in one currency, and each row counts
    as often as its status says: a cancelled order is no order, a credit note lowers the sum.

    `share_rank` and `quantile` rank a measure among all whom the rule judges: `rank < 0.8` are the
    largest, who make 80% of the total. What that is in figures hangs on the others; it is kept in
    `cut_offs` as it was when the level began: `rank < 0.8 [annual_volume >= 12000]`. That it moves
    begins no new time.

    A `scorecard` gives points by conditions on the measures: each part is a measure of its own, and
    `score` is their sum, shown with its parts.

    Facts without a date, and those after as_of, do not count. Sums, means and extremes leave out
    missing amounts. How many facts the figures are made without (no date, no amount, no rate, a
    status that nobody names, of no known customer; a cell that could not be read is missing, or is
    one that `where` can't read) is said in the rule's result, with a warning, and on the level of
    the customer: `warn_above` and `error_above` (`5`, `1%`) set how many may be. So they do of the
    records of which the rule's own `where` can't be told: each is flagged `could_not_judge`, and
    has no level. A customer with facts of whom none counts (none in the window, none under
    `where`) has the sum or count 0, and no mean, extreme or most frequent value; `if_none` is for
    those without any. Averages and years have four decimals.

    `exposure` adds up what a party and all below it owe, along links of some types that a rule of
    relationships keeps, each party once, and holds it against the one approved `limit` of the
    record: a rule of its own, named after this with `__exposure`. It flags who owes more; whose
    departments' limits are above the approved one together; and as `could_not_judge` who owes and
    has no limit.

    Example:

        tiering:
          - id: customer_class
            owner: sales_ops
            why: Core customers get a person to call, prospects a letter.
            measures:
              annual_volume: {from: orders, sum: amount, where: "status <> 'cancelled'",
                              per: year, over: 24 months, if_none: 0}
              orders_ever: {from: orders, count: rows, if_none: 0}
              tenure_years: {from: orders, since: first}
            levels:
              - prospect: orders_ever = 0
              - core: annual_volume >= 50000 and tenure_years >= 2
              - growing: annual_volume >= 10000
              - ordinary: otherwise
            new_for: 3 months
            review: monthly
            keep_unless: {below_by: 10%, for: 2 reviews}

    `cdmq explain --record` says what one measure alone would have to be for another level, judged
    before `keep_unless`, or that no single measure would change it. A measure that is ranked, or
    reckoned with in a condition, is named as one of which that is not told.

    `cdmq run --review-from 2025-01 -s RULE` makes up for past reviews, period by period, by the parties
    and scores of today. They are marked `replayed`, and stand before the first real one.

    In the warehouse: `tier_history`, for each party its level from one review to another, with
    the measures, the cut-offs and the reason; `<rule>__levels`, those of now; `<rule>__moves`, how
    many went from which level to which, by review. `<rule>__exposure` and the audit table
    `exposures`: what each party owes with all below it, beside its limit.
    """

    measures: Annotated[dict[Word, AnyMeasure], AfterValidator(filled)] = Field(
        description="name: a figure per customer, for use in the levels. It is made of facts, or "
        "ranks another figure among all."
    )
    scorecard: Scorecard | None = Field(
        None,
        description="part: a list of points: condition; the first that fits gives its points, the "
        "last is otherwise. Each part is a measure of its name, and `score` the sum of all.",
    )
    levels: list[Level] = Field(
        description="A list of name: condition on the measures, and on what other rules give. The "
        "first that fits; the last one is otherwise."
    )
    new_for: Lasting | None = Field(
        None,
        description="A customer whose first fact is less old than this is `new`: too little is "
        "known to judge. Who has no fact is judged.",
    )
    review: Literal["daily", "weekly", "monthly", "quarterly", "yearly"] | None = Field(
        None,
        description="Judged once per month (...) of as_of, however often cdmq runs. "
        "Default: at every run.",
    )
    keep_unless: KeepUnless | None = Field(
        None, description="A level is kept until it is missed by this much for this long."
    )
    moves_at_most: Share | None = Field(
        None,
        description="A review in which more of those who had a level would change it publishes "
        "nothing of this rule, and fails; --accept-moves RULE lets it through. Default: any may.",
    )
    exposure: Exposure | None = Field(
        None,
        description="What a party and all below it owe, against its one approved limit. A flag "
        "where it is more, and where what its departments allow is more together.",
    )
    warn_above: Threshold | None = Field(
        None,
        description="More facts than this, or than this share of them, that no figure could "
        "count, or more records of which where can't be told: warn. Default: any.",
    )
    error_above: Threshold | None = Field(
        None,
        description="More than this: fail. Default: never.",
    )

    def nested_sql(self) -> Mapping[str, tuple[tuple[str | int, ...], str]]:
        found: dict[str, tuple[tuple[str | int, ...], str]] = {}
        for name, measure in self.counted.items():
            if measure.where is not None:
                found[f"measures.{name}.where"] = ("measures", name, "where"), measure.where
        if self.exposure and self.exposure.where is not None:
            found["exposure.where"] = ("exposure", "where"), self.exposure.where
        for part, items in (self.scorecard or {}).items():
            for i, (number, condition) in enumerate(kv for item in items for kv in item.items()):
                if condition.strip() != OTHERWISE:
                    place = ("scorecard", part, i, number)
                    found[f"scorecard.{part}.{i}"] = place, condition
        for i, level in enumerate(self.levels):
            for name, condition in level.items():
                if condition.strip() != OTHERWISE:
                    found[f"levels.{name}"] = ("levels", i, name), condition
        return found

    @property
    def facts(self) -> tuple[str, ...]:
        """The datasets that it measures by, each once."""
        return tuple(dict.fromkeys(m.dataset for m in self.counted.values()))

    @property
    def counted(self) -> dict[str, Measure]:
        """The measures that are made of facts."""
        return {n: m for n, m in self.measures.items() if isinstance(m, Measure)}

    @property
    def ranked(self) -> dict[str, Ranked]:
        """The measures that rank another among all."""
        return {n: m for n, m in self.measures.items() if isinstance(m, Ranked)}

    @property
    def points(self) -> tuple[str, ...]:
        """The measures that a scorecard gives."""
        return (*self.scorecard, SCORE) if self.scorecard else ()

    @property
    def level_names(self) -> tuple[str, ...]:
        return tuple(name for level in self.levels for name in level)

    @model_validator(mode="after")
    def _sensible(self) -> TieringRule:
        names = self.level_names
        for i, level in enumerate(self.levels):
            ((name, condition),) = level.items()
            last = i == len(self.levels) - 1
            if condition.strip() == OTHERWISE and not last:
                raise ValueError(f"otherwise stands last: no level after '{name}' can fit")
            if condition.strip() != OTHERWISE and last:
                raise ValueError("the last level must be otherwise, such as - ordinary: otherwise")
            if name in names[:i]:
                raise ValueError(f"the level '{name}' stands twice: join the conditions with or")
        if len(names) < 2:
            raise ValueError("levels needs two or more, the last of them otherwise")
        if self.new_for and NEW in names:
            raise ValueError("new_for gives the level new itself: give yours another name")
        if any(name.lower() == "as_of" for name in (*self.measures, *self.points)):
            raise ValueError("as_of is the run's time: give the measure another name")
        self._names_once()
        if not self.counted:
            raise ValueError("name at least one measure of facts")
        for name, ranked in self.ranked.items():
            if ranked.of not in self.counted:
                raise ValueError(f"{name} ranks '{ranked.of}', which is no measure of facts here")
        if self.keep_unless and not self.review:
            raise ValueError("keep_unless counts reviews: say review: monthly")
        return self

    def _names_once(self) -> None:
        seen: set[str] = set()
        for name in (*self.measures, *self.points):
            if name.lower() in seen:
                raise ValueError(f"'{name}' is the name of two measures: give one another name")
            seen.add(name.lower())


RULE = TieringRule
BUILT = True
