"""What segments say of a record, and of a party: in which it is, and why it is out of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cdmq.audit.chapters import Chapter, Party, Place, Record
from cdmq.audit.meanings import switched_off
from cdmq.audit.reading import Row
from cdmq.audit.telling import Telling, When, ended
from cdmq.audit.telling_text import at, until
from cdmq.kinds.kept import kept_of
from cdmq.kinds.said import may_be_unread
from cdmq.kinds.segments.tables import EXPORTS, SEGMENT_MEMBERS

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


@dataclass(frozen=True)
class Outside:
    """A segment that somebody does not fit."""

    rule: str
    key: str


@dataclass(frozen=True)
class InWave:
    """A wave in which somebody was written to, or out of which he was held."""

    rule: str
    wave: str
    key: str
    part: str
    taken: datetime
    by: str


def _told(about: Record | Party, at: Telling, place: Place) -> Iterator[Chapter]:
    rows = kept_of(about, at, "segments", SEGMENT_MEMBERS)
    for row in rows:
        member = _member(at, row)
        yield Chapter(place, member, tuple(_lines(member)))
    known = {(at.now(r["rule_id"]), r["key"]) for r in rows if r["to_run"] is None}
    for outside in _outside(about, at):
        if (outside.rule, outside.key) not in known:
            lines = (
                f"segment {outside.rule}  not in it: {outside.key}",
                "    because it does not fit its members, or its where",
            )
            yield Chapter(place, outside, lines)
    for row in kept_of(about, at, "segments", EXPORTS, lambda r: r["exported_at"]):
        wave = InWave(
            at.now(row["rule_id"]),
            row["wave"],
            row["key"],
            row["part"],
            row["exported_at"],
            row["exported_by"],
        )
        yield Chapter(place, wave, (_line(wave),))


def _outside(about: Record | Party, at: Telling) -> Iterator[Outside]:
    """The segments of today, with the key by which each knows the record or party."""
    for datasets, keys in about.places:
        for rule in sorted({at.now(r) for d in datasets for r in at.rules_on(d, "segments")}):
            version = at.versions.get(rule, [])
            if version and version[-1]["to_run"] is None and not switched_off(version[-1]):
                yield from (Outside(rule, key) for key in keys[-1:])


def _line(wave: InWave) -> str:
    words = {"contact": "written to", "holdout": "held out", "comparison": "written to, to compare"}
    day = f"{wave.taken:%Y-%m-%d}"
    return f"wave    {wave.rule} {wave.wave}  {words[wave.part]} on {day}, taken by {wave.by}"


def _member(at: Telling, row: Row) -> Member:
    return Member(
        at.now(row["rule_id"]),
        row["key"],
        row["part"],
        row["because"],
        row["more"],
        at.when(row["from_run"]),
        ended(row, at),
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
    yield f"    since {at(member.opened)}, {until(member.closed, member.ended)}"
    if member.because is not None:
        yield f"    because {member.because}" + (f": {member.more}" if member.more else "")
