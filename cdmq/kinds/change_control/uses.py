"""What a rule of change_control reads: the protected cells, a log of changes, and approvals."""

from __future__ import annotations

from cdmq.kinds import kinds
from cdmq.kinds.change_control.words import ChangeControlRule
from cdmq.kinds.kind import Known
from cdmq.kinds.reads import expression_columns
from cdmq.values import Dataset, Rule, Uses


def uses(rule: Rule, at: Known) -> Uses:
    spec = rule.spec
    assert isinstance(spec, ChangeControlRule)
    protected = frozenset(spec.protect)
    reads = {f"rows:{rule.dataset}": protected | expression_columns(rule)}
    if spec.changes is not None:
        log = spec.changes
        named = {*log.key, log.column, log.old, log.new, log.by, log.at}
        if log.dataset in at.datasets:
            named |= set(at.datasets[log.dataset].key)
        reads[f"rows:{log.dataset}"] = frozenset(named)
    through = _through(at.datasets.get(rule.dataset), at)
    if through is not None:
        reads[f"kept:{through}"] = frozenset({"party_id"})
    if spec.approvals is not None:
        said = spec.approvals
        named = {
            said.change,
            said.by,
            said.role,
            said.at,
            *([said.through] if said.through else []),
        }
        reads[f"rows:{said.dataset}"] = frozenset(named)
    makes = {f"kept:{rule.id}": frozenset({"value"}), f"flags:{rule.dataset}": protected}
    return Uses(reads, makes)


def _through(dataset: Dataset | None, at: Known) -> str | None:
    """The matching rule by which records are the parties of a golden dataset."""
    maker = at.rules.get(dataset.made_by or "") if dataset else None
    if maker is None:
        return None
    return next(iter(kinds()[maker.kind].uses(maker, at).kept), None)


def leaves(rule: Rule) -> dict[str, str]:
    """What it judges by stands in the run alone."""
    names = {part: f"{rule.id}__{part}" for part in ("approved", "held", "judged", "cells")}
    return {f"made:{name}": name for name in names.values()}
