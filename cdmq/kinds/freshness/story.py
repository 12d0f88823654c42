"""What rules of freshness say of a record, and of a party: what proved its values, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cdmq.audit.chapters import Chapter, Party, Place, Record
from cdmq.audit.reading import Row
from cdmq.audit.telling import Telling, When, ended
from cdmq.audit.telling_text import at, until
from cdmq.kinds.freshness.tables import FRESHNESS_CELLS
from cdmq.kinds.kept import kept_of
from cdmq.kinds.said import fields, may_be_unread


def judges(said: str) -> bool:
    """A value with a bad result is flagged."""
    return "columns" in fields(said) or may_be_unread(said)


@dataclass(frozen=True)
class Proved:
    """A time in which a value stood with a proof, or without one."""

    rule: str
    key: str
    column: str
    since: datetime | None
    proof: datetime | None
    proved_by: str | None
    result: str | None
    opened: When
    #: The run that closed it, and why; of what holds neither.
    closed: When | None
    because: str | None


def chapters(record: Record, at: Telling) -> Iterator[Chapter]:
    """The values of the record, then those of its parties."""
    yield from _told(record, at, "record")


def party_chapters(party: Party, at: Telling) -> Iterator[Chapter]:
    """The values of a party."""
    yield from _told(party, at, "party")


def _told(about: Record | Party, at: Telling, place: Place) -> Iterator[Chapter]:
    rows = kept_of(about, at, "freshness", FRESHNESS_CELLS)
    for row in rows:
        proved = _proved(at, row)
        yield Chapter(place, proved, tuple(_lines(proved)))


def _proved(at: Telling, row: Row) -> Proved:
    return Proved(
        at.now(row["rule_id"]),
        row["key"],
        row["column_name"],
        row["since"],
        row["proof"],
        row["proved_by"],
        row["result"],
        at.when(row["from_run"]),
        ended(row, at),
        row["closed_because"],
    )


def _lines(proved: Proved) -> Iterator[str]:
    told = "never proved"
    if proved.proof is not None:
        word = "proved wrong" if proved.result == "bad" else "proved"
        told = f"{word} {_day(proved.proof)} by {proved.proved_by}"
    yield f"value   {proved.rule}  {proved.column} of {proved.key}: {told}"
    yield f"    since {at(proved.opened)}, {until(proved.closed, proved.because)}"
    if proved.since is not None:
        yield f"    the value stands there since {_day(proved.since)}"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
