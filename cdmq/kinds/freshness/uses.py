"""What a rule of freshness reads: values with what proves them, a log, and levels of other rules.
It gives each record the confidence of its least sure value."""

from __future__ import annotations

from cdmq.kinds.freshness.words import FreshnessRule
from cdmq.kinds.kind import Known
from cdmq.kinds.reads import expression_columns, may_be_unread
from cdmq.values import ALL, Given, Rule, Uses


def uses(rule: Rule, at: Known) -> Uses:
    spec = rule.spec
    assert isinstance(spec, FreshnessRule)
    own = {*spec.watched, *expression_columns(rule)} | ({ALL} if spec.unchanged_for else set())
    if (dataset := at.datasets.get(rule.dataset)) is not None:
        proofs = dataset.spec.verified_at
        own |= {proofs[c] for c in spec.watched if c in proofs}
        own |= {dataset.spec.changed_at} if dataset.spec.changed_at else set()
    reads = {f"rows:{rule.dataset}": frozenset(own)}
    if spec.proof:
        reads[f"rows:{spec.proof.dataset}"] = _of_log(spec, at)
    makes = {f"kept:{rule.id}": frozenset({"confidence"})}
    if spec.watched:
        makes[f"column:{rule.dataset}"] = frozenset({rule.id})
    if spec.watched or may_be_unread(rule, "where"):
        makes[f"flags:{rule.dataset}"] = frozenset(spec.watched)
    return Uses(reads, makes)


def _of_log(spec: FreshnessRule, at: Known) -> frozenset[str]:
    assert spec.proof is not None
    found = {spec.proof.column, spec.proof.value, spec.proof.result}
    found |= {spec.proof.at} if spec.proof.at else set()
    if (log := at.datasets.get(spec.proof.dataset)) is not None:
        found |= {c for columns in log.spec.refers_to.values() for c in columns}
        if log.spec.happened_at and not spec.proof.at:
            found |= {log.spec.happened_at}
    return frozenset(found)


def leaves(rule: Rule) -> dict[str, str]:
    """The cells and the records; what a run makes for itself and what it reads of those that it
    kept is named for readers of its SQL."""
    spec = rule.spec
    assert isinstance(spec, FreshnessRule)
    found = {}
    for what in ("cells", "records") if spec.watched else ("records",):
        found[f"made:{rule.id}__{what}"] = f"{rule.id}__{what}"
        found |= {f"{part}_{what}:{rule.id}": f"{rule.id}__{what}" for part in ("last", "had")}
    names = ("seen", "rates", "said", "heard", *(("calls",) if spec.queue else ()))
    found |= {f"made:{rule.id}__{name}": f"{rule.id}__{name}" for name in names}
    asked = ("open_calls", "all_calls") if spec.queue else ()
    return found | {f"{name}:{rule.id}": f"{rule.id}__calls" for name in asked}


def gives(rule: Rule) -> Given | None:
    spec = rule.spec
    assert isinstance(spec, FreshnessRule)
    if not spec.watched:
        return None
    made = f"{rule.id}__records"
    return Given(rule.id, "decimal", made, "confidence", "freshness_records", drifts=True)
