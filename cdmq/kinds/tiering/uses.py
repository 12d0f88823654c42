"""What a tiering rule reads: whom it judges, and the facts that it measures by. It gives each
record a level."""

from __future__ import annotations

from cdmq.kinds.kind import Known
from cdmq.kinds.reads import expression_columns, may_be_unread
from cdmq.kinds.tiering.words import TieringRule
from cdmq.values import Given, Rule, Uses


def uses(rule: Rule, at: Known) -> Uses:
    spec = rule.spec
    assert isinstance(spec, TieringRule)
    reads = {f"rows:{rule.dataset}": frozenset(expression_columns(rule, "where"))}
    for name, measure in spec.measures.items():
        wanted = expression_columns(rule, f"measures.{name}.where")
        wanted |= {measure.sum} if measure.sum else set()
        facts = at.datasets.get(measure.dataset)
        if facts is not None:
            wanted |= {facts.spec.happened_at} if facts.spec.happened_at else set()
            wanted |= {c for columns in facts.spec.refers_to.values() for c in columns}
        known = f"rows:{measure.dataset}"
        reads[known] = reads.get(known, frozenset()) | wanted
    makes = {
        f"column:{rule.dataset}": frozenset({rule.id}),
        f"kept:{rule.id}": frozenset({"level"}),
    }
    if may_be_unread(rule, "where"):
        makes[f"flags:{rule.dataset}"] = frozenset()
    return Uses(reads, makes)


def leaves(rule: Rule) -> dict[str, str]:
    return {f"tiers:{rule.id}": f"{rule.id}__levels"}


def gives(rule: Rule) -> Given | None:
    return Given(rule.id, "text", f"{rule.id}__levels", "level", "tier_history")
