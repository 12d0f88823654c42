"""Objections that people recorded: whom no segment reaches, whatever a log says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cdmq.kinds.running import Running
from cdmq.kinds.segments.scope import OBJECTED, Scope
from cdmq.warehouses.temporary import Temporary

#: Decisions by which somebody must not be written to.
TYPES = ("object", "restrict")


def with_objections(scope: Scope, at: Running) -> Scope:
    """The segment with the objections that stand, and their keys where its query finds them."""
    keys = sorted(set(_keys(scope, at)))
    if not keys:
        return scope
    Temporary(at.warehouse).load(OBJECTED, {"key": "text"}, [[key] for key in keys])
    return replace(scope, objected=True)


def _keys(scope: Scope, at: Running) -> Iterator[str]:
    """Of decisions about this segment, about its people, or about a key alone."""
    rules = set(at.ids.get(scope.rule.id, (scope.rule.id,)))
    if scope.party is not None:
        rules |= set(at.ids.get(scope.party, (scope.party,)))
    for decision in at.decisions.stand:
        said = decision.dataset is None or decision.dataset in scope.sent.datasets
        if decision.type in TYPES and (decision.rule in rules if decision.rule else said):
            yield from decision.keys
