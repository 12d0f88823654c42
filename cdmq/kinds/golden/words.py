"""The kind `golden`: one best record per party."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from cdmq.kinds.words import Named, some
from cdmq.project.fields import Bool, Column, Columns, Dataset

#: The key of a golden dataset.
PARTY = "party_id"
Pick = Literal[
    "trusted",
    "newest",
    "oldest",
    "verified",
    "most_complete",
    "most_common",
    "longest",
    "shortest",
    "largest",
    "smallest",
    "strictest",
]


def _one_or_many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _group(columns: list[str]) -> list[str]:
    if len(some(columns)) < 2:
        raise ValueError("two or more columns are taken together")
    return columns


Picks = Annotated[
    list[Pick],
    BeforeValidator(_one_or_many, json_schema_input_type=Pick | list[Pick]),
    AfterValidator(some),
]
Labels = Annotated[
    list[str],
    BeforeValidator(_one_or_many, json_schema_input_type=str | list[str]),
    AfterValidator(some),
]
Group = Annotated[Columns, AfterValidator(_group)]


class GoldenRule(Named):
    """Makes one record per customer out of the records that a matching rule found to be the same:
    cell by cell the best value, and for each cell where it came from.

    Use it after `matching`. The words of `pick` are tried in order, each breaking the tie of the
    one before: trusted (first source of `trust`), newest and oldest (by the dataset's changed_at,
    never the load time), verified (latest proof by verified_at), most_complete (the record with
    most values), most_common, longest, shortest, largest, smallest, strictest (one no is no: `no`,
    `false`, `0`, `declined`, `opt-out` and the like before anything else, `yes` last; the smallest
    limit, the earliest date). Dates after `as_of` are no dates for newest and verified, and ends of
    time (0001-01-01, 1900-01-01, 1970-01-01, 9999-12-31 and the like) none for oldest. A missing
    value never wins against a present one.

    A value with an open flag of a rule of severity error about just its column loses to one
    without, whatever `pick` says; but a `strictest` that comes first is asked before that. In a
    `together` group one flagged cell makes the whole group lose, unless the other has less than
    half of its cells. `valid_only: false` lets flags not count.

    Each party has a record, so that there is no `where`: the one of the matching rule says which
    records may be one with others.

    Example:

        golden:
          - id: golden_customer
            why: Sales and billing need one address and one phone number.
            from: same_customer
            into: customers_golden
            trust: [crm, shop]
            pick: [trusted, newest, most_complete]
            together: {address: [street, postcode, city, country]}
            columns: {email: [verified, newest]}

    In the warehouse: the dataset named by `into`, with the key party_id, and `golden_cells`:
    the value, the winning record, the rule and the losers of each cell, from and to run.
    """

    model_config = ConfigDict(populate_by_name=False)

    matched_by: str = Field(
        alias="from", description="The id of the matching rule that says who is the same."
    )
    into: Dataset = Field(description="The dataset it makes; its key is party_id.")
    trust: Labels | None = Field(
        None, description="Sources by their label in stack, the most trusted first."
    )
    pick: Picks = Field(
        description="What decides which value wins; each word breaks the tie of the one before."
    )
    together: dict[str, Group] = Field(
        default_factory=dict,
        description="name: columns that are taken from one record, so that no address is mixed.",
    )
    columns: dict[Column, Picks] = Field(
        default_factory=dict, description="column: its own pick, where it differs."
    )
    valid_only: Bool = Field(
        True, description="A value with an open error flag on just its column loses to one without."
    )

    @model_validator(mode="after")
    def _sensible(self) -> GoldenRule:
        if self.where is not None:
            raise ValueError(
                "a golden rule takes no where, as each party has a record: leave it out"
            )
        picks = [self.pick, *self.columns.values()]
        if self.trust is None and any("trusted" in words for words in picks):
            raise ValueError("trusted needs trust: the sources, the most trusted first")
        if self.trust is not None and not any("trusted" in words for words in picks):
            raise ValueError("trust is not used: put trusted into pick")
        group_of: dict[str, str] = {}
        for group, columns in self.together.items():
            for column in columns:
                if column in group_of:
                    raise ValueError(
                        f"'{column}' is in both {group_of[column]} and {group}: keep one"
                    )
                group_of[column] = group
        for column in self.columns:
            if column in group_of:
                raise ValueError(
                    f"'{column}' is taken together with {group_of[column]}: "
                    "it has no pick of its own"
                )
        return self


RULE = GoldenRule
BUILT = True
