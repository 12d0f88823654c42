"""What people are asked about a record, by rules of any kind. Pairs are told by whoever pairs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cdmq.audit.chapters import Chapter
from cdmq.audit.reading import same
from cdmq.audit.tables import QUEUE
from cdmq.audit.telling import Telling, When, one_of, still
from cdmq.audit.telling_text import at, sure
from cdmq.sql import nodes


@dataclass(frozen=True)
class Asked:
    """An open question about a record, or about a cell of it."""

    rule: str
    about: str
    column: str | None
    why: str
    sure: float | None
    due: datetime | None
    since: When


def asked(telling: Telling, dataset: str, key: str) -> Iterator[Chapter]:
    """The open questions about a record, what is worth most first."""
    rules = telling.rules_on(dataset)
    if not rules:
        return
    mine = [same("key", key), one_of("about", ("record", "cell", "change")), still()]
    rows = telling.rows(QUEUE, nodes.every([*mine, one_of("rule_id", rules)]))
    for row in sorted(rows, key=lambda r: (-(r["first"] or 0), r["rule_id"], _column(r))):
        question = Asked(
            telling.now(row["rule_id"]),
            row["about"],
            row["column_name"],
            row["why"],
            row["sure"],
            row["due"],
            telling.when(row["from_run"]),
        )
        yield Chapter("record", question, tuple(_lines(question)))


def _column(row: dict[str, object]) -> str:
    return str(row["column_name"] or "")


def _lines(q: Asked) -> Iterator[str]:
    what = f"{q.about} {q.column}" if q.column else f"the {q.about}"
    odds = f"; {sure(q.sure)} sure" if q.sure is not None else ""
    due = f", to be answered until {q.due:%Y-%m-%d}" if q.due is not None else ""
    yield f"asked   {q.rule}  {what}: {q.why}{odds}"
    yield f"    open since {at(q.since)}{due}"
