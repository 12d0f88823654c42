"""Measures over all that leads to a party: its facts, facts of those, and its own records."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from runner import World

import cdmq

MODELS = """
version: 1
datasets:
  - {name: people, table: people, key: id}
  - {name: orders, table: orders, key: oid, happened_at: d, refers_to: {people: id}}
  - {name: lines, table: lines, key: [oid, pos], refers_to: {orders: oid}}
  - {name: cards, table: cards, key: card, refers_to: {people: id}}
"""
RULES = """
version: 1
dataset: people
matching:
  - {id: same, same_if: [[mail]]}
golden:
  - {id: gold, from: same, into: persons, pick: most_common}
"""
LEVELS = """
version: 1
dataset: persons
tiering:
  - id: class
    measures:
      most: {from: people, max: credit}
      least: {from: people, min: credit}
      mean: {from: people, avg: credit}
      names: {from: people, distinct: name}
      records: {from: people, count: rows}
      likes: {from: lines, top: product}
      recent: {from: lines, top: product, over: 3 months}
      products: {from: lines, distinct: product, if_none: 0}
      pieces: {from: lines, sum: n, if_none: 0}
      since: {from: lines, since: first}
      last: {from: orders, max: d}
      cards: {from: cards, count: rows, if_none: 0}
      golden: {from: persons, top: name}
    levels: [{milky: "likes = 'milk'"}, {rest: otherwise}]
"""
PEOPLE = [
    ["a1", "Anna", "a@x", "100"],
    ["a2", "Änna", "a@x", None],
    ["a3", "Anna", "a@x", "300"],
    ["b1", "Bert", "b@x", None],
    ["c1", "Carl", "c@x", "7"],
]
ORDERS = [
    ["1", "a1", "2025-01-01"],
    ["2", "a2", "2026-05-01"],
    ["3", "a3", "2026-06-01"],
    ["4", "b1", "2027-01-01"],
    ["5", "c1", None],
]
LINES = [
    ["1", "1", "milk", "1"],
    ["1", "2", "milk", "1"],
    ["2", "1", "bread", "2"],
    ["3", "1", "bread", "3"],
    ["3", "2", None, "4"],
    ["4", "1", "milk", "9"],
    ["5", "1", "milk", "5"],
    ["9", "1", "milk", "6"],
]
CARDS = [["k1", "a1"], ["k2", "a3"], ["k3", "zz"]]
AS_OF = "2026-07-01"


def begin(world: World) -> None:
    world.write({"models/m.yml": MODELS, "rules/r.yml": RULES, "rules/l.yml": LEVELS})
    text = "text"
    world.table("people", {"id": text, "name": text, "mail": text, "credit": "integer"}, PEOPLE)
    world.table("orders", {"oid": text, "id": text, "d": "date"}, ORDERS)
    world.table("lines", {"oid": text, "pos": text, "product": text, "n": "integer"}, LINES)
    world.table("cards", {"card": text, "id": text}, CARDS)
    world.run(as_of=AS_OF)


@pytest.fixture
def begun(twin: Callable[..., World]) -> World:
    return twin(begin)


def found(world: World) -> dict[str, dict[str, Any]]:
    """The measures by the mail of the party."""
    rows = world.audit_rows("tier_history", ("key", "measures"), "to_run IS NULL")
    party = {r["party_id"]: r["mail"] for r in world.view("persons")}
    return {party[key]: json.loads(measures) for key, measures in rows}


def test_measures_of_a_party(begun: World) -> None:
    assert found(begun) == {
        "a@x": {
            "most": 300,
            "least": 100,
            "mean": 200,
            "names": 2,
            "records": 3,
            "likes": "bread",
            "recent": "bread",
            "products": 2,
            "pieces": 11,
            "since": 1.4959,
            "last": "2026-06-01",
            "cards": 2,
            "golden": "Anna",
        },
        "b@x": {
            **dict.fromkeys(("most", "least", "mean", "likes", "recent", "since", "last")),
            "names": 1,
            "records": 1,
            "products": 0,
            "pieces": 0,
            "cards": 0,
            "golden": "Bert",
        },
        "c@x": {
            **dict.fromkeys(("likes", "recent", "since", "last")),
            **{"most": 7, "least": 7, "mean": 7, "names": 1, "records": 1},
            **{"products": 0, "pieces": 0, "cards": 0, "golden": "Carl"},
        },
    }


def test_what_is_not_counted_is_told(begun: World) -> None:
    """A line of no order has no date; its order's date is its own. Of the records nothing is lost:
    who says no limit has none."""
    (said,) = (r.message for r in begun.run(as_of=AS_OF).results if r.rule.id == "class")
    assert "made without 2 of 7 lines: 2 without a date" in said
    assert "made without 1 of 4 orders: 1 without a date" in said
    assert "made without 1 of 3 cards: 1 of no known customer" in said
    assert "people" not in said


def test_what_is_on_the_way_goes_before_it(begun: World) -> None:
    read = cdmq.parse(begun.root).uses["class"]
    assert read.columns("orders") == {"oid", "id", "d"}
    assert read.columns("people") == {"credit", "name"}


def test_a_second_run_changes_nothing(begun: World) -> None:
    columns = ("key", "level", "measures", "from_run", "to_run")
    before = begun.audit_rows("tier_history", columns)
    begun.run(as_of=AS_OF)
    assert begun.audit_rows("tier_history", columns) == before
