"""What is told of parties: memberships, likenesses, questions, golden cells and levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cdmq.audit.telling import When

Makes = Literal["party", "group"]
Role = Literal["won", "agreed", "lost", "empty"]


@dataclass(frozen=True)
class Membership:
    """One time in which a record belonged to a party or group.

    `others`: up to five other members, `more` how many besides; of a former one neither.
    `fate`: what became of the party in the run that ended it, with the party that has to do with
    it: `merged` into it, `split` off as it, `returned` as it, `moved` to it, or `ended`.
    `through`: the party of the record that is the member, where it is not the record itself.
    """

    rule: str
    makes: Makes
    party: str
    since: When
    others: tuple[str, ...] = ()
    more: int = 0
    until: When | None = None
    because: str | None = None
    fate: Literal["merged", "split", "returned", "moved", "ended"] | None = None
    into: str | None = None
    through: str | None = None


@dataclass(frozen=True)
class Alike:
    """Another record that a matching rule found alike. `together`: both are in one party now.

    `sure` says where the probability stands: `merge`, `review` or None where the rule is gone.
    """

    rule: str
    key: str
    verdict: str
    probability: float
    sure: Literal["merge", "review"] | None
    never: tuple[str, ...]
    together: bool


@dataclass(frozen=True)
class Question:
    """Two parties that people are asked about, by their surest pair of records; `more`: how many
    more pairs of theirs are alike."""

    rule: str
    a: str
    b: str
    why: str
    probability: float | None
    since: When
    more: int = 0


@dataclass(frozen=True)
class Loser:
    """A value that did not become the golden one, with one of the records that have it."""

    key: str
    value: str | None


@dataclass(frozen=True)
class Cell:
    """A golden cell. `value` and the losers by pii; `own`: what the record asked for has there."""

    column: str
    value: str | None
    winner: str
    because: str
    losers: tuple[Loser, ...]
    since: When
    role: Role = "empty"
    own: str | None = None


@dataclass(frozen=True)
class Golden:
    """The cells of one golden record."""

    rule: str
    dataset: str
    party: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Level:
    """A time in which a party or record had a level; the reviews are dates."""

    rule: str
    key: str
    level: str
    reason: str | None
    from_review: str
    to_review: str | None
    #: The run that closed it, and why; of what holds neither.
    closed: When | None
    because: str | None


@dataclass(frozen=True)
class Event:
    """A thing that happened to a party: mint, merge, split, retire or return."""

    event: str
    party: str
    other: str | None
    records: int
    when: When


@dataclass(frozen=True)
class Belongs:
    """Who a record is: all that matching, golden and tiering rules say of it."""

    memberships: tuple[Membership, ...] = ()
    alike: tuple[Alike, ...] = ()
    #: How many records were found alike, by the rule.
    found: tuple[tuple[str, int], ...] = ()
    questions: tuple[Question, ...] = ()
    golden: tuple[Golden, ...] = ()
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True)
class PartyStory:
    """A party or group. `asked`: the id that was asked for; `party`: the one it leads to now,
    None where no record is left; `golden_datasets`: where its golden record stands."""

    asked: str
    party: str | None
    rule: str
    makes: Makes
    dataset: str
    golden_datasets: tuple[str, ...]
    members: tuple[tuple[str, When], ...]
    count: int
    groups: tuple[Membership, ...]
    golden: tuple[Golden, ...]
    levels: tuple[Level, ...]
    events: tuple[Event, ...]
