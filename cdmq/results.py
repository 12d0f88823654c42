"""What the commands give: frozen values, from which the reports are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdmq.problems import Problem

if TYPE_CHECKING:
    from cdmq.files.headers import Declared
    from cdmq.outcomes import RuleResult
    from cdmq.sql.types import Type
    from cdmq.values import Catalog, Dataset, Project, Rule


@dataclass(frozen=True)
class Selection:
    """What was chosen. `whole`: nothing that is enabled was left out."""

    rules: frozenset[str]
    #: The datasets that are built, in the order of the project.
    datasets: tuple[str, ...]
    #: The datasets that were chosen themselves.
    chosen: frozenset[str]
    whole: bool


@dataclass(frozen=True)
class Facts:
    """What is known of a run when it begins."""

    run_id: str
    command: str
    started: datetime
    as_of: datetime
    #: `profile.target`
    target: str
    #: The type of the warehouse, and where it is: never a secret.
    warehouse: str
    database: str
    target_path: Path
    selected: int


@dataclass(frozen=True)
class RunResult:
    """What a run gave. `results` are the rules' results in the order of their ids.

    `opened` and `closed` count the episodes of the tables `flags` and `changes`; `failed` names
    the datasets that could not be made, each with the reason.
    """

    run_id: str
    exit_code: int
    results: tuple[RuleResult, ...]
    opened: Mapping[str, int]
    closed: Mapping[str, int]
    new_versions: tuple[str, ...]
    warnings: tuple[Problem, ...]
    failed: Mapping[str, str]
    project: Project
    facts: Facts
    finished: datetime
    #: Rule -> digest of its meaning, its SQL alone, the relation it reads.
    versions: Mapping[str, str] = field(default_factory=dict)
    statements: Mapping[str, str] = field(default_factory=dict)
    relations: Mapping[str, str] = field(default_factory=dict)
    #: Rules of which only the words are new: why, owner, tags, id.
    new_words: tuple[str, ...] = ()
    #: Datasets whose key was declared anew: what stood under the old one is closed.
    rekeyed: tuple[str, ...] = ()
    #: Views that were dropped, as what gave them was removed.
    dropped: tuple[str, ...] = ()
    #: Decisions that this run read first, and that do not count.
    idle: tuple[Problem, ...] = ()
    #: What is wrong in declarations of columns and stopped nothing: the exit code is 2.
    problems: tuple[Problem, ...] = ()

    @property
    def seconds(self) -> float:
        return (self.finished - self.facts.started).total_seconds()


@dataclass(frozen=True)
class Parsed:
    """What reading a project gave; `cached`: nothing had changed since it was last read.

    `files` are the csv files whose headers it hangs on, `headers` a digest of these.
    """

    name: str
    counts: Mapping[str, int]
    warnings: tuple[Problem, ...]
    manifest: Path
    cached: bool = False
    files: tuple[Declared, ...] = ()
    headers: str = ""

    def __str__(self) -> str:
        counts = ", ".join(_counted(n, word) for word, n in self.counts.items())
        return f"{self.name}: {counts}" + (" (nothing has changed)" if self.cached else "")


def _counted(number: int, word: str) -> str:
    """`1 dataset`: the words of counts are plurals; `defaults` is the name of a kind."""
    return f"{number:,} {word.removesuffix('s') if number == 1 else word}"


@dataclass(frozen=True)
class Compiled:
    """The SQL of every dataset, as it was written to `target/compiled`."""

    project: Project
    catalog: Catalog
    selection: Selection
    files: Mapping[str, Path]
    warnings: tuple[Problem, ...]


@dataclass(frozen=True)
class Listed:
    """A dataset or rule that `ls` lists."""

    unique_id: str
    thing: Dataset | Rule

    @property
    def name(self) -> str:
        return str(getattr(self.thing, "id", None) or getattr(self.thing, "name", ""))


@dataclass(frozen=True)
class Unused:
    """A column that no rule reads: how many rows its dataset has, and in how many it is filled."""

    dataset: Dataset
    column: str
    type: Type
    rows: int
    filled: int

    @property
    def name(self) -> str:
        return f"{self.dataset.name}.{self.column}"


@dataclass(frozen=True)
class Table:
    """Rows to show. `masked` are the columns whose values are hidden."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    masked: tuple[str, ...] = ()
    #: How many rows there are, where not all are shown.
    whole: int | None = None


@dataclass(frozen=True)
class Finding:
    """One line of `debug`: what was looked at, whether it is well, and what to do if not."""

    what: str
    ok: bool
    said: str
    remedy: str = ""


@dataclass(frozen=True)
class Waiting:
    """A question: a row of `queue` with what is known of its rule. Keys by pii."""

    rule: str
    kind: str
    owner: str | None
    dataset: str
    about: str
    key: str
    other: str | None
    column: str | None
    why: str
    sure: float | None
    first: float | None
    due: datetime | None
    since: datetime | None
    #: Who could not say.
    unsure: str | None
    #: Whom it is for, where the rule names somebody for each record.
    asked: str | None = None
