"""What is wrong with matching rules, seen together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cdmq.kinds.kind import Known
from cdmq.kinds.matching.words import MatchingRule
from cdmq.problems import Problem
from cdmq.values import Rule, Uses


def problems(at: Known, uses: Mapping[str, Uses]) -> Iterator[Problem]:
    """One rule says who is a party of a dataset."""
    parties: dict[str, Rule] = {}
    for rule in at.rules.values():
        if isinstance(rule.spec, MatchingRule) and rule.spec.makes == "party":
            first = parties.setdefault(rule.dataset, rule)
            if first is not rule:
                yield Problem(
                    rule.span,
                    "CDMQ225",
                    f"'{rule.id}' and '{first.id}' both make parties of {rule.dataset}",
                    "join them, or say makes: group in one of them",
                )
