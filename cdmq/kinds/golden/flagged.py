"""Which cells of the records carry an open error flag: a value that does loses to one that does
not."""

from __future__ import annotations

from collections.abc import Mapping

from cdmq.kinds import flagged
from cdmq.kinds.flagged import Flagging
from cdmq.kinds.golden.layout import not_picked
from cdmq.kinds.golden.words import GoldenRule
from cdmq.sql.types import Type
from cdmq.values import Dataset, Project, Rule


def flagging(
    rule: Rule, dataset: Dataset, columns: Mapping[str, Type], project: Project
) -> Flagging:
    """The rules that say of a cell that it is wrong, by the columns that have a winner."""
    assert isinstance(rule.spec, GoldenRule)
    if not rule.spec.valid_only:
        return {}
    found = flagged.flagging(dataset.name, columns, project)
    return {c: rules for c, rules in found.items() if not_picked(dataset, c) is None}
