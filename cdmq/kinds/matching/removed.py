"""A matching rule that is no longer there: its parties end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.kinds import plain
from cdmq.kinds.matching.tables import PARTY_EVENTS, XREF
from cdmq.sql import nodes

if TYPE_CHECKING:
    from cdmq.audit.states import States
    from cdmq.kinds.kind import Kind


def removed(kind: Kind, rules: frozenset[str], states: States) -> None:
    """An event for every party, and its rows close. What is astray stays: a rule that comes back
    knows the parties that it had merged."""
    names = [nodes.column("rule_id"), nodes.column("party_id")]
    ended = nodes.select(
        [
            *names,
            nodes.text(states.run_id),
            nodes.text("retire"),
            nodes.cast(nodes.null(), "text"),
            exp.Count(this=exp.Star()),
        ],
        states.rows(XREF),
        states.open_of(rules),
    )
    states.add(
        PARTY_EVENTS,
        ["rule_id", "party_id", "run_id", "event", "other", "records"],
        nodes.group_by(ended, [n.copy() for n in names]),
    )
    plain.removed(kind, rules, states)
