"""The kind `relationships`: how customers hang together."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from cdmq.kinds.words import Count, Named, filled
from cdmq.project.fields import Bool, Dataset, Model


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
        None, description="How many links of this type may lead to one party at a time."
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

    Use it where a customer is more than one row: parent companies, payers, contacts, households.
    Links are rows of a dataset of their own with the columns from_id, to_id, type, start and end.
    A link whose type is not listed is flagged, so is one whose ends do not exist or whose start is
    after its end.

    Example:

        relationships:
          - id: customer_links
            why: Credit limits are added up over a concern.
            links: party_links
            types:
              parent_of: {from: company, to: company, loops: refused}
              pays_for: {to_at_most: 1}
              works_at: {from: person, to: company, dated: true}

    In the warehouse: a flag for each link that breaks a rule, with the path where it is a loop.
    """

    links: Dataset = Field(description="The dataset of links: from_id, to_id, type, start, end.")
    types: Annotated[dict[str, LinkType], AfterValidator(filled)] = Field(
        description="type: what links of this type must keep to."
    )


RULE = RelationshipsRule
BUILT = False
