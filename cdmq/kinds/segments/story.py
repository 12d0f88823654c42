"""What segments say of a record, and of a party: in which it is, and why it is out of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cdmq.audit.chapters import Chapter, Party, Place, Record
from cdmq.audit.reading import Row
from cdmq.audit.telling import Telling, When
from cdmq.audit.telling_text import CLOSED, at
from cdmq.kinds.kept import kept_of
from cdmq.kinds.said import may_be_unread
from cdmq.kinds.segments.tables import SEGMENT_MEMBERS

COUNTS = "entry not told", "entries not told"


def judges(said: str) -> bool:
    """Of whom it can't be told whether he fits is flagged."""
    return any(may_be_unread(said, field) for field in ("where", "members", "adult_at"))


@dataclass(frozen=True)
class Member:
    """A time in which a party or record was in a segment, or fitted it and was left out."""

    rule: str
    key: str
    part: str
    because: str | None
    more: str | None
    opened: When
    #: The run that closed it, and why; of what holds neither.
    closed: When | None
    ended: str | None


def chapters(record: Record, at: Telling) -> Iterator[Chapter]:
    """The segments of the record, then those of its parties."""
    yield from _told(record, at, "record")


def party_chapters(party: Party, at: Telling) -> Iterator[Chapter]:
    """The segments of a party, by the id that was asked for and the one that it leads to."""
    yield from _told(party, at, "party")


def _told(about: Record | Party, at: Telling, place: Place) -> Iterator[Chapter]:
    for row in kept_of(about, at, "segments", SEGMENT_MEMBERS, lambda r: str(r["from_run"])):
        member = _member(at, row)
        yield Chapter(place, member, tuple(_lines(member)))


def _member(at: Telling, row: Row) -> Member:
    return Member(
        at.now(row["rule_id"]),
        row["key"],
        row["part"],
        row["because"],
        row["more"],
        at.when(row["from_run"]),
        at.when(row["to_run"]) if row["to_run"] else None,
        row["closed_because"],
    )


def _lines(member: Member) -> Iterator[str]:
    words = {
        "contact": "to be written to",
        "holdout": "in it, and held out",
        "comparison": "does not fit, and is written to for comparison",
        "out": "fits, and is left out",
    }
    yield f"segment {member.rule}  {words.get(member.part, member.part)}: {member.key}"
    until = "holds"
    if member.closed is not None:
        until = f"until {at(member.closed)}: {CLOSED.get(member.ended or '', member.ended)}"
    yield f"    since {at(member.opened)}, {until}"
    if member.because is not None:
        yield f"    because {member.because}" + (f": {member.more}" if member.more else "")
