"""What a tiering rule reads: whom it judges, the facts that it measures by, and what other rules
give the records. It gives each record a level."""

from __future__ import annotations

from collections.abc import Iterable

from cdmq.kinds.facts.counted import reads_of
from cdmq.kinds.kind import Known
from cdmq.kinds.reads import expression_columns, may_be_unread
from cdmq.kinds.tiering.words import TieringRule
from cdmq.values import Given, Rule, Uses


def uses(rule: Rule, at: Known) -> Uses:
    spec = rule.spec
    assert isinstance(spec, TieringRule)
    others = [r.id for r in at.rules.values() if r.dataset == rule.dataset and r.id != rule.id]
    own = expression_columns(rule, "where") | set(given_in_levels(rule, others))
    reads = {f"rows:{rule.dataset}": frozenset(own)}
    measures = {f"measures.{name}.where": m for name, m in spec.counted.items()}
    for known, wanted in reads_of(rule, measures, at).items():
        reads[known] = reads.get(known, frozenset()) | wanted
    makes = {
        f"column:{rule.dataset}": frozenset({rule.id}),
        f"kept:{rule.id}": frozenset({"level"}),
    }
    if may_be_unread(rule, "where"):
        makes[f"flags:{rule.dataset}"] = frozenset()
    return Uses(reads, makes)


def given_in_levels(rule: Rule, others: Iterable[str]) -> list[str]:
    """Of the columns that other rules give those that stand in the conditions of levels and of
    points, and are no measures."""
    spec = rule.spec
    assert isinstance(spec, TieringRule)
    measures = {name.lower() for name in (*spec.measures, *spec.points)}
    named = {
        c.lower()
        for f in rule.expressions
        if f.startswith(("levels.", "scorecard."))
        for c in expression_columns(rule, f)
    }
    return [name for name in others if name.lower() in named - measures]


def leaves(rule: Rule) -> dict[str, str]:
    return {f"tiers:{rule.id}": f"{rule.id}__levels", f"moves:{rule.id}": f"{rule.id}__moves"}


def gives(rule: Rule) -> Given | None:
    return Given(rule.id, "text", f"{rule.id}__levels", "level", "tier_history")
