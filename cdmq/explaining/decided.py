"""What people decided about a record, and whether it counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlglot import exp

from cdmq.audit.chapters import Chapter
from cdmq.audit.decision_tables import DECISION_STATES, DECISIONS
from cdmq.audit.reading import Row
from cdmq.audit.telling import Telling, one_of, still
from cdmq.decisions.book import keys_of
from cdmq.sql import nodes


@dataclass(frozen=True)
class Decided:
    """A decision that names a record. `counts` is None where no run has read it yet."""

    id: str
    type: str
    others: tuple[str, ...]
    column: str | None
    new: str | None
    by: str
    at: datetime
    reason: str
    origin: str | None
    counts: bool | None
    why: str | None


def decisions(telling: Telling, dataset: str, key: str) -> Iterator[Chapter]:
    """Each decision that names the record, the oldest first."""
    mine = nodes.any_of(
        [
            nodes.equal(nodes.column("keys"), nodes.text(key)),
            exp.Like(this=nodes.column("keys"), expression=nodes.text("[%")),
        ]
    )
    rows = [
        r
        for r in telling.rows(DECISIONS, mine)
        if key in keys_of(r["keys"]) and _of(telling, dataset, r)
    ]
    if not rows:
        return
    ids = one_of("id", sorted({str(r["id"]) for r in rows}))
    states = {r["id"]: r for r in telling.rows(DECISION_STATES, nodes.every([ids, still()]))}
    for row in sorted(rows, key=lambda r: (r["decided_at"], str(r["id"]))):
        found = _decided(telling, dataset, key, row, states.get(row["id"]))
        yield Chapter("record", found, tuple(_lines(found)))


def _of(telling: Telling, dataset: str, row: Row) -> bool:
    if row["dataset"]:
        return row["dataset"] in telling.project.names_of(dataset)
    return telling.dataset_of(row["rule_id"] or "") == dataset


def _decided(telling: Telling, dataset: str, key: str, row: Row, state: Row | None) -> Decided:
    return Decided(
        str(row["id"]),
        row["type"],
        tuple(telling.shown_key(dataset, k) for k in keys_of(row["keys"]) if k != key),
        row["column_name"],
        telling.shown(dataset, row["column_name"], row["new_value"]),
        row["decided_by"],
        row["decided_at"],
        row["reason"],
        row["origin"],
        bool(state["stands"]) if state else None,
        state["why"] if state else None,
    )


def _lines(d: Decided) -> Iterator[str]:
    about = " ".join(filter(None, [d.type, *d.others, d.column]))
    to = f" -> {d.new!r}" if d.new is not None else ""
    yield f"decided {about}{to}, by {d.by} on {d.at:%Y-%m-%d %H:%M}: {d.reason}"
    said = "it counts" if d.counts else f"it does not count: {d.why}"
    place = f", {d.origin}" if d.origin else ", inserted by SQL"
    yield f"    {'no run has read it yet' if d.counts is None else said} ({d.id}{place})"
