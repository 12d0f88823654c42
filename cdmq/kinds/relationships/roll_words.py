"""Measures of a party and all below it: words of a rule of relationships, each a rule of its own."""

from __future__ import annotations

from pydantic import Field

from cdmq.kinds.facts.words import Facts, Measure
from cdmq.kinds.words import Lasting, Named, Word


class RollUp(Facts):
    """A figure of a party: its own and those of all below it, each once."""

    over: Lasting | None = Field(
        None, description="Only facts of this long before as_of, by the calendar. Default: all."
    )
    along: Word = Field(description="The type of links that lead down, such as parent_of.")


class RollUpRule(Named):
    """One such measure, as a rule about the parties: it gives them the column of its id."""

    measure: RollUp
    #: The rule whose links are followed.
    linked_by: str = Field(exclude=True)

    @property
    def counted(self) -> Measure:
        """How each party's own figure is counted."""
        m = self.measure
        said = {"from": m.dataset, "sum": m.sum, "count": m.count, "where": m.where, "over": m.over}
        return Measure.model_validate(said)
