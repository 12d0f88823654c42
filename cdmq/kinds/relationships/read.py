"""A rule of relationships is about the links, wherever it stands: its flags are theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cdmq.kinds import plain
from cdmq.kinds.relationships.roll_words import RollUpRule
from cdmq.kinds.relationships.words import RelationshipsRule
from cdmq.problems import did_you_mean
from cdmq.values import Rule

if TYPE_CHECKING:
    from cdmq.kinds.reading import Reading


def read(item: Any, at: Reading) -> Iterator[Rule]:
    for rule in plain.read(item, at):
        spec = rule.spec
        assert isinstance(spec, RelationshipsRule)
        parties = spec.parties or _parties(spec, rule.dataset, at)
        if parties is None or not _known(spec.links, "links", at):
            continue
        if spec.parties is None or _known(parties, "parties", at):
            own = {"parties": parties, "roll_up": {}}
            kept = {f: e for f, e in rule.expressions.items() if not f.startswith("roll_up.")}
            yield replace(
                rule,
                dataset=spec.links,
                spec=spec.model_copy(update=own),
                expressions=kept,
            )
            for name in spec.roll_up:
                yield _rolled(rule, spec, name, parties)


def _rolled(rule: Rule, spec: RelationshipsRule, name: str, parties: str) -> Rule:
    """A measure of the parties as a rule about them. Facts that it could not count warn."""
    field = f"roll_up.{name}"
    spans = {
        f"measure{f.removeprefix(field)}": span
        for f, span in rule.spans.items()
        if f == field or f.startswith(f"{field}.")
    }
    where = rule.expressions.get(f"{field}.where")
    return replace(
        rule,
        id=name,
        dataset=parties,
        spec=RollUpRule(id=name, measure=spec.roll_up[name], linked_by=rule.id),
        severity="warn",
        where=None,
        formerly=None,
        span=spans.get("measure", rule.span),
        expressions={} if where is None else {"measure.where": where},
        spans=spans,
    )


def _parties(spec: RelationshipsRule, dataset: str, at: Reading) -> str | None:
    """Whom the links join, where the rule does not say so."""
    if dataset != spec.links:
        return dataset
    known = at.datasets.get(dataset)
    to = [name for name in (known.spec.refers_to if known else ()) if name in at.datasets]
    if len(to) == 1:
        return to[0]
    cause = f"rule {spec.id} does not say whom the links of {dataset} join"
    at.problem(at.path, "CDMQ232", cause, "add parties: and the dataset of the customers")
    return None


def _known(name: str, field: str, at: Reading) -> bool:
    """Whether a dataset is there and its records have names."""
    place = (*at.path, field)
    if name not in at.datasets:
        remedy = did_you_mean(name, at.datasets)
        at.problem(place, "CDMQ202", f"unknown dataset '{name}'", remedy)
        return False
    if not at.datasets[name].key:
        cause = f"the dataset '{name}' has no key: a link or flag could not name its records"
        at.problem(place, "CDMQ206", cause, f"add key: to it ({at.datasets[name].span})")
        return False
    return True
