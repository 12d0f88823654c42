"""Approved values go with the id of a party: a part that is split off begins with those of the party
that it left."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.kinds.running import Running
from cdmq.sql import nodes

_EVENTS = "party_events"


def inherited(at: Running, through: str, approved: exp.Select) -> list[list[Any]]:
    """Rows as `approved` gives them, for parties that have none and were split off; of parties of
    the matching rule `through`."""
    left = _left(at, through, approved)
    if not left:
        return []
    parents = sorted({p for child in left for p in _above(child, left)})
    wanted = exp.In(this=nodes.column("key"), expressions=[nodes.text(p) for p in parents])
    rows = at.fetch(approved.copy().where(wanted, copy=False))
    of: dict[str, list[tuple[Any, ...]]] = {}
    for row in sorted(rows, key=str):
        of.setdefault(row[0], []).append(row)
    found = []
    for child in sorted(left):
        parent = next((p for p in _above(child, left) if p in of), None)
        found += [[child, *row[1:]] for row in of.get(parent or "", ())]
    return found


def _left(at: Running, through: str, approved: exp.Select) -> dict[str, str]:
    """Of each party without approved values the one that it left, by this run and those before."""
    columns = [nodes.column(c) for c in ("party_id", "other")]
    split = nodes.equal(nodes.column("event"), nodes.text("split"))
    before = nodes.every([of_rule(through, at.ids), split])
    queries: list[exp.Query] = [nodes.select(columns, at.audit(_EVENTS), before)]
    for state in at.states:
        if state.rule == through and state.table.name == _EVENTS:
            shown = [c.copy() for c in columns]
            queries.append(nodes.select(shown, nodes.table(state.staged), split.copy()))
    events = nodes.select(
        [nodes.column(c, "e") for c in ("party_id", "other")],
        nodes.subquery(nodes.union_all(queries), "e"),
        nodes.is_null(nodes.column("key", "a")),
    )
    own = nodes.equal(nodes.column("key", "a"), nodes.column("party_id", "e"))
    nodes.left_join(events, nodes.subquery(approved.copy(), "a"), own)
    return dict(sorted(at.fetch(events)))


def _above(child: str, left: dict[str, str]) -> list[str]:
    """The parties that it came out of, the nearest first."""
    found: list[str] = []
    while child in left and left[child] not in found:
        child = left[child]
        found.append(child)
    return found
