"""How facts find the customer: by the key they refer to, or by the party of that key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from cdmq.sql.equality import composed
from cdmq.sql.types import Type
from cdmq.values import Catalog, Dataset, Project


@dataclass(frozen=True)
class Link:
    """How the rows of one dataset of facts refer to the records that are judged.

    `columns` make the key text of a record of the dataset `to`. `through`: the matching rule by
    which that record belongs to a party, where the judged dataset is a golden one.
    """

    facts: str
    happened_at: str
    columns: tuple[str, ...]
    to: str
    types: Mapping[str, Type]
    through: str | None = None

    def compared(self, key: exp.Expr, dialect: str) -> exp.Expr:
        """The text of a key in the form in which texts are equal."""
        written = any(self.types[c] == "text" for c in self.columns)
        return composed(key, dialect) if written else key

    @property
    def by_day(self) -> bool:
        return self.types[self.happened_at] == "date"


def referred(judged: Dataset, facts: Dataset) -> str | None:
    """The dataset by which facts find the judged one: itself, or the one that it was made of."""
    for name in (judged.name, judged.made_of):
        if name is not None and name in facts.spec.refers_to:
            return name
    return None


def links(
    judged: Dataset, names: Iterable[str], project: Project, catalog: Catalog
) -> dict[str, Link]:
    """The link of each of these datasets of facts; each refers to the judged one (see referred)."""
    found = {}
    for name in names:
        facts = project.datasets[name]
        to = referred(judged, facts)
        assert to is not None
        assert facts.spec.happened_at is not None
        through = None
        if to != judged.name:  # of the rule that makes it: the one that it stands on
            (through,) = project.uses[str(judged.made_by)].kept
        found[name] = Link(
            name,
            facts.spec.happened_at,
            tuple(facts.spec.refers_to[to]),
            to,
            catalog[name],
            through,
        )
    return found
