"""What is wrong with segments beside other rules, and when what is in a log is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cdmq.kinds import plain
from cdmq.kinds.kind import Known
from cdmq.kinds.segments.words import ENDED, SegmentRule
from cdmq.kinds.thresholds import NEVER
from cdmq.problems import Problem, did_you_mean
from cdmq.values import Rule, Uses

if TYPE_CHECKING:
    from cdmq.kinds.reading import Reading


def read(item: Any, at: Reading) -> Iterator[Rule]:
    """The segment of an item, with what the dataset of its records says of who has ended."""
    for rule in plain.read(item, at):
        own = at.datasets.get(rule.dataset)
        of = at.datasets.get(own.made_of or own.name) if own else None
        if of is None or of.spec.ended is None:
            yield rule
            continue
        parsed = at.expressions({ENDED: of.spec.ended.when}, {ENDED: of.span})
        spans = {**rule.spans, ENDED: of.span}
        yield replace(rule, expressions={**rule.expressions, **parsed}, spans=spans)


def above(rule: Rule) -> tuple[str, str]:
    """Of what could not be told any warns; none fails: who it is about is left out."""
    return "0", NEVER


def problems(at: Known, uses: Mapping[str, Uses]) -> Iterator[Problem]:
    """A name in never or one_per that nothing bears, or nothing fitting."""
    for rule in at.rules.values():
        if isinstance(rule.spec, SegmentRule):
            yield from _never(rule, rule.spec, at)
            yield from _group(rule, rule.spec, at, uses)


def _never(rule: Rule, spec: SegmentRule, at: Known) -> Iterator[Problem]:
    segments = {n: r for n, r in at.rules.items() if isinstance(r.spec, SegmentRule)}
    for i, one in enumerate(spec.never):
        if not isinstance(one, str) or one in at.datasets:
            continue
        place = rule.spans.get(f"never.{i}", rule.spans.get("never", rule.span))
        if one not in segments:
            known = [*at.datasets, *(n for n in segments if n != rule.id)]
            cause = f"never: no dataset and no segment is named '{one}' (rule {rule.id})"
            yield Problem(place, "CDMQ202", cause, did_you_mean(one, known))
        elif one != rule.id and segments[one].dataset != rule.dataset:
            cause = (
                f"never: the segment '{one}' is of {segments[one].dataset}, this one of "
                f"{rule.dataset} (rule {rule.id})"
            )
            yield Problem(place, "CDMQ275", cause, "name a segment of the same dataset")


def _group(rule: Rule, spec: SegmentRule, at: Known, uses: Mapping[str, Uses]) -> Iterator[Problem]:
    if spec.one_per is None:
        return
    of = at.datasets[rule.dataset].made_of or rule.dataset
    groups = [
        n
        for n, r in at.rules.items()
        if r.dataset in (of, rule.dataset)
        and "party_id" in uses[n].makes.get(f"kept:{n}", ())
        and not any(made.startswith("parties:") for made in uses[n].makes)
    ]
    if spec.one_per not in groups:
        cause = f"{of} has no matching rule '{spec.one_per}' with makes: group (rule {rule.id})"
        how = did_you_mean(spec.one_per, groups) or "write it below matching:"
        yield Problem(rule.spans.get("one_per", rule.span), "CDMQ276", cause, how)
