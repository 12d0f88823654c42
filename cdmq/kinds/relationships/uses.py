"""What a rule of relationships reads, and that it keeps links and flags them; what a measure of
parties and all below them reads, and that it gives them a column."""

from __future__ import annotations

from cdmq.kinds.facts.counted import reads_of
from cdmq.kinds.kind import Known
from cdmq.kinds.reads import expression_columns
from cdmq.kinds.relationships.joined import joined
from cdmq.kinds.relationships.roll_words import RollUpRule
from cdmq.kinds.relationships.words import RelationshipsRule
from cdmq.values import Given, Rule, Uses


def uses(rule: Rule, at: Known) -> Uses:
    spec = rule.spec
    if isinstance(spec, RollUpRule):
        return _rolled(rule, spec, at)
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


def _rolled(rule: Rule, spec: RollUpRule, at: Known) -> Uses:
    reads = {f"rows:{rule.dataset}": frozenset[str](), f"kept:{spec.linked_by}": frozenset[str]()}
    for facts, wanted in reads_of(rule, {"measure.where": spec.measure}, at).items():
        reads[facts] = reads.get(facts, frozenset()) | wanted
    makes = {
        f"column:{rule.dataset}": frozenset({rule.id}),
        f"kept:{rule.id}": frozenset({"figure"}),
    }
    return Uses(reads, makes)


def gives(rule: Rule) -> Given | None:
    if not isinstance(rule.spec, RollUpRule):
        return None
    return Given(rule.id, "decimal", f"{rule.id}__figures", "figure", "roll_ups")


def leaves(rule: Rule) -> dict[str, str]:
    """Its faults stand in the run alone: people read them as flags."""
    ends = ("figures",) if isinstance(rule.spec, RollUpRule) else ("links", "faults")
    made = [f"{rule.id}__{end}" for end in ends]
    return {f"made:{name}": name for name in made}
