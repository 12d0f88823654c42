"""Which records are one party with the members of a segment."""

from __future__ import annotations

from cdmq.kinds import kinds
from cdmq.kinds.kind import Known
from cdmq.values import Dataset, Rule


def party_rule(dataset: Dataset, at: Known) -> str | None:
    """The matching rule that says which records are one party: the one that the dataset is made by,
    or one on its own records. None where each record stands for itself."""
    maker = at.rules.get(dataset.made_by or "")
    if maker is not None:
        return next(iter(sorted(kinds()[maker.kind].uses(maker, at).kept)), None)
    return next((r.id for r in at.rules.values() if _says_it(r, dataset)), None)


def _says_it(rule: Rule, dataset: Dataset) -> bool:
    if rule.dataset != dataset.name or not rule.enabled:
        return False
    return f"parties:{dataset.name}" in kinds()[rule.kind].leaves(rule)
