"""What is told of a record: its flags and changes, the rules it passes, the chapters of kinds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cdmq.audit.chapters import Chapter, Party
from cdmq.audit.telling import When
from cdmq.project.spec import Pii


@dataclass(frozen=True)
class Episode:
    """One flag or one change, from the run that saw it first to the run that closed it."""

    what: Literal["flag", "change"]
    #: The rule by its present id, and by the one it had then.
    rule: str
    then: str
    column: str
    #: A flag has a value, a change an old and a new one; by pii.
    value: str | None
    old: str | None
    new: str | None
    act: str | None
    reason: str | None
    state: str | None
    suggestion: str | None
    records: int
    why: str | None
    place: str
    author: str
    first_run: str
    first_seen: datetime | None
    first_as_of: datetime | None
    last_run: str
    last_seen: datetime | None
    last_as_of: datetime | None
    closed_run: str | None
    closed_as_of: datetime | None
    closed_because: str | None
    #: The version of the rule by which it was judged last; `why`, `place` and `author` are its.
    version: str | None = None
    #: The version by which it was opened, and who made that.
    first_version: str | None = None
    first_author: str = "unknown"
    #: A value that is not there may be one that pii leaves out.
    hidden: bool = False


@dataclass(frozen=True)
class Story:
    """One record of one dataset. `there`: it stands in the dataset of the last run; with `at` then,
    and None where the audit tables do not say."""

    dataset: str
    key: str
    there: bool | None
    episodes: tuple[Episode, ...]
    #: Rules that judge the dataset: those it passes now, fails now, and those not run.
    passes: tuple[str, ...]
    fails: tuple[str, ...]
    not_run: tuple[str, ...]
    #: Those that were run and say nothing of it: `where` leaves it out, or nothing is there.
    not_judged: tuple[str, ...] = ()
    #: Those that the newest run which read the dataset left out, and the run that judged by each
    #: last, the latest first: what stands there now they have not seen.
    judged_before: tuple[tuple[str, When], ...] = ()
    #: The newest run that read the dataset.
    newest: When | None = None
    #: Rules that are switched off.
    off: tuple[str, ...] = ()
    #: What the kinds tell of it, in their order.
    chapters: tuple[Chapter, ...] = ()
    #: The party whose id the key is.
    party: Party | None = None
    #: Only what was known when this run was done, without what kinds tell of it.
    at: When | None = None
    #: Columns of the episodes with the words of `pii:` by which the audit tables hold no more of
    #: them than is told, though all was asked for.
    kept: tuple[tuple[str, Pii], ...] = ()
    #: Its key stands more than once: rules that give each record something of its own pass over it.
    shared: bool = False

    @property
    def alone(self) -> bool:
        """It tells of a party, for which no record stands in the dataset."""
        return self.party is not None and self.dataset not in self.party.stands_in
