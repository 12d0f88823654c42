"""What tiering rules say of a record, and of a party: its levels, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cdmq.audit.chapters import Chapter, Party, Place, Record
from cdmq.audit.reading import Row
from cdmq.audit.telling import Telling, When, ended
from cdmq.audit.telling_text import until
from cdmq.audit.versions import version_of
from cdmq.kinds.kept import kept_of
from cdmq.kinds.tiering.reasons import AT
from cdmq.kinds.tiering.tables import TIER_HISTORY
from cdmq.kinds.tiering.what_if import Told, what_if

HEADING = "PARTIES AND LEVELS"
GROUP = "levels"
COUNTS = "fact or record not counted", "facts or records not counted"


@dataclass(frozen=True)
class Level:
    """A time in which a party or record had a level; the reviews are dates."""

    rule: str
    key: str
    level: str
    reason: str | None
    #: The condition, and what ranks in it came to in figures then.
    cut_offs: str | None
    #: What would change it, where that can be told; of what holds by the rule as it is.
    what_if: Told | None
    from_review: str
    to_review: str | None
    #: A later run made up for the review that gave it.
    replayed: bool
    #: The run that closed it, and why; of what holds neither.
    closed: When | None
    because: str | None


def chapters(record: Record, at: Telling) -> Iterator[Chapter]:
    """The levels of the record, then those of its parties."""
    yield from _told(record, at, "record")


def party_chapters(party: Party, at: Telling) -> Iterator[Chapter]:
    """The levels of a party, by the id that was asked for and the one that it leads to."""
    yield from _told(party, at, "party")


def _told(about: Record | Party, at: Telling, place: Place) -> Iterator[Chapter]:
    for row in kept_of(
        about, at, "tiering", TIER_HISTORY, lambda r: (r["from_review"] or "", r["from_run"])
    ):
        level = _level(at, row)
        yield Chapter(place, level, tuple(_lines(level)))


def _level(at: Telling, row: Row) -> Level:
    return Level(
        at.now(row["rule_id"]),
        row["key"],
        row["level"],
        row["reason"],
        row["cut_offs"],
        _what_if(at, row),
        row["from_review"],
        row["to_review"],
        bool(row["replayed"]),
        ended(row, at),
        row["closed_because"],
    )


def _what_if(at: Telling, row: Row) -> Told | None:
    """Of a level that holds, by the rule as it is today."""
    rule = at.project.rules.get(at.now(row["rule_id"]))
    if rule is None or row["to_run"] or row["measures"] is None:
        return None
    if version_of(rule, at.project).digest != row["version"]:
        return None
    return what_if(rule, row["measures"], row["level"])


def _alone(level: Level) -> Iterator[str]:
    """What one measure alone would have to be."""
    told = level.what_if
    if told is None:
        return
    if told.level != level.level:
        yield f"    by its figures alone: {told.level}"
    yield from (f"    alone {one}" for one in told.alone)
    if not told.alone:
        yield f"    no single {'other ' if told.unknown else ''}measure would change it"
    if told.unknown:
        yield f"    not told of {', '.join(told.unknown)}: more than a comparison hangs on it"


def _lines(level: Level) -> Iterator[str]:
    lasted = until(level.closed, level.because)
    if level.closed is not None and level.because == "changed":
        lasted = f"until the review of {level.to_review}"
    yield f"level   {level.rule}  {level.level} for {level.key}"
    made = " (replayed)" if level.replayed else ""
    yield f"    since the review of {level.from_review}{made}, {lasted}"
    yield f"    because {level.reason or 'not said'}"
    if level.cut_offs and level.cut_offs.endswith("]") and AT in level.cut_offs:
        yield f"    then {level.cut_offs.rpartition(AT)[2][:-1]}"
    yield from _alone(level)
