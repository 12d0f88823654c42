"""What a rule that makes something comes to: the work of its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlglot import exp

from cdmq.kinds.exporting import Exported, Exporting
from cdmq.kinds.running import Publishing, Running
from cdmq.outcomes import Outcome
from cdmq.steps import DatasetSteps, Judgement
from cdmq.values import Rule


def _no_views(at: Publishing, steps: DatasetSteps) -> Iterable[tuple[str, exp.Select]]:
    return ()


def _nothing(at: Running) -> None:
    return None


@dataclass(frozen=True)
class Work:
    """What running one rule takes, but for changed cells.

    `run` makes what the rule leaves, and tells what it found. Of a rule that makes a dataset,
    `rows` are the dataset's, `before` and `after` are done before and after they are made, and
    `repeated` is the same over records of which some have one key.
    """

    rule: Rule
    #: None where it makes nothing, and judges only.
    run: Callable[[Running, DatasetSteps], Outcome] | None = None
    #: Its SQL for people to read, each with a title.
    shown: tuple[tuple[str, exp.Query], ...] = ()
    #: Its SQL alone, and the relation that it reads, in the results of a run.
    query: exp.Query | None = None
    reads: str = ""
    #: Names of what people read of it, beside its dataset.
    publishes: tuple[str, ...] = ()
    views: Callable[[Publishing, DatasetSteps], Iterable[tuple[str, exp.Select]]] = _no_views
    #: Parties are of records: each has a name of its own where a key stands twice.
    names_records: bool = False
    rows: exp.Select | None = None
    before: Callable[[Running], None] = _nothing
    after: Callable[[Running], None] = _nothing
    repeated: Callable[[], Work] | None = None
    #: Hands out a wave of it.
    wave: Callable[[Exporting], Exported] | None = None
    #: Changes cells of its dataset, which a rule makes, where they stand and before anybody reads
    #: them; whether the rule was asked for or not.
    lays: Callable[[Running, DatasetSteps], None] | None = None
    #: What it finds wrong, once it has run.
    judgements: tuple[Judgement, ...] = ()
