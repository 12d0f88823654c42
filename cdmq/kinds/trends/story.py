"""What trends rules say of a record, and of a party: its steps, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cdmq.audit.chapters import Chapter, Party, Place, Record
from cdmq.audit.reading import Row
from cdmq.audit.telling import Telling, When, ended
from cdmq.audit.telling_text import until
from cdmq.kinds.kept import kept_of
from cdmq.kinds.trends.tables import TREND_STEPS

GROUP = "trends"
COUNTS = "customer falling or dormant", "customers falling or dormant"


def judges(said: str) -> bool:
    """Who is falling or dormant is flagged."""
    return True


@dataclass(frozen=True)
class Step:
    """A time in which a party or record was on a step."""

    rule: str
    key: str
    step: str
    since: date
    reason: str | None
    #: What would come no more in a year.
    at_risk: Decimal | None
    #: The run that closed it, and why; of what holds neither.
    closed: When | None
    because: str | None


def chapters(record: Record, at: Telling) -> Iterator[Chapter]:
    """The steps of the record, then those of its parties."""
    yield from _told(record, at, "record")


def party_chapters(party: Party, at: Telling) -> Iterator[Chapter]:
    """The steps of a party, by the id that was asked for and the one that it leads to."""
    yield from _told(party, at, "party")


def _told(about: Record | Party, at: Telling, place: Place) -> Iterator[Chapter]:
    for row in kept_of(about, at, "trends", TREND_STEPS):
        step = _step(at, row)
        yield Chapter(place, step, tuple(_lines(step)))


def _step(at: Telling, row: Row) -> Step:
    return Step(
        at.now(row["rule_id"]),
        row["key"],
        row["step"],
        row["since"],
        row["reason"],
        row["at_risk"],
        ended(row, at),
        row["closed_because"],
    )


def _lines(step: Step) -> Iterator[str]:
    yield f"step    {step.rule}  {step.step} for {step.key}"
    yield f"    since {step.since}, {until(step.closed, step.because)}"
    yield f"    because {step.reason or 'not said'}"
    if step.at_risk is not None:
        yield f"    at risk {step.at_risk.normalize():,f} a year"
