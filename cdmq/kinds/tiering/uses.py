"""What a tiering rule reads: whom it judges, the facts that it measures by, and what other rules
give the records. It gives each record a level."""

from __future__ import annotations

from collections.abc import Iterable

from cdmq.kinds.facts.along import linked_by
from cdmq.kinds.facts.counted import reads_of
from cdmq.kinds.kind import Known
from cdmq.kinds.reads import expression_columns, may_be_unread
from cdmq.kinds.tiering.exposure_words import ExposureRule
from cdmq.kinds.tiering.words import TieringRule
from cdmq.values import Given, Rule, Uses


def uses(rule: Rule, at: Known) -> Uses:
    spec = rule.spec
    if isinstance(spec, ExposureRule):
        return _exposed(rule, spec, at)
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


def _exposed(rule: Rule, spec: ExposureRule, at: Known) -> Uses:
    limit = frozenset({spec.exposure.limit})
    reads = {f"rows:{rule.dataset}": limit}
    for facts, wanted in reads_of(rule, {"exposure.where": spec.exposure}, at).items():
        reads[facts] = reads.get(facts, frozenset()) | wanted
    judged = at.datasets.get(rule.dataset)
    if judged is not None and judged.made_of in at.datasets:
        records = f"rows:{judged.made_of}"
        key = frozenset(at.datasets[str(judged.made_of)].key)
        reads[records] = reads.get(records, frozenset()) | key
    if (by := linked_by(rule.dataset, spec.exposure.along, at.rules)) is not None:
        reads[f"kept:{by}"] = frozenset[str]()
    makes = {f"flags:{rule.dataset}": limit, f"kept:{rule.id}": frozenset({"exposure"})}
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
    if isinstance(rule.spec, ExposureRule):
        return {f"made:{rule.id}": rule.id}
    return {f"tiers:{rule.id}": f"{rule.id}__levels", f"moves:{rule.id}": f"{rule.id}__moves"}


def gives(rule: Rule) -> Given | None:
    if isinstance(rule.spec, ExposureRule):
        return None
    return Given(rule.id, "text", f"{rule.id}__levels", "level", "tier_history")
