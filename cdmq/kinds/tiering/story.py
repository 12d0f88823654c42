"""What tiering rules say of a record, and of a party: its levels, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cdmq.audit.chapters import Chapter, Party, Place, Record
from cdmq.audit.telling import Telling, When, one_of
from cdmq.audit.telling_text import CLOSED, at
from cdmq.kinds.tiering.tables import TIER_HISTORY
from cdmq.sql import nodes

HEADING = "PARTIES AND LEVELS"
GROUP = "levels"


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


def chapters(record: Record, at: Telling) -> Iterator[Chapter]:
    """The levels of the record, then those of its parties."""
    yield from _told(record, at, "record")


def party_chapters(party: Party, at: Telling) -> Iterator[Chapter]:
    """The levels of a party, by the id that was asked for and the one that it leads to."""
    yield from _told(party, at, "party")


def _told(about: Record | Party, at: Telling, place: Place) -> Iterator[Chapter]:
    for datasets, keys in about.places:
        for level in _levels(at, datasets, keys):
            yield Chapter(place, level, tuple(_lines(level)))


def _levels(telling: Telling, datasets: Iterable[str], keys: Iterable[str]) -> list[Level]:
    """The levels of some keys by the tiering rules on some datasets, the newest first."""
    rules = [r for d in datasets for r in telling.rules_on(d, "tiering")]
    wanted = sorted(set(keys))
    if not rules or not wanted:
        return []
    rows = telling.rows(
        TIER_HISTORY, nodes.every([one_of("rule_id", rules), one_of("key", wanted)])
    )
    rows.sort(key=lambda r: (r["from_review"] or "", r["from_run"]), reverse=True)
    rows.sort(key=lambda r: telling.now(r["rule_id"]))
    return [
        Level(
            telling.now(r["rule_id"]),
            r["key"],
            r["level"],
            r["reason"],
            r["from_review"],
            r["to_review"],
            telling.when(r["to_run"]) if r["to_run"] else None,
            r["closed_because"],
        )
        for r in rows
    ]


def _lines(level: Level) -> Iterator[str]:
    if level.closed is None:
        until = "holds"
    elif level.because == "changed":
        until = f"until the review of {level.to_review}"
    else:
        until = f"until {at(level.closed)}: {CLOSED.get(level.because or '', level.because)}"
    yield f"level   {level.rule}  {level.level} for {level.key}"
    yield f"    since the review of {level.from_review}, {until}"
    yield f"    because {level.reason or 'not said'}"
