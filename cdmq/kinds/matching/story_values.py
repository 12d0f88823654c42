"""What is told of parties: memberships, likenesses, questions, members and events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cdmq.audit.telling import When

Makes = Literal["party", "group"]
Fate = Literal["merged", "split", "returned", "moved", "ended"]


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
    fate: Fate | None = None
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
class Likeness:
    """The records that a rule found alike: how many, and the nearest of them."""

    rule: str
    count: int
    nearest: tuple[Alike, ...]


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
class Members:
    """The first members of a party by key, each with the run since which it is one."""

    rule: str
    dataset: str
    count: int
    first: tuple[tuple[str, When], ...]


@dataclass(frozen=True)
class Event:
    """A thing that happened to a party: mint, merge, split, retire or return."""

    event: str
    party: str
    other: str | None
    records: int
    when: When
