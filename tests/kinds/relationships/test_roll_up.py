"""Measures of parties and all below them: as plain walking says, each party once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from depth import depth
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds.relationships.test_loops import reach, some_links, took
from runner import Twin, World

import cdmq
from cdmq.kinds.facts.below import rolled_up
from cdmq.kinds.relationships.loops import Link

MODELS = """
version: 1
datasets:
  - {name: customers, table: customers_src, key: [source, nr]}
  - {name: party_links, table: links_src, key: id}
  - {name: orders, table: orders_src, key: oid, happened_at: day, refers_to: {customers: [source, nr]}}
"""
MATCHED = """
version: 1
dataset: customers
matching: [{id: same, same_if: [[email]]}]
golden: [{id: golden_customer, from: same, into: parties, pick: most_common}]
"""
RULES = """
version: 1
dataset: parties
relationships:
  - id: owns
    links: party_links
    types: {parent_of: {}, pays_for: {}}
    roll_up:
      group_volume: {from: orders, sum: amount, over: 24 months, where: "status <> 'void'", along: parent_of}
      orders_below: {from: orders, count: rows, along: parent_of, if_none: 0}
tiering:
  - id: size
    measures: {n: {from: orders, count: rows, if_none: 0}}
    levels: [{big: "group_volume >= 100"}, {small: otherwise}]
"""
CUSTOMERS = [["crm", str(i), f"m{i}"] for i in range(1, 7)] + [["shop", "9", "m2"]]
LINKS = [
    ["A", "1", "2", "parent_of", None, None],
    ["B", "1", "3", "parent_of", "2020-01-01", None],
    ["C", "9", "4", "parent_of", None, None],
    ["D", "3", "4", "parent_of", None, None],
    ["E", "4", "5", "parent_of", None, "2021-01-01"],
    ["F", "5", "6", "pays_for", None, None],
]
ORDERS: list[list[Any]] = [
    ["o1", "crm", "1", "2026-01-01", 10, "ok"],
    ["o2", "crm", "2", "2026-01-01", 20, "ok"],
    ["o3", "shop", "9", "2026-01-01", "5.5", "ok"],
    ["o4", "crm", "4", "2026-01-01", 70, "ok"],
    ["o5", "crm", "4", "2020-01-01", 1000, "ok"],
    ["o6", "crm", "4", "2026-01-01", 1000, "void"],
    ["o7", "crm", "5", "2026-01-01", 300, "ok"],
]


def begin(world: World) -> None:
    world.write({"models/m.yml": MODELS, "rules/m.yml": MATCHED, "rules/r.yml": RULES})
    world.table("customers_src", dict.fromkeys(("source", "nr", "email"), "text"), CUSTOMERS)
    of = ("id", "from_id", "to_id", "type", "start", "end")
    world.table("links_src", dict.fromkeys(of, "text"), LINKS)
    types = {"oid": "text", "source": "text", "nr": "text", "day": "date", "amount": "decimal"}
    world.table("orders_src", {**types, "status": "text"}, ORDERS)
    world.run()


def figures(world: World, rule: str) -> dict[str, tuple[Any, ...]]:
    rows = world.audit_rows("xref", ("key", "party_id"), "to_run IS NULL")
    first: dict[str, str] = {}
    for key, party in sorted(rows):
        first.setdefault(str(party), str(key))
    shown = ("key", "figure", "own", "below")
    found = world.audit_rows("roll_ups", shown, f"rule_id = '{rule}' AND to_run IS NULL")
    return {
        first[k]: (f and Decimal(str(f)).normalize(), o and Decimal(str(o)).normalize(), below)
        for k, f, o, below in found
    }


def test_each_party_counts_once(twin: Twin) -> None:
    """4 is below 1 in two ways; what ended, what is of another type and what is too old is not."""
    world = twin(begin)
    assert figures(world, "group_volume") == {
        "crm/1": (Decimal("105.5"), 10, 3),
        "crm/2": (Decimal("95.5"), Decimal("25.5"), 1),
        "crm/3": (70, None, 1),
        "crm/4": (70, 70, 0),
        "crm/5": (300, 300, 0),
        "crm/6": (None, None, 0),
    }
    assert {k: f for k, (f, _, _) in figures(world, "orders_below").items()} == {
        "crm/1": 6,
        "crm/2": 5,
        "crm/3": 3,
        "crm/4": 3,
        "crm/5": 1,
        "crm/6": 0,
    }
    shown = {row["key"]: row for row in world.view("group_volume__figures")}
    assert len(shown) == 6


def test_a_level_by_it(twin: Twin) -> None:
    world = twin(begin)
    levels = world.audit_rows("tier_history", ["level"], "to_run IS NULL")
    assert sorted(level for (level,) in levels) == ["big", "big", *["small"] * 4]


def test_a_second_run_and_a_selection_change_nothing(twin: Twin) -> None:
    world = twin(begin)
    before = figures(world, "group_volume")
    for words in ({}, {"select": ["group_volume"]}):
        world.run(**words)
        assert figures(world, "group_volume") == before
    closed = world.audit_rows("roll_ups", ["key"], "to_run IS NOT NULL")
    assert closed == []


@pytest.mark.parametrize("twin", ["duckdb"], indirect=True)
def test_the_story_of_a_party(twin: Twin) -> None:
    from cdmq.explaining.story import stories
    from cdmq.explaining.story_text import told

    world = twin(begin)
    (story,) = stories(cdmq.parse(world.root), "crm/1")
    text = "\n".join(told(story))
    assert "figure  group_volume  105.5 for P" in text
    assert "own: 10; below: 3" in text


@pytest.mark.parametrize("twin", ["duckdb"], indirect=True)
def test_records_of_parties_have_none(twin: Twin) -> None:
    world = twin(begin)
    world.write({"rules/r.yml": RULES.replace("dataset: parties", "dataset: customers")})
    with pytest.raises(cdmq.CdmqError, match="CDMQ233"):
        cdmq.compile(world.root)


def test_along_what_is_no_type() -> None:
    from cdmq.kinds.relationships.words import RelationshipsRule

    said = {"id": "r", "links": "l", "types": {"owns": {}}}
    measure = {"from": "orders", "count": "rows", "along": "parent_of"}
    with pytest.raises(ValueError, match="goes along parent_of, which is none of the types"):
        RelationshipsRule.model_validate({**said, "roll_up": {"n": measure}})


def by_walking(
    links: Sequence[Link], own: Mapping[int, Decimal]
) -> dict[int, tuple[Decimal | None, int]]:
    to = reach(links)
    found = {}
    for party in {p for link in links for p in (link.from_, link.to)}:
        below = to.get(party, set()) - {party}
        known = [own[p] for p in {party, *below} if p in own]
        found[party] = sum(known, Decimal(0)) if known else None, len(below)
    return found


@settings(max_examples=depth(400), deadline=None)
@given(
    some_links(dated=False),
    st.dictionaries(st.integers(0, 5), st.integers(-3, 9).map(Decimal), max_size=6),
)
def test_as_by_walking(links: list[Link], own: dict[int, Decimal]) -> None:
    assert rolled_up([(link.from_, link.to) for link in links], own) == by_walking(links, own)


def test_ten_thousand_in_a_row_and_in_a_ring() -> None:
    import time

    began = time.perf_counter()
    size = 10_000
    own = dict.fromkeys(range(size + 1), Decimal(1))
    chain = [(i, i + 1) for i in range(size)]
    assert rolled_up(chain, own)[0] == (size + 1, size)
    twice = [*chain, (size - 2, size)]
    assert rolled_up(twice, own)[0] == (size + 1, size)
    ring = [*chain[:-1], (size - 1, 0)]
    assert set(rolled_up(ring, own).values()) == {(Decimal(size), size - 1)}
    took(5, began)
