"""A trends rule as it is written: its flags warn, unless it says otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cdmq.kinds import plain
from cdmq.kinds.kind import Known
from cdmq.kinds.thresholds import threshold_problems, thresholds
from cdmq.kinds.trends.dataset_words import DatasetTrend
from cdmq.kinds.trends.words import ENDED, TrendRule
from cdmq.problems import Problem
from cdmq.values import Rule, Uses

if TYPE_CHECKING:
    from cdmq.kinds.reading import Reading


def read(item: Any, at: Reading) -> Iterator[Rule]:
    """The one rule of an item; what can have no effect on its flags is told."""
    if isinstance(item, dict) and "of" in item:
        for rule in plain.read(item, at, DatasetTrend):
            yield replace(rule, severity=rule.spec.severity or "warn")  # type: ignore[attr-defined]
        return
    for rule in plain.read(item, at):
        spec = rule.spec
        assert isinstance(spec, TrendRule)
        for field, code, cause, how in threshold_problems(
            spec.severity, spec.warn_above, spec.error_above, "row", at.kind.name
        ):
            at.problem((*at.path, field), code, cause, how, key=True)
        fails = spec.severity or ("error" if spec.error_above is not None else "warn")
        warn, error = thresholds(spec.warn_above, spec.error_above)
        rule = replace(rule, severity=fails, warn_above=warn, error_above=error)
        yield _with_ended(rule, at)


def _with_ended(rule: Rule, at: Reading) -> Rule:
    """With what the dataset of its records says of who has ended."""
    own = at.datasets.get(rule.dataset)
    of = at.datasets.get(own.made_of or own.name) if own else None
    if of is None or of.spec.ended is None:
        return rule
    parsed = at.expressions({ENDED: of.spec.ended.when}, {ENDED: of.span})
    expressions = {**rule.expressions, **parsed}
    return replace(rule, expressions=expressions, spans={**rule.spans, ENDED: of.span})


def problems(at: Known, uses: Mapping[str, Uses]) -> Iterator[Problem]:
    """Steps of records, where a rule says which of them are one customer; and what `if_none` would
    say of periods without facts."""
    parties = {r.dataset: n for n, r in at.rules.items() if f"parties:{r.dataset}" in uses[n].makes}
    into = {d.made_of: d.name for d in at.datasets.values() if d.made_of}
    for rule in at.rules.values():
        if not isinstance(rule.spec, TrendRule):
            continue
        if rule.spec.measure.if_none is not None:
            yield Problem(
                rule.spans.get("measure.if_none", rule.span),
                "CDMQ130",
                f"if_none has no effect: a period without facts is 0 (rule {rule.id})",
                "take it out",
                severity="warning",
            )
        party, golden = parties.get(rule.dataset), into.get(rule.dataset)
        if party is not None:
            yield Problem(
                rule.span,
                "CDMQ226",
                f"'{rule.id}' gives a step to each record of {rule.dataset}, "
                f"though {party} says which of them are one customer",
                f"write it in a file with dataset: {golden}"
                if golden
                else f"let a golden rule make a dataset of {party}, and write it in a file of that",
                severity="warning",
            )
