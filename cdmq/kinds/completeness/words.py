"""The kind `completeness`: how much is known of each customer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    WithJsonSchema,
)

from cdmq.kinds.words import Named, Number, filled
from cdmq.project.column_names import composed
from cdmq.project.fields import Dimension, SqlText, Threshold

_HEAVIEST = 1_000_000
_SCORE = {
    "type": ["number", "string"],
    "pattern": r"^[0-9]+(\.[0-9]+)?$",
    "examples": [60, 62.5],
}
_DECIMALS = 4


def alternatives(value: Any) -> str:
    """The columns of a point, without blanks around their `|`."""
    columns = [composed(part.strip()) for part in str(value).split("|")]
    if "" in columns:
        raise ValueError(f"'{value}' lacks a column: write phone|mobile")
    if len(set(columns)) < len(columns):
        raise ValueError(f"'{value}' names a column twice")
    return "|".join(columns)


def _once(values: Any) -> Any:
    """Each point stands once, in whatever order and with whatever blanks its columns are named."""
    seen: dict[frozenset[str], str] = {}
    for key in values if isinstance(values, dict) else ():
        columns = frozenset(composed(part.strip()) for part in str(key).split("|"))
        first = seen.setdefault(columns, str(key))
        if first != str(key):
            raise ValueError(f"'{first}' and '{key}' are one point; keep one of them")
    return values


def _weight(value: Decimal) -> Decimal:
    if value <= 0:
        raise ValueError("write a weight above 0, such as 2")
    if value > _HEAVIEST:
        raise ValueError(f"write a weight of at most {_HEAVIEST}, such as 2")
    if value != round(value, _DECIMALS):
        raise ValueError(f"write a weight with at most {_DECIMALS} decimals, such as 2.5")
    return value


def _no_share(value: Any) -> Any:
    if found := re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*%", str(value).strip()):
        raise ValueError(f"scores go from 0 to 100: write {found[1]}")
    return value


def _score(value: Decimal) -> Decimal:
    if not 0 < value <= 100:
        raise ValueError("write a score above 0 and up to 100, such as 60")
    if value <= 1:
        of_hundred = value * 100 if value * 100 > 1 else Decimal(60)
        raise ValueError(f"scores go from 0 to 100: write {of_hundred.normalize():f}")
    if value != round(value, 2):
        raise ValueError("write a score with at most 2 decimals, such as 60 or 62.5")
    return value


#: Columns of the rule's dataset, joined by `|`: any of them counts.
Alternatives = Annotated[str, PlainValidator(alternatives, json_schema_input_type=str)]
Weight = Annotated[Number, AfterValidator(_weight)]
Score = Annotated[
    Number, BeforeValidator(_no_share), AfterValidator(_score), WithJsonSchema(_SCORE)
]
Condition = Annotated[str, SqlText()]


class CompletenessRule(Named):
    """Scores each record by how much of what should be known is known, and says what to ask next.

    Use it to see how full the profiles are: 20 to 25 points are usual. A point is met when a value
    stands in its column after all defaults; `phone|mobile` is one point: either will do. A
    placeholder set by a default and a text of blanks are missing; a value borrowed by `fill_from`
    is there. A value with an open flag of a rule of severity error about just its column is missing
    too, unless `invalid: counts`; what a check with `stage: raw` says is about the delivered text,
    and does not count.

    A point leaves the sum where `not_applicable` says so, and where its placeholder has the reason
    `not_applicable` (of several columns: each of them). The score is the weight of the points that
    are met in 100 of the weight of those that apply, with two decimals. Where none applies there is
    no score. What to ask next is the missing point that would add most, of equal ones the first
    that is written; never one of which a column has the reason `declined`.

    With `ask_at_least` every record with a lower score is flagged, by `severity`, `warn_above` and
    `error_above` as with any check. Records without a key, and those whose key stands twice, have
    no score: they are counted. Nor has a record of which `where` or `not_applicable` can't be told,
    as a cell does not read as they ask (`age::integer` where 'abc' stands): it is flagged
    `could_not_judge`, with or without `ask_at_least`.

    Example:

        completeness:
          - id: profile
            why: Below 60 we do not know a customer well enough to advise.
            points: {name: 3, email: 3, phone|mobile: 2, birth_date: 1, industry: 1}
            not_applicable: {birth_date: "type = 'company'"}
            ask_at_least: 60
            severity: warn

    In the warehouse: `<rule>__scores`, for each record its score from 0 to 100, the points that are
    missing and the one to ask next; where rules of severity error judge a column of a point,
    `<rule>__flags` beside it, the keys of the records with such a flag, and in `z0`, `z1`, ... of
    which of these columns; `completeness_scores` keeps the scores from run to run; in
    `rule_figures`, for each run the mean and the median score and the share of records that meet
    each point.
    """

    DIMENSION: ClassVar[Dimension | None] = "completeness"

    points: Annotated[
        dict[Alternatives, Weight], BeforeValidator(_once), AfterValidator(filled)
    ] = Field(
        description="column: weight. Several columns joined by | are one point: any of them will "
        "do, as in phone|mobile. A name that a column bears as it stands, with its |, is that column.",
    )
    not_applicable: Annotated[dict[Alternatives, Condition], BeforeValidator(_once)] = Field(
        default_factory=dict,
        description="point: SQL condition. Where it is true, the point leaves the sum.",
    )
    invalid: Literal["missing", "counts"] = Field(
        "missing",
        description="What a value is that has an open error flag on just its column: missing, or "
        "it counts as any.",
    )
    ask_at_least: Score | None = Field(
        None, description="Records with a lower score are flagged. Default: none is."
    )
    warn_above: Threshold | None = Field(
        None, description="More records below ask_at_least than this: warn."
    )
    error_above: Threshold | None = Field(None, description="More than this: fail.")

    def nested_sql(self) -> Mapping[str, tuple[tuple[str | int, ...], str]]:
        return {
            f"not_applicable.{point}": (("not_applicable", point), condition)
            for point, condition in self.not_applicable.items()
        }


RULE = CompletenessRule
BUILT = True
