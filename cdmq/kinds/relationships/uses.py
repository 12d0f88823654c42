"""What a rule of relationships reads, and that it keeps links and flags them."""

from __future__ import annotations

from cdmq.kinds.kind import Known
from cdmq.kinds.reads import expression_columns
from cdmq.kinds.relationships.joined import joined
from cdmq.kinds.relationships.words import RelationshipsRule
from cdmq.values import Rule, Uses


def uses(rule: Rule, at: Known) -> Uses:
    spec = rule.spec
    assert isinstance(spec, RelationshipsRule)
    own = frozenset({spec.from_, spec.to, spec.type, *spec.dates})
    reads = {f"rows:{rule.dataset}": own | expression_columns(rule)}
    if spec.parties in at.datasets:
        of = joined(str(spec.parties), at)
        sort = {spec.sort} if spec.sorts else set()
        reads[f"rows:{of.records}"] = frozenset(at.datasets[of.records].key)
        key = frozenset(at.datasets[of.parties].key)
        reads[f"rows:{of.parties}"] = reads.get(f"rows:{of.parties}", frozenset()) | key | sort
        if of.through is not None:
            reads[f"kept:{of.through}"] = frozenset({"party_id"})
    makes = {f"kept:{rule.id}": frozenset({"root"}), f"flags:{rule.dataset}": own}
    return Uses(reads, makes)


def leaves(rule: Rule) -> dict[str, str]:
    """Its faults stand in the run alone: people read them as flags."""
    made = (f"{rule.id}__links", f"{rule.id}__faults")
    return {f"made:{name}": name for name in made}
