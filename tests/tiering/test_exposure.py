"""What parties owe together against the limit that was approved."""

from __future__ import annotations

from typing import Any

import pytest
from runner import Twin, World

import cdmq

MODELS = """
version: 1
datasets:
  - {name: customers, table: customers_src, key: [source, nr], changed_at: changed}
  - {name: party_links, table: links_src, key: id}
  - {name: open_items, table: items_src, key: id, refers_to: {customers: [source, nr]}}
"""
MATCHED = """
version: 1
dataset: customers
matching: [{id: same, same_if: [[email]]}]
golden: [{id: golden_customer, from: same, into: parties, pick: newest}]
"""
RULES = """
version: 1
dataset: parties
relationships:
  - {id: links, links: party_links, types: {parent_of: {}, pays_for: {}, knows: {}}}
tiering:
  - id: class
    measures: {n: {from: open_items, count: rows, if_none: 0}}
    levels: [{some: "n > 0"}, {none: otherwise}]
    exposure:
      from: open_items
      sum: open_amount
      where: "state <> 'paid'"
      along: [parent_of, pays_for]
      limit: credit_limit
"""
CUSTOMERS = [
    ["crm", "1", "a", 100, "2026-01-02"],
    ["shop", "1", "a", 60, "2026-01-01"],
    ["crm", "2", "b", 50, "2026-01-01"],
    ["crm", "3", "c", None, "2026-01-01"],
    ["crm", "4", "d", 10, "2026-01-01"],
    ["crm", "5", "e", None, "2026-01-01"],
]
LINKS = [
    ["A", "crm/1", "crm/2", "parent_of"],
    ["B", "crm/1", "crm/3", "pays_for"],
    ["C", "crm/2", "crm/3", "pays_for"],
    ["D", "crm/4", "crm/2", "knows"],
]
ITEMS = [
    ["i1", "shop", "1", "30.5", "open"],
    ["i2", "crm", "2", 40, "open"],
    ["i3", "crm", "3", 30, "open"],
    ["i4", "crm", "4", 10, "open"],
    ["i5", "crm", "4", 90, "paid"],
]


def begin(world: World) -> None:
    world.write({"models/m.yml": MODELS, "rules/m.yml": MATCHED, "rules/r.yml": RULES})
    world.table(
        "customers_src",
        {
            "source": "text",
            "nr": "text",
            "email": "text",
            "credit_limit": "decimal",
            "changed": "date",
        },
        CUSTOMERS,
    )
    of = ("id", "from_id", "to_id", "type", "start", "end")
    world.table("links_src", dict.fromkeys(of, "text"), [[*row, None, None] for row in LINKS])
    types = {"id": "text", "source": "text", "nr": "text", "open_amount": "decimal"}
    world.table("items_src", {**types, "state": "text"}, ITEMS)
    world.run()


def first_records(world: World) -> dict[str, str]:
    first: dict[str, str] = {}
    for key, party in sorted(world.audit_rows("xref", ("key", "party_id"), "to_run IS NULL")):
        first.setdefault(str(party), str(key))
    return first


def flags(world: World) -> list[tuple[Any, ...]]:
    first = first_records(world)
    shown = ("key", "column_name", "value", "state")
    rows = world.audit_rows("flags", shown, "rule_id = 'class__exposure' AND to_run IS NULL")
    return sorted((first[key], *more) for key, *more in rows)


def test_what_is_owed_together(twin: Twin) -> None:
    """3 is below 1 in two ways and counts once; its own limit nobody approved."""
    world = twin(begin)
    assert flags(world) == [
        ("crm/1", "credit_limit", "160 above 100", "failed"),
        ("crm/1", "exposure", "100.5 above 100", "failed"),
        ("crm/2", "exposure", "70 above 50", "failed"),
        ("crm/3", "exposure", "30 without a limit", "could_not_judge"),
    ]
    assert world.results()["class__exposure"]["status"] == "fail"
    assert world.results()["class"]["status"] == "pass"
    first = first_records(world)
    rows = world.view("class__exposure")
    assert {first[r["key"]]: r["below"] for r in rows} == {
        "crm/1": 2,
        "crm/2": 1,
        "crm/3": 0,
        "crm/4": 0,
        "crm/5": 0,
    }


def test_a_second_run_changes_nothing_and_what_is_paid_closes(twin: Twin) -> None:
    world = twin(begin)
    before = flags(world)
    world.run()
    assert flags(world) == before
    world.sql("UPDATE items_src SET state = 'paid' WHERE id = 'i3'")
    world.run()
    assert [row[:2] for row in flags(world)] == [("crm/1", "credit_limit")]


@pytest.mark.parametrize("twin", ["duckdb"], indirect=True)
def test_links_that_nobody_keeps(twin: Twin) -> None:
    world = twin(begin)
    world.write({"rules/r.yml": RULES.replace("[parent_of, pays_for]", "[parent_of, owns]")})
    with pytest.raises(cdmq.CdmqError, match="CDMQ234 no rule of links between parties"):
        cdmq.compile(world.root)


@pytest.mark.parametrize("twin", ["duckdb"], indirect=True)
def test_a_limit_that_is_not_there(twin: Twin) -> None:
    world = twin(begin)
    world.write({"rules/r.yml": RULES.replace("limit: credit_limit", "limit: credit_limt")})
    with pytest.raises(cdmq.CdmqError, match="parties has no column 'credit_limt'"):
        cdmq.compile(world.root)
