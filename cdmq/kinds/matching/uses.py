"""What a matching rule reads; who is one party, it keeps."""

from __future__ import annotations

from cdmq.kinds.kind import Known
from cdmq.kinds.matching.words import MatchingRule
from cdmq.kinds.reads import expression_columns, may_be_unread
from cdmq.values import Rule, Uses


def uses(rule: Rule, at: Known) -> Uses:
    assert isinstance(rule.spec, MatchingRule)
    own = frozenset({*rule.spec.columns, *expression_columns(rule)})
    party = frozenset({"party_id"})
    makes = {f"kept:{rule.id}": party}
    if may_be_unread(rule):
        makes[f"flags:{rule.dataset}"] = frozenset()
    if rule.spec.makes == "party":
        makes[f"parties:{rule.dataset}"] = party
    return Uses({f"rows:{rule.dataset}": own}, makes)


def leaves(rule: Rule) -> dict[str, str]:
    assert isinstance(rule.spec, MatchingRule)
    found = {f"xref:{rule.id}": f"{rule.id}__xref"}
    if rule.spec.makes == "party":
        found[f"parties:{rule.dataset}"] = f"{rule.dataset}__xref"
    return found
