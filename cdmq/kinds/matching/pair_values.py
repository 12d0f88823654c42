"""What is told of two records: side by side, what speaks for one party, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from cdmq.audit.telling import When
from cdmq.kinds.matching.story_values import Makes, Question

How = Literal["same", "alike", "differs", "unequal", "missing", "borrowed", "too common"]


@dataclass(frozen=True)
class Compared:
    """One column of both records, by pii. `weight`: None where it was not scored.

    `how` unequal: not the same, and how alike they are was not told. A value that is borrowed or
    too common is no evidence. `roles`: what else the rule does with it.
    """

    column: str
    scored: bool
    a: str | None
    b: str | None
    how: How
    weight: float | None
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """A pair that was merged, on the way from one record to another."""

    a: str
    b: str
    verdict: str
    probability: float


@dataclass(frozen=True)
class Verdict:
    """A pair as it was kept. `weight` is the sum of all, `start` what it begins with."""

    verdict: str
    probability: float
    weight: float | None
    start: float | None
    since: When
    #: Of one that is kept no longer.
    until: When | None = None


@dataclass(frozen=True)
class PairStory:
    """Two records under one matching rule.

    `there`: which of them the dataset has now. `kept`: the pair as it is kept now, `last`: as it
    was before. `equal`: lists of same_if in which they are equal; `vetoes`: columns that may never
    differ and do. `candidates`: whether they are equal in one of the lists by which pairs are
    looked for; None where these are derived. `parties`: the party of each now.
    """

    rule: str
    makes: Makes
    why: str | None
    dataset: str
    a: str
    b: str
    there: tuple[bool, bool]
    where: str | None
    columns: tuple[Compared, ...]
    scores: bool
    kept: Verdict | None
    last: Verdict | None
    equal: tuple[tuple[str, ...], ...]
    vetoes: tuple[str, ...]
    candidates: bool | None
    merge_above: Decimal
    review_above: Decimal | None
    parties: tuple[str | None, str | None]
    chain: tuple[Link, ...]
    questions: tuple[Question, ...]
    #: The questions are about other records of their two parties.
    of_others: bool

    @property
    def linked(self) -> bool:
        """The pair by itself makes them one."""
        kept = self.kept
        return kept is not None and (
            kept.verdict in ("same_if", "same")
            or (kept.verdict == "score" and kept.probability >= float(self.merge_above))
        )
