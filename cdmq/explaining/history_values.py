"""What is told of rules through time: versions, changes of words, what each version found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cdmq.explaining.upstream import DataChange, ModelChange


@dataclass(frozen=True)
class Words:
    """A change of what is said about a rule (why, owner, tags, id), not of what it means."""

    author: str
    commit: str
    committed: str | None
    changed: tuple[str, ...]
    run: str
    ran: datetime | None
    as_of: datetime | None


@dataclass(frozen=True)
class Figure:
    """A figure of a rule in the first run with a version, and in the last without it."""

    name: str
    value: float | None
    before: float | None


@dataclass(frozen=True)
class RuleVersion:
    """One meaning of a rule: who wrote it, the runs that used it, what it found.

    `text`, `why`, `owner` and the place are as last said; `words` are the changes of them since it
    came, newest first. `changed` are the lines that differ from the version before, as `- old`,
    `+ new` or `~ key: [-old-]{+new+}`; one that `returned` had been removed. Runs have two
    times: when they ran (`used`), and the time they judged by (`as_of`). `found_before` and
    `found_after` count the records flagged (for a default: cells changed, for levels: facts that
    could not be counted) in the last run without it and the first with it.
    """

    rule: str
    version: str
    text: str
    file: str
    line: int
    author: str
    commit: str
    committed: str | None
    why: str | None
    owner: str | None
    changed: tuple[str, ...]
    came: Literal["new", "changed", "returned"]
    words: tuple[Words, ...]
    first_run: str
    first_used: datetime | None
    first_as_of: datetime | None
    last_run: str
    last_used: datetime | None
    last_as_of: datetime | None
    runs: int
    found_before: int | None
    found_after: int | None
    in_use: bool
    #: Sources that changed between these two runs as well; None where nobody can tell.
    data: tuple[DataChange, ...] | None = ()
    #: Changes of models above it while it was in use, newest first.
    models: tuple[ModelChange, ...] = ()
    #: It is this version that switched the rule off: no run judged by it.
    off: bool = False
    #: What it said in the first run with it, where that is more than counts; and its figures then.
    said: str | None = None
    figures: tuple[Figure, ...] = ()
    #: The first run without the rule, where it was removed then.
    removed: str | None = None


@dataclass(frozen=True)
class RuleHistory:
    """A rule through time, newest version first. `names` are its ids, the present one first."""

    rule: str
    names: tuple[str, ...]
    kind: str
    versions: tuple[RuleVersion, ...]


@dataclass(frozen=True)
class RuleLine:
    """A rule in the table of all. `open` counts open flags, of a default open changes."""

    rule: str
    kind: str
    versions: int
    last_change: datetime | None
    author: str
    open: int
    removed: bool
    #: Switched off, in its last version.
    off: bool = False
