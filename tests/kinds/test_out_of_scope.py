"""Who leaves the `where` of a rule is in the dataset still: what the rule kept of it says so."""

from __future__ import annotations

import pytest
from runner import World

MODELS = """
version: 1
datasets:
  - {name: people, table: people, key: id}
  - {name: orders, table: orders, key: no, happened_at: day, refers_to: {people: customer}}
"""
RULES = """
version: 1
dataset: people
completeness:
  - {id: profile, points: {name: 1}WHERE}
tiering:
  - id: class
    measures: {volume: {from: orders, sum: amount}}
    levels: [{core: "volume >= 50"}, {ordinary: otherwise}]WHERE_LINE
"""
PEOPLE = [["1", "gold", "Anna"], ["2", "tin", "Bert"], ["3", "gold", "Carl"]]
TABLES = ("completeness_scores", "tier_history")


def write(world: World, where: str = "") -> None:
    rules = RULES.replace("WHERE_LINE", f"\n    where: {where}" if where else "")
    rules = rules.replace("WHERE", f", where: {where}" if where else "")
    world.write({"models/m.yml": MODELS, "rules/r.yml": rules})


def begin(world: World) -> None:
    world.table("people", {"id": "text", "kind": "text", "name": "text"}, PEOPLE)
    world.table(
        "orders",
        {"no": "text", "customer": "text", "day": "date", "amount": "decimal"},
        [["a", "1", "2026-10-01", "60"]],
    )
    write(world)
    world.run()


@pytest.mark.parametrize("table", TABLES)
def test_where_leaves_it_out(begun: World, table: str) -> None:
    begun.table("people", {"id": "text", "kind": "text", "name": "text"}, PEOPLE[:2])
    write(begun, "\"kind = 'gold'\"")
    begun.run()
    closed = begun.audit_rows(table, ("key", "closed_because"), "to_run IS NOT NULL")
    assert closed == [("2", "out_of_scope"), ("3", "gone")]
