"""What a tiering rule makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cdmq.kinds.matching.words import MatchingRule
from cdmq.kinds.tiering.words import TieringRule
from cdmq.problems import Problem
from cdmq.values import Dataset, Rule


def names(rule: Rule) -> Iterator[tuple[str, str, str]]:
    yield f"{rule.id}__levels", rule.id, f"the rule {rule.id}"


def problems(datasets: Mapping[str, Dataset], rules: Mapping[str, Rule]) -> Iterator[Problem]:
    """A level of records, where a rule says which of them are one customer, is said."""
    parties = {
        r.dataset: r.id
        for r in rules.values()
        if isinstance(r.spec, MatchingRule) and r.spec.makes == "party"
    }
    into = {d.made_of: d.name for d in datasets.values() if d.made_of}
    for rule in rules.values():
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
