"""The kind `relationships`: how customers hang together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from cdmq.kinds.relationships.roll_words import RollUp
from cdmq.kinds.words import Count, Named, ReadsFrom, Word, filled
from cdmq.project.fields import Bool, Column, Dataset, Model

#: In the place of a column that links do not have.
NONE = "none"


class LinkType(Model):
    """What a link of one type must keep to."""

    model_config = ConfigDict(populate_by_name=False)

    from_sort: str | None = Field(
        None, alias="from", description="The sort of party it starts at, such as person."
    )
    to_sort: str | None = Field(
        None, alias="to", description="The sort of party it leads to, such as company."
    )
    loops: Literal["refused", "allowed"] = Field(
        "allowed", description="refused: following such links never leads back to the start."
    )
    to_at_most: Count | None = Field(
        None, description="From how many parties such links may lead to one party at a time."
    )
    from_at_most: Count | None = Field(
        None, description="To how many parties such links may lead from one party at a time."
    )
    dated: Bool = Field(False, description="true: a link must say when it started.")

    @model_validator(mode="after")
    def _sensible(self) -> LinkType:
        sorts = {self.from_sort, self.to_sort} - {None}
        if self.loops == "refused" and len(sorts) == 2:
            raise ValueError(
                f"a link from {self.from_sort} to {self.to_sort} cannot loop: remove loops"
            )
        return self


class RelationshipsRule(Named):
    """Checks the links between customers: who owns whom, who pays for whom, who works where.

    Use it where a customer is more than one row: parent companies, payers, contacts, sites, roles
    in time. Links are rows of a dataset of their own, each with two ends, a type and, where it is
    dated, the time in which it holds: from its start on, and no longer on the day of its end.
    Without a start a link held ever since, without an end it holds still.

    The rule stands in the file of the customers that links join, or in that of the links with
    `parties: CUSTOMERS`. An end is the key of a record, one part of its key where that is of one
    party only (the customer number without the source), or the id of a party. Where a matching rule
    says who is one party, links are between parties: those that become the same as parties merge
    are one, and one from a party to itself is left out; both are counted.

    A link is flagged, by its own key, whose type is not listed or whose end is nobody; with a party
    of the wrong sort; that closes a loop where these are refused (one flag for all parties that
    reach each other, with the shortest loop among them); with which there are more than
    `to_at_most` or `from_at_most`; that holds at the same time as another with the same ends and
    type; that starts after its end; and without a start where its type is `dated`. A link that is
    flagged for its type, ends, sort or dates is not followed. A date that can't be read, and a
    party whose sort nobody says, could not be judged.

    `roll_up` adds up a figure of each party and of all below it by links of one type that hold at
    as_of, each party once, whatever ways lead to it; parties that reach each other have one figure.
    Each stands as a column of its name in the dataset of the parties, for the levels, conditions
    and measures of other rules. A party without a fact, itself and below, has none, or `if_none`.

    Example:

        relationships:
          - id: customer_links
            why: Credit limits are added up over a concern.
            links: party_links
            starts: start
            ends: end
            types:
              parent_of: {from: company, to: company, loops: refused}
              pays_for: {to_at_most: 1}
              works_at: {from: person, to: company, dated: true}
            roll_up:
              group_volume: {from: orders, sum: amount, over: 24 months, along: parent_of}

    Links are judged beside the warehouse, in memory: 600,000 of them take about 1 GB. A loop or
    chain of 10,000 is walked along once.

    In the warehouse: the audit table `links`, a row a link between two parties and time in which
    the data said so; `<rule>__links`, the links that are followed now: from, to, type, starts,
    ends, depth (how many links lead down to its end) and root (the party at the top), both for
    links that hold at as_of. `<roll_up>__figures`, and the audit table `roll_ups` with its history:
    key, figure, own (of the party alone) and below (how many parties are below it).
    """

    links: Dataset = Field(description="The dataset of the links.")
    parties: Dataset | None = Field(
        None,
        description="The dataset of those whom they join. Default: the dataset of the file; in the "
        "file of the links the one that they refer to (refers_to).",
    )
    from_: Annotated[Column, ReadsFrom("links")] = Field(
        "from_id", alias="from", description="The column with the end that it starts at."
    )
    to: Annotated[Column, ReadsFrom("links")] = Field(
        "to_id", description="The column with the end that it leads to."
    )
    type: Annotated[Column, ReadsFrom("links")] = Field(
        "type", description="The column with its type."
    )
    starts: Annotated[Column, ReadsFrom("links")] = Field(
        "start",
        description="The column with the day or time from which it holds; none: links have none.",
    )
    ends: Annotated[Column, ReadsFrom("links")] = Field(
        "end",
        description="The column with the day or time from which it no longer holds; none: links "
        "have none.",
    )
    sort: Annotated[str, ReadsFrom("parties")] = Field(
        "type",
        description="The column of the parties that tells persons from companies; read where a "
        "type names sorts.",
    )
    types: Annotated[dict[str, LinkType], AfterValidator(filled)] = Field(
        description="type: what links of this type must keep to."
    )

    roll_up: dict[Word, RollUp] = Field(
        default_factory=dict,
        description="name: a figure of every party, its own and that of all below it.",
    )

    def nested_sql(self) -> Mapping[str, tuple[tuple[str | int, ...], str]]:
        return {
            f"roll_up.{name}.where": (("roll_up", name, "where"), measure.where)
            for name, measure in self.roll_up.items()
            if measure.where is not None
        }

    @property
    def dates(self) -> tuple[str, ...]:
        """The columns of its dates."""
        return tuple(c for c in (self.starts, self.ends) if c != NONE)

    @property
    def sorts(self) -> bool:
        """Whether a type asks of what sort a party is."""
        return any(t.from_sort or t.to_sort for t in self.types.values())

    @model_validator(mode="after")
    def _sensible(self) -> RelationshipsRule:
        named = [self.from_, self.to, self.type, self.starts, self.ends]
        for i, column in enumerate(named):
            if column in named[:i] and column != NONE:
                raise ValueError(f"the column '{column}' cannot mean two things of a link")
        undated = [name for name, t in self.types.items() if t.dated]
        if self.starts == NONE and undated:
            raise ValueError(f"{undated[0]} is dated: say which column starts is")
        for name, measure in self.roll_up.items():
            if measure.along not in self.types:
                raise ValueError(f"{name} goes along {measure.along}, which is none of the types")
            if name == self.id:
                raise ValueError(f"{name} is the rule itself: give the figure a name of its own")
        return self


RULE = RelationshipsRule
BUILT = True
