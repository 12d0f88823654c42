"""What running gave: frozen values that execute leaves to judge, record and the reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.sql.relation import Relation
from cdmq.sql.shape import Table
from cdmq.steps import DatasetSteps, Numbers
from cdmq.values import Materialization, Rule, Status

if TYPE_CHECKING:
    from cdmq.sql.logical import Names


@dataclass(frozen=True)
class Built:
    """A relation that a run made: staged now, final when published. Views keep their query."""

    dataset: str
    final: Relation
    staged: Relation
    materialized: Materialization
    query: exp.Query | None = None
    #: What was published before, kept though the dataset failed.
    stays: bool = False


FOUND = Relation("__cdmq_found")
CHANGED = Relation("__cdmq_changed")
FOUND_COLUMNS = ("code", "key", "value", "digest")


@dataclass(frozen=True)
class State:
    """Rows that a rule holds true now, to be compared with its open rows of an audit table; of a
    table without identity, rows to add.

    `staged` has the table's own columns, without those of the rule and the runs. `ends`: what is
    written on the rows that close, beside the run and the reason.
    """

    rule: str
    table: Table
    staged: Relation
    columns: tuple[str, ...]
    ends: Mapping[str, str] = field(default_factory=dict)
    #: Each row is about a record of the rule's dataset, by its `key`.
    of_records: bool = False
    #: What was so in times before: rows that are closed as they are written.
    past: bool = False


CHANGED_COLUMNS = ("code", "key", "old_value", "new_value", "act", "reason", "digest")


@dataclass(frozen=True)
class Outcome:
    """What running one rule gave. With `error` or `skipped` set, the counts say nothing."""

    rule: Rule
    tested: int = 0
    judged: int = 0
    failing: int = 0
    could_not_judge: int = 0
    #: Flags that somebody waived: they are in neither of the two.
    waived: int = 0
    changed: int = 0
    seconds: float = 0.0
    statement: str | None = None
    fingerprint: str | None = None
    error: str | None = None
    skipped: str | None = None
    samples: tuple[str, ...] = ()
    #: What was found, where no count says it: how many parties, how many of each level.
    note: str = ""
    #: What was found, as numbers by their names; None where a number cannot be told.
    figures: Mapping[str, float | None] = field(default_factory=dict)
    #: Of the lines of a file: more are bad than may be.
    refused: bool = False
    #: More would change than may: nothing of it is published, and it fails.
    held: bool = False
    #: Of a rule that counts facts: how many, and how many of `could_not_judge` are facts that it
    #: could not count. The others are records.
    facts: int = 0
    uncounted: int = 0
    ended: datetime | None = None

    @property
    def unjudged(self) -> int:
        """The records that could not be judged."""
        return self.could_not_judge - self.uncounted

    @property
    def evaluated(self) -> bool:
        return self.error is None and self.skipped is None


@dataclass(frozen=True)
class Input:
    """What a run read of a source."""

    rows: int
    digest: str | None


@dataclass
class Executed:
    """What a run found, before it is published."""

    outcomes: dict[str, Outcome]
    built: list[Built]
    names: Names
    numbers: Numbers
    #: The run's time as the project's clocks show it.
    as_of: str
    #: The steps as they were taken: with digests where a dataset has NULL keys.
    steps: dict[str, DatasetSteps] = field(default_factory=dict)
    statements: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    #: Of those that failed: not made because a rule is disabled. That is no error.
    off: set[str] = field(default_factory=set)
    #: Dataset -> the values of lines that could not be read: keys of its records among them.
    lost: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: Of those that failed: a guard did not pass, of it or of what it stands on.
    held: set[str] = field(default_factory=set)
    states: list[State] = field(default_factory=list)
    #: Datasets in which a key stands twice: parties are of records with a name of their own.
    repeated: set[str] = field(default_factory=set)
    #: Of each source that was read, by the name of its dataset.
    inputs: dict[str, Input] = field(default_factory=dict)
    #: Whether anything that was sent read `as_of`.
    timed: bool = False


@dataclass(frozen=True)
class RuleResult:
    """One rule in one run, judged. `percent` is failing over judged."""

    outcome: Outcome
    status: Status
    percent: float
    message: str

    @property
    def rule(self) -> Rule:
        return self.outcome.rule
