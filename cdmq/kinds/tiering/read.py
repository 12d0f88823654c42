"""How many facts a level may be without, and whose level it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cdmq.kinds import plain
from cdmq.kinds.kind import Known
from cdmq.kinds.thresholds import NEVER
from cdmq.kinds.tiering.exposure_words import ExposureRule
from cdmq.kinds.tiering.named import unknown_levels
from cdmq.kinds.tiering.words import TieringRule
from cdmq.problems import Problem
from cdmq.values import Rule, Uses

if TYPE_CHECKING:
    from cdmq.kinds.reading import Reading

#: What the rule of an exposure is called after its tiering rule.
_EXPOSURE = "__exposure"


def read(item: Any, at: Reading) -> Iterator[Rule]:
    """A tiering rule; its exposure is a rule of its own, judged in each run."""
    for rule in plain.read(item, at):
        spec = rule.spec
        assert isinstance(spec, TieringRule)
        if spec.exposure is None:
            yield rule
            continue
        where = rule.expressions.get("exposure.where")
        own = {f: e for f, e in rule.expressions.items() if f != "exposure.where"}
        yield replace(rule, spec=spec.model_copy(update={"exposure": None}), expressions=own)
        yield replace(
            rule,
            id=f"{rule.id}{_EXPOSURE}",
            formerly=rule.formerly and f"{rule.formerly}{_EXPOSURE}",
            spec=ExposureRule(id=f"{rule.id}{_EXPOSURE}", exposure=spec.exposure),
            where=None,
            span=rule.spans.get("exposure", rule.span),
            expressions={} if where is None else {"exposure.where": where},
        )


def above(rule: Rule) -> tuple[str, str]:
    """Of the facts that no figure could count any warns; only what the steward sets fails."""
    if isinstance(rule.spec, ExposureRule):
        return plain.above(rule)
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
