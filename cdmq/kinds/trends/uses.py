"""What a trends rule reads: whom it judges, and the facts. It gives each record a step."""

from __future__ import annotations

from cdmq.kinds.facts.counted import reads_of
from cdmq.kinds.kind import Known
from cdmq.kinds.reads import expression_columns
from cdmq.kinds.trends.dataset_words import DatasetTrend
from cdmq.kinds.trends.words import ENDED, TrendRule
from cdmq.values import Given, Rule, Uses


def uses(rule: Rule, at: Known) -> Uses:
    spec = rule.spec
    if isinstance(spec, DatasetTrend):
        return _of_dataset(rule, spec, at)
    assert isinstance(spec, TrendRule)
    own = expression_columns(rule, "where") | ({spec.visit.by} if spec.visit else set())
    reads = {f"rows:{rule.dataset}": frozenset(own)}
    for facts, wanted in reads_of(rule, {"measure.where": spec.measure}, at).items():
        reads[facts] = reads.get(facts, frozenset()) | wanted
    of = at.datasets[rule.dataset].made_of or rule.dataset if rule.dataset in at.datasets else ""
    if ENDED in rule.expressions and of in at.datasets and (said := at.datasets[of].spec.ended):
        records = f"rows:{of}"
        asked = {*expression_columns(rule, ENDED), *([said.on] if said.on else [])}
        reads[records] = reads.get(records, frozenset()) | asked
    makes = {
        f"column:{rule.dataset}": frozenset({rule.id}),
        f"kept:{rule.id}": frozenset({"step"}),
        f"flags:{rule.dataset}": frozenset[str](),
    }
    return Uses(reads, makes)


def _of_dataset(rule: Rule, spec: DatasetTrend, at: Known) -> Uses:
    own, dataset = expression_columns(rule), at.datasets.get(rule.dataset)
    if spec.measure.nulls is not None:
        own.add(spec.measure.nulls)
    if dataset is not None and dataset.spec.happened_at and spec.measure.flags is None:
        own.add(dataset.spec.happened_at)
    reads = {f"rows:{rule.dataset}": frozenset(own)}
    if spec.measure.flags is not None:
        reads[f"found:{spec.measure.flags}"] = frozenset()
    return Uses(reads, {f"flags:{rule.dataset}": frozenset()})


def leaves(rule: Rule) -> dict[str, str]:
    if isinstance(rule.spec, DatasetTrend):
        return {}
    return {f"made:{rule.id}__steps": f"{rule.id}__steps"}


def gives(rule: Rule) -> Given | None:
    if isinstance(rule.spec, DatasetTrend):
        return None
    return Given(rule.id, "text", f"{rule.id}__steps", "step", "trend_steps")
