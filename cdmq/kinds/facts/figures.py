"""The figures of measures: what each is made of, its type, and what it hides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cdmq.kinds.facts.words import Measure
from cdmq.project.spec import DatasetSpec, Pii
from cdmq.sql.types import MOMENTS, Type
from cdmq.values import Dataset

#: Ways that need a number in each fact that counts; one that has none is told.
NUMERIC = ("sum", "avg", "min", "max")
#: Ways that have no figure of somebody without a fact that counts.
OF_SOME = ("since", "avg", "min", "max", "top")


@dataclass(frozen=True)
class Figure:
    """One measure: its place in the rule, and how it is reckoned."""

    place: int
    name: str
    spec: Measure
    #: The type of the column that it is made of.
    adds: Type | None
    #: What pii: says of the column that it is reckoned from, for the sum of one is that one.
    pii: Pii = "plain"
    #: It is an amount of money in one currency; each fact may count as so many.
    converted: bool = False
    weighed: bool = False

    @property
    def way(self) -> str:
        return self.spec.way

    @property
    def numeric(self) -> bool:
        """Made of numbers, and missing where one of them is none."""
        return self.way in NUMERIC and self.adds not in MOMENTS

    @property
    def type(self) -> Type:
        """Counts and sums of whole numbers are whole; what is divided is not."""
        if self.way == "top":
            return "text"
        if self.adds in MOMENTS and self.way in ("min", "max"):
            return self.adds
        whole = self.way in ("count", "distinct") or (
            self.way in ("sum", "min", "max")
            and self.adds == "integer"
            and not (self.numeric and (self.converted or self.weighed))
        )
        none = self.spec.if_none
        fraction = none is not None and none != none.to_integral_value()
        return "integer" if whole and not self.spec.per and not fraction else "decimal"


def figures_of(
    measures: Mapping[str, Measure],
    types: Mapping[str, Mapping[str, Type]],
    datasets: Mapping[str, Dataset] | None = None,
) -> list[Figure]:
    """The measures in their order; `types` gives the columns of each dataset of facts, `datasets`
    what they say of them."""
    return [
        _figure(i, name, m, types[m.dataset], datasets[m.dataset].spec if datasets else None)
        for i, (name, m) in enumerate(measures.items())
    ]


def _figure(
    place: int, name: str, m: Measure, types: Mapping[str, Type], facts: DatasetSpec | None
) -> Figure:
    adds = types[m.column] if m.column is not None else None
    if facts is None:
        return Figure(place, name, m, adds)
    amount, numeric = facts.amount, m.way in NUMERIC
    return Figure(
        place,
        name,
        m,
        adds,
        _hidden(m, facts),
        converted=amount is not None and bool(amount.into) and amount.column == m.column,
        weighed=numeric and facts.counts_as is not None,
    )


def _hidden(measure: Measure, facts: DatasetSpec) -> Pii:
    read = measure.column or (facts.happened_at if measure.since else None)
    return facts.pii.get(read, "plain") if read and measure.distinct is None else "plain"
