"""What a default can't tell: the records of which its `where` asks for a cell that it can't read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cdmq.kinds.compiling import Compiling
from cdmq.kinds.conditions import Conditions, unread
from cdmq.kinds.working import Work
from cdmq.steps import Judgement
from cdmq.values import Rule


def work(rule: Rule, at: Compiling) -> Work | None:
    judgements = tuple(_unread(rule, at))
    return Work(rule, judgements=judgements) if judgements else None


def _unread(rule: Rule, at: Compiling) -> Iterator[Judgement]:
    """The changes are made in the stage, and so tell what they are about."""
    conditions = Conditions(rule, at.binder, at.rows.behind)
    for change in at.rows.stage.changes if at.rows.stage else ():
        if change.rule.id == rule.id:
            for judgement in unread(conditions, at.rows, change.could_not_judge):
                yield replace(judgement, tested=change.tested)
