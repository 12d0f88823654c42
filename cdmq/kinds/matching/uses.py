"""What a matching rule reads; who is one party, it keeps."""

from __future__ import annotations

from cdmq.kinds.kind import Known
from cdmq.kinds.matching.words import MatchingRule
from cdmq.kinds.reads import expression_columns
from cdmq.values import ALL, Rule, Uses


def uses(rule: Rule, at: Known) -> Uses:
    assert isinstance(rule.spec, MatchingRule)
    own = frozenset({*rule.spec.columns, *expression_columns(rule)})
    return Uses({f"rows:{rule.dataset}": own}, {f"kept:{rule.id}": frozenset({ALL})})
