"""What completeness rules say of a record, and of a party: its scores, and what was missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from cdmq.audit.chapters import Chapter, Party, Place, Record
from cdmq.audit.telling import Telling, When, one_of
from cdmq.audit.telling_text import CLOSED, at
from cdmq.kinds.completeness.tables import COMPLETENESS_SCORES
from cdmq.sql import nodes


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
    for datasets, keys in about.places:
        for score in _scores(at, datasets, keys):
            yield Chapter(place, score, tuple(_lines(score)))


def _scores(telling: Telling, datasets: Iterable[str], keys: Iterable[str]) -> list[Score]:
    """The scores of some keys by the rules on some datasets, the newest first."""
    rules = [r for d in datasets for r in telling.rules_on(d, "completeness")]
    wanted = sorted(set(keys))
    if not rules or not wanted:
        return []
    rows = telling.rows(
        COMPLETENESS_SCORES, nodes.every([one_of("rule_id", rules), one_of("key", wanted)])
    )
    rows.sort(key=lambda r: str(r["from_run"]), reverse=True)
    rows.sort(key=lambda r: telling.now(r["rule_id"]))
    return [
        Score(
            telling.now(r["rule_id"]),
            r["key"],
            r["score"],
            r["missing"],
            r["ask_next"],
            telling.when(r["from_run"]),
            telling.when(r["to_run"]) if r["to_run"] else None,
            r["closed_because"],
        )
        for r in rows
    ]


def _lines(score: Score) -> Iterator[str]:
    told = "no score" if score.score is None else f"{score.score.normalize():f} of 100"
    yield f"score   {score.rule}  {told} for {score.key}"
    until = "holds"
    if score.closed is not None:
        until = f"until {at(score.closed)}: {CLOSED.get(score.because or '', score.because)}"
    yield f"    since {at(score.opened)}, {until}"
    if score.score is None:
        yield "    because no point applies to it"
    elif score.missing is None:
        yield "    nothing is missing"
    else:
        ask = f", to ask next: {score.ask_next}" if score.ask_next else ", nothing to ask"
        yield f"    missing: {score.missing}{ask}"
