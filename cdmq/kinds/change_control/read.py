"""A rule of change_control beside the others: its records have names, and no default writes into
what it protects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cdmq.kinds import kinds, plain
from cdmq.kinds.change_control.words import ChangeControlRule
from cdmq.problems import Problem
from cdmq.project.column_names import folded
from cdmq.values import Rule, Uses

if TYPE_CHECKING:
    from cdmq.kinds.kind import Known
    from cdmq.kinds.reading import Reading


def read(item: Any, at: Reading) -> Iterator[Rule]:
    for rule in plain.read(item, at):
        dataset = at.datasets.get(rule.dataset)
        if dataset is not None and not dataset.key:
            cause = f"the dataset '{rule.dataset}' has no key: nobody could say whose cell it is"
            at.problem(at.path, "CDMQ206", cause, f"add key: to it ({dataset.span})")
            continue
        spec = rule.spec
        assert isinstance(spec, ChangeControlRule)
        yield replace(rule, columns=tuple(spec.protect))


def problems(at: Known, uses: Mapping[str, Uses]) -> Iterator[Problem]:
    """A value that a rule sets or borrows is nobody's change: it could not be approved."""
    writers = {name for name, kind in kinds().items() if kind.layer is not None}
    order = list(at.rules)
    for rule in at.rules.values():
        if not isinstance(rule.spec, ChangeControlRule):
            continue
        protected = {folded(c): c for c in rule.spec.protect}
        for other in at.rules.values():
            if other.kind not in writers or other.dataset != rule.dataset:
                continue
            twin = other.kind == rule.kind
            if twin and order.index(other.id) <= order.index(rule.id):
                continue
            for column in other.columns:
                if folded(column) in protected:
                    yield _two(rule, other, column, twin)


def _two(rule: Rule, other: Rule, column: str, twin: bool) -> Problem:
    does = "protects" if twin else "writes into"
    cause = f"{other.id} {does} {column}, which {rule.id} protects ({rule.span})"
    what = f"{column} out of protect: of one of them"
    if not twin:
        what = f"the default out, or {column} out of protect: of {rule.id}"
    return Problem(other.span, "CDMQ280", cause, f"take {what}")
