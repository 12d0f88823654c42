"""What a completeness rule reads: the columns of its points, and what rules say of their values. It
gives each record a score."""

from __future__ import annotations

from cdmq.kinds.completeness.points import meant
from cdmq.kinds.completeness.words import CompletenessRule
from cdmq.kinds.kind import Known
from cdmq.kinds.reads import expression_columns, may_be_unread
from cdmq.values import Given, Rule, Uses


def uses(rule: Rule, at: Known) -> Uses:
    spec = rule.spec
    assert isinstance(spec, CompletenessRule)
    named = _named(rule, at)
    points = frozenset(c for point in spec.points for c in meant(point, named))
    reads = {f"rows:{rule.dataset}": points | expression_columns(rule)}
    if spec.invalid == "missing":
        reads[f"flags:{rule.dataset}"] = points
    makes = {
        f"column:{rule.dataset}": frozenset({rule.id}),
        f"kept:{rule.id}": frozenset({"score"}),
    }
    if flags(rule):
        makes[f"flags:{rule.dataset}"] = frozenset()
    return Uses(reads, makes)


def _named(rule: Rule, at: Known) -> frozenset[str]:
    """The columns that its dataset declares, and those that other rules are about."""
    declared = at.datasets[rule.dataset].spec.columns if rule.dataset in at.datasets else ()
    others = (r.columns for r in at.rules.values() if r.dataset == rule.dataset)
    return frozenset(declared).union(*others)


def flags(rule: Rule) -> bool:
    """Whether it may flag records: those with a low score, or those that it could not judge."""
    assert isinstance(rule.spec, CompletenessRule)
    return rule.spec.ask_at_least is not None or may_be_unread(rule)


def leaves(rule: Rule) -> dict[str, str]:
    assert isinstance(rule.spec, CompletenessRule)
    found = {f"made:{rule.id}__scores": f"{rule.id}__scores"}
    if rule.spec.invalid == "missing":
        found[f"flagged:{rule.id}"] = f"{rule.id}__flags"
    return found


def gives(rule: Rule) -> Given | None:
    return Given(rule.id, "decimal", f"{rule.id}__scores", "score", "completeness_scores")
