"""How many facts a level may be without, and whose level it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cdmq.kinds.kind import Known
from cdmq.kinds.thresholds import NEVER
from cdmq.kinds.tiering.named import unknown_levels
from cdmq.kinds.tiering.words import TieringRule
from cdmq.problems import Problem
from cdmq.values import Rule, Uses


def above(rule: Rule) -> tuple[str, str]:
    """Of the facts that no figure could count any warns; only what the steward sets fails."""
    assert isinstance(rule.spec, TieringRule)
    return rule.spec.warn_above or "0", rule.spec.error_above or NEVER


def problems(at: Known, uses: Mapping[str, Uses]) -> Iterator[Problem]:
    """A level of records, where a rule says which of them are one customer, is said; and a level
    that a rule asks for and none has."""
    yield from unknown_levels(at.rules)
    parties = {r.dataset: n for n, r in at.rules.items() if f"parties:{r.dataset}" in uses[n].makes}
    into = {d.made_of: d.name for d in at.datasets.values() if d.made_of}
    for rule in at.rules.values():
        party = parties.get(rule.dataset)
        if party is None or not isinstance(rule.spec, TieringRule):
            continue
        golden = into.get(rule.dataset)
        yield Problem(
            rule.span,
            "CDMQ226",
            f"'{rule.id}' gives a level to each record of {rule.dataset}, "
            f"though {party} says which of them are one customer",
            f"write it in a file with dataset: {golden}"
            if golden
            else f"let a golden rule make a dataset of {party}, and write it in a file of that",
            severity="warning",
        )
