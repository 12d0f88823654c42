"""What a run found of a rule, in parts: the rows of one bear one code, and have all in common but
key and values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cdmq.audit.episode_tables import CHANGE_EPISODES, FLAG_EPISODES
from cdmq.audit.narrow import Narrow
from cdmq.outcomes import CHANGED, FOUND, Outcome
from cdmq.sql.relation import Relation
from cdmq.steps import Judgement, Numbers


@dataclass(frozen=True)
class Part:
    code: int
    #: What its rows have in common beside rule, version and dataset.
    more: tuple[str, ...]
    #: How many the rule found, by all its judgements.
    count: int


@dataclass(frozen=True)
class Shape:
    """Where a run finds the episodes of a table, and in which parts."""

    kept: Narrow
    found: Relation
    parts: Callable[[Outcome, Sequence[Judgement], Numbers], Iterator[Part]]


def _flagged(outcome: Outcome, judged: Sequence[Judgement], numbers: Numbers) -> Iterator[Part]:
    for j in judged:
        counts = {"failed": outcome.failing, "could_not_judge": outcome.unjudged}
        for code, (state, count) in enumerate(counts.items(), numbers.code(*j.id)):
            if count:
                yield Part(code, (j.column_name, state), count)


def _changed(outcome: Outcome, _: Sequence[Judgement], numbers: Numbers) -> Iterator[Part]:
    if outcome.changed:
        rule = outcome.rule
        yield Part(numbers.code(rule.id), (", ".join(rule.columns),), outcome.changed)


FLAG_SHAPE = Shape(FLAG_EPISODES, FOUND, _flagged)
CHANGE_SHAPE = Shape(CHANGE_EPISODES, CHANGED, _changed)
