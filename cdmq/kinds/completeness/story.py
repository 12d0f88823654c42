"""What completeness rules say of a record, and of a party: its scores, and what was missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from cdmq.audit.chapters import Chapter, Party, Place, Record
from cdmq.audit.reading import Row
from cdmq.audit.telling import Telling, When, ended
from cdmq.audit.telling_text import at, until
from cdmq.kinds.completeness.tables import COMPLETENESS_SCORES
from cdmq.kinds.kept import kept_of
from cdmq.kinds.said import fields, may_be_unread


def judges(said: str) -> bool:
    """Whose score is low is flagged, and of whom none can be told."""
    asks = "ask_at_least" in fields(said)
    return asks or may_be_unread(said) or may_be_unread(said, "not_applicable")


@dataclass(frozen=True)
class Score:
    """A time in which a party or record had a score."""

    rule: str
    key: str
    score: Decimal | None
    missing: str | None
    ask_next: str | None
    opened: When
    #: The run that closed it, and why; of what holds neither.
    closed: When | None
    because: str | None


def chapters(record: Record, at: Telling) -> Iterator[Chapter]:
    """The scores of the record, then those of its parties."""
    yield from _told(record, at, "record")


def party_chapters(party: Party, at: Telling) -> Iterator[Chapter]:
    """The scores of a party, by the id that was asked for and the one that it leads to."""
    yield from _told(party, at, "party")


def _told(about: Record | Party, at: Telling, place: Place) -> Iterator[Chapter]:
    for row in kept_of(about, at, "completeness", COMPLETENESS_SCORES):
        score = _score(at, row)
        yield Chapter(place, score, tuple(_lines(score)))


def _score(at: Telling, row: Row) -> Score:
    return Score(
        at.now(row["rule_id"]),
        row["key"],
        row["score"],
        row["missing"],
        row["ask_next"],
        at.when(row["from_run"]),
        ended(row, at),
        row["closed_because"],
    )


def _lines(score: Score) -> Iterator[str]:
    told = "no score" if score.score is None else f"{score.score.normalize():f} of 100"
    yield f"score   {score.rule}  {told} for {score.key}"
    yield f"    since {at(score.opened)}, {until(score.closed, score.because)}"
    if score.score is None:
        yield "    because no point applies to it"
    elif score.missing is None:
        yield "    nothing is missing"
    else:
        ask = f", to ask next: {score.ask_next}" if score.ask_next else ", nothing to ask"
        yield f"    missing: {score.missing}{ask}"
