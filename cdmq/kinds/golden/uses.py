"""What a golden rule reads: all of the records that it joins, who is one party, and their flags."""

from __future__ import annotations

from cdmq.kinds.golden.words import PARTY, GoldenRule
from cdmq.kinds.kind import Known
from cdmq.kinds.reads import expression_columns
from cdmq.values import ALL, Rule, Uses


def uses(rule: Rule, at: Known) -> Uses:
    spec = rule.spec
    assert isinstance(spec, GoldenRule)
    named = {*spec.columns, *(c for group in spec.together.values() for c in group)}
    reads = {
        f"rows:{rule.dataset}": frozenset({ALL, *named, *expression_columns(rule)}),
        f"kept:{spec.matched_by}": frozenset({PARTY}),
    }
    if spec.valid_only:
        reads[f"flags:{rule.dataset}"] = frozenset({ALL})
    return Uses(reads, {f"source:{spec.into}": frozenset({ALL})})


def leaves(rule: Rule) -> dict[str, str]:
    assert isinstance(rule.spec, GoldenRule)
    return {f"flagged:{rule.spec.into}": f"{rule.id}__flags"}
