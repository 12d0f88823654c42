"""Whom links join: the dataset of the parties, of whose records they are, and by which rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cdmq.kinds import kinds
from cdmq.kinds.kind import Known
from cdmq.values import Rule, Uses


@dataclass(frozen=True)
class Joined:
    """`records`: the dataset whose keys name the ends; `through`: the matching rule by which these
    are parties, None where each record is one. `parties` is the dataset that the rule names: that
    of the records, or the golden one that is made of them."""

    parties: str
    records: str
    through: str | None

    @property
    def golden(self) -> bool:
        return self.parties != self.records


def joined(parties: str, at: Known, uses: Mapping[str, Uses] | None = None) -> Joined:
    """`uses`: of all rules, where they are known."""

    def of(rule: Rule) -> Uses:
        return uses[rule.id] if uses is not None else kinds()[rule.kind].uses(rule, at)

    dataset = at.datasets[parties]
    maker = at.rules.get(dataset.made_by or "")
    if maker is not None and dataset.made_of is not None:
        return Joined(parties, dataset.made_of, next(iter(of(maker).kept), None))
    own = (r for r in at.rules.values() if r.dataset == parties)
    made = (r.id for r in own if r.kind != "relationships" and f"parties:{parties}" in of(r).makes)
    return Joined(parties, parties, next(made, None))
