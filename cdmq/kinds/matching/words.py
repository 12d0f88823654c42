"""The kind `matching`: which records are one and the same party."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cdmq.kinds.words import Count, Named, Share, SomeColumns, filled, percent, some
from cdmq.project.fields import Column, Model

CompareAs = Literal["name", "date", "email", "phone", "postcode", "company", "address", "exact"]


def _lists_of_columns(value: Any) -> Any:
    if isinstance(value, str) or (
        isinstance(value, list) and any(not isinstance(item, list) for item in value)
    ):
        raise ValueError("write a list of lists, such as [[tax_id], [email, last_name]]")
    return value


ColumnLists = Annotated[list[SomeColumns], BeforeValidator(_lists_of_columns), AfterValidator(some)]


class IgnoreValues(Model):
    """Values that say nothing about who it is."""

    shared_by_more_than: Annotated[dict[Column, Count], AfterValidator(filled)] = Field(
        description="column: records. A value that more records share is no evidence: "
        "a switchboard's phone, a department's e-mail.",
    )


class MatchingRule(Named):
    """Finds the records of one dataset that are the same customer, in spite of typing errors,
    abbreviations and changes.

    Use it when one customer stands in several departments' lists, or twice in one. What is equal
    in one of the lists of `same_if` is the same; the other pairs are scored by the columns of
    `compare`. Above `merge_above` they are one party; between the two thresholds a person decides.
    A decision beats `never_if_differs`, which beats `same_if`, which beats the score. Cells that a
    default borrowed or set are no evidence. A record that `where` leaves out is a party by itself;
    one of which that can't be told, as a cell does not read as it asks, is flagged
    `could_not_judge` too.

    Example:

        matching:
          - id: same_customer
            why: Three departments keep their own list of the same people.
            makes: party
            same_if: [[tax_id], [email, last_name]]
            compare:
              first_name: name
              last_name: name
              birth_date: date
              postcode: postcode
              phone: phone
            never_if_differs: [tax_id]
            ignore_values: {shared_by_more_than: {phone: 5, email: 3}}
            merge_above: 99%
            review_above: 80%

    A household is a group: its members stay parties of their own:

        matching:
          - id: household
            makes: group
            same_if: [[last_name, street, postcode]]

    How sure it is comes from weights: each column adds what speaks for or against one customer, as
    the base-2 logarithm of the Bayes factor. +3 is 8 times more likely one than two, -3 is 8 times
    less, +10 is 1,024 times. `cdmq explain --pair A B` shows the weights of two records.

    In the warehouse: `<id>__xref` (record to party, from and to run), `<dataset>__xref` for the
    party rule, `pairs` (score and the weight of each column), `party_events` (mint, merge, split,
    retire, return), and the undecided pairs in `queue`.
    """

    DIMENSION: ClassVar[str | None] = "uniqueness"

    makes: Literal["party", "group"] = Field(
        "party",
        description="party: the records are one customer. group (household, concern): members "
        "stay themselves.",
    )
    same_if: ColumnLists | None = Field(
        None,
        description="Lists of columns. Two records are the same if all columns of one list are "
        "present and equal.",
    )
    compare: dict[Column, CompareAs] = Field(
        default_factory=dict,
        description="column: what is in it. Says how alike two values are when not equal.",
    )
    never_if_differs: SomeColumns | None = Field(
        None, description="Two records with different values here are never merged."
    )
    ignore_values: IgnoreValues | None = Field(
        None, description="Values that too many share to say who it is."
    )
    merge_above: Share = Field(
        Decimal("0.99"), description="Pairs this sure or surer become one. Default: 99%."
    )
    review_above: Share | None = Field(
        None,
        description="Pairs this sure, but not sure enough to merge, go to the queue. "
        "Absent: none does.",
    )
    candidates: ColumnLists | None = Field(
        None,
        description="Only pairs equal in all columns of one of these lists are scored. "
        "Default: derived from compare.",
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads, each once, in the order in which it names them."""
        return tuple(dict.fromkeys(column for _, column in self.named_columns()))

    def named_columns(self) -> Iterator[tuple[str, str]]:
        """(field, column) of every column that it names."""
        for field in ("same_if", "candidates"):
            for i, columns in enumerate(getattr(self, field) or ()):
                yield from ((f"{field}.{i}", column) for column in columns)
        yield from ((f"compare.{column}", column) for column in self.compare)
        yield from (("never_if_differs", column) for column in self.never_if_differs or ())

    @model_validator(mode="after")
    def _sensible(self) -> MatchingRule:
        if not self.same_if and not self.compare:
            raise ValueError("nothing says who is the same: write same_if, compare or both")
        if self.merge_above < 0.5:
            raise ValueError(
                f"merge_above ({percent(self.merge_above)}) would make one party of "
                "records that are more likely two; write 50% or more, such as 99%"
            )
        if self.review_above is not None and self.review_above >= self.merge_above:
            raise ValueError(
                f"review_above ({percent(self.review_above)}) must be lower than "
                f"merge_above ({percent(self.merge_above)})"
            )
        if self.candidates and not self.compare:
            raise ValueError("candidates goes with compare: they are the pairs that are scored")
        used = {c for columns in self.same_if or [] for c in columns} | set(self.compare)
        for column in self.ignore_values.shared_by_more_than if self.ignore_values else ():
            if column not in used:
                raise ValueError(
                    f"ignore_values names '{column}', which is neither in same_if nor in compare"
                )
        return self


RULE = MatchingRule
BUILT = True
COMMANDS = frozenset({"run", "train"})
