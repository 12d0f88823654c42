"""A rule of change_control beside the others: its records have names, and no default writes into
what it protects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
        yield rule


def problems(at: Known, uses: Mapping[str, Uses]) -> Iterator[Problem]:
    """A value that a rule sets or borrows is nobody's change: it could not be approved."""
    writers = {name for name, kind in kinds().items() if kind.layer is not None}
    for rule in at.rules.values():
        if not isinstance(rule.spec, ChangeControlRule):
            continue
        protected = {folded(c): c for c in rule.spec.protect}
        for other in at.rules.values():
            if other.kind in writers and other.dataset == rule.dataset:
                for column in other.columns:
                    if folded(column) in protected:
                        yield Problem(
                            other.span,
                            "CDMQ280",
                            f"{other.id} writes into {column}, which {rule.id} protects "
                            f"({rule.span})",
                            f"take the default out, or {column} out of protect: of {rule.id}",
                        )
