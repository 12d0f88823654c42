"""Golden records and levels in runs: made of parties, kept with their history."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Any

import pytest
from people import (
    COLUMNS,
    CRM,
    GOLDEN,
    MATCHING,
    ORDER_COLUMNS,
    ORDERS,
    SHOP,
    TIERS,
    fill,
    parties,
    people,
)
from runner import Twin, World

WOBBLE = [52, 49, 51, 49.5, 50.5, 48, 44, 43, 51, 52]
CUSTOMERS = """
version: 1
datasets:
  - {name: people, table: people, key: id}
  - {name: orders, table: orders, key: no, happened_at: day, refers_to: {people: customer}}
"""
WOBBLING = """
version: 1
dataset: people
tiering:
  - id: at_once
    measures: {volume: {from: orders, sum: amount}}
    levels: [{core: "volume >= 50000"}, {ordinary: otherwise}]
    review: monthly
  - id: kept
    measures: {volume: {from: orders, sum: amount}}
    levels: [{core: "volume >= 50000"}, {ordinary: otherwise}]
    review: monthly
    keep_unless: {below_by: 10%, for: 2 reviews}
"""


def world_of(world: World) -> World:
    return people(world, MATCHING + GOLDEN, TIERS)


def begin(world: World) -> None:
    world_of(world).run()


def party_of(world: World, key: str) -> str:
    return next(party for party, keys in parties(world).items() if key in keys)


def levels(world: World, where: str = "to_run IS NULL") -> dict[str, str]:
    rows = world.audit_rows("tier_history", ("key", "level"), where)
    return {key: level for key, level in rows}


def test_one_record_a_party(left: World) -> None:
    found = {r["party_id"]: r for r in left.view("persons")}
    assert len(found) == 5
    anna = found[party_of(left, "crm/1")]
    assert [anna[c] for c in ("first", "phone", "changed", "records")] == [
        "Anna",
        "+491701",
        "2026-03-01",
        2,
    ]
    cells = left.audit_rows(
        "golden_cells",
        ("column_name", "value", "winner", "because", "losers"),
        f"party_id = '{anna['party_id']}' AND to_run IS NULL",
    )
    assert ("phone", "+491701", "crm/1", "trusted", "shop/1: +491709") in cells
    assert ("mail", "anna@x.com", "crm/1", "only value", None) in cells


def test_rules_judge_golden_records(left: World) -> None:
    assert [f[:2] for f in left.flags()] == [("persons.mail.not_null", party_of(left, "crm/3"))]


def test_what_is_not_asked_for_is_not_counted(world: World) -> None:
    """Matching and golden rules run below a selected one, without a line of their own."""
    told: list[Any] = []
    world_of(world).run(
        select="rule:persons.mail.not_null", listen=lambda event, value: told.append((event, value))
    )
    assert [v.rule.id for event, v in told if event == "rule"] == ["persons.mail.not_null"]
    assert len(world.view("persons")) == 5


def test_a_golden_rule_that_is_selected_alone_makes_its_records(begun: World) -> None:
    begun.table("crm_src", COLUMNS, [r for r in CRM if r[0] != 2])
    result = begun.run(select="golden_person")
    assert {r.rule.id for r in result.results if r.status == "pass"} >= {"golden_person"}
    assert len(begun.view("persons")) == len(parties(begun))


def test_levels_find_the_orders_of_all_members(left: World) -> None:
    found = levels(left)
    assert found[party_of(left, "shop/1")] == "core"
    assert found[party_of(left, "shop/7")] == "ordinary"
    assert sorted(found.values()) == ["core", "ordinary", "prospect", "prospect", "prospect"]
    shown = {r["key"]: r for r in left.view("class__levels")}
    assert shown[party_of(left, "shop/7")]["from_review"] == "2026-11-01"


def test_a_second_run_changes_nothing(begun: World) -> None:
    statements = []
    for as_of in (dt.datetime(2026, 11, 1, 12), dt.datetime(2026, 11, 20)):
        again = begun.run(as_of=as_of)
        assert {k: v for k, v in {**again.opened, **again.closed}.items() if v} == {}
        statements.append(begun.audit_rows("statements", ("digest",)))
    assert statements[0] == statements[1]
    assert [name for name in begun.relations() if name.startswith("__cdmq_")] == []
    assert len(begun.audit_rows("tier_reviews", ("review",))) == 1


def test_a_better_value_closes_the_cell(begun: World) -> None:
    fill(
        begun,
        [[1, "Anna", "Meier", "1980-02-03", "anna@x.com", "+491701", None, "2026-10-01"], *CRM[1:]],
        SHOP,
    )
    begun.run()
    assert begun.audit_rows(
        "golden_cells", ("column_name", "value", "closed_because"), "to_run IS NOT NULL"
    ) == [("last", "Meyer", "changed")]


def test_a_customer_of_today_gets_a_level_between_reviews(begun: World) -> None:
    fill(begun, [*CRM, [4, "Emil", "Neu", None, "emil@x.com", None, None, None]], SHOP)
    late = [9, "shop", 7, "2026-10-01", 900000, "paid"]
    begun.table("orders_src", ORDER_COLUMNS, [*ORDERS, late])
    begun.run(as_of=dt.datetime(2026, 11, 20))
    found = levels(begun)
    assert found[party_of(begun, "crm/4")] == "prospect"
    assert found[party_of(begun, "shop/7")] == "ordinary"  # judged again in December
    begun.run(as_of=dt.datetime(2026, 12, 1))
    assert levels(begun)[party_of(begun, "shop/7")] == "core"


def test_history_is_not_rewritten(begun: World) -> None:
    result = begun.run(as_of=dt.datetime(2026, 9, 1))
    (late,) = [r for r in result.results if r.rule.id == "class"]
    assert late.status == "skipped"
    assert "before the last review, 2026-11-01" in late.message


def test_who_wobbles_at_the_limit(world: World) -> None:
    """52, 49, 51, 49.5, 50.5, 48, 44, 43, 51, 52 thousand a year."""
    world.write({"models/m.yml": CUSTOMERS, "rules/people.yml": WOBBLING})
    world.table("people", {"id": "integer"}, [[1]])
    seen: dict[str, list[str]] = {"at_once": [], "kept": []}
    for month, volume in enumerate(WOBBLE, start=1):
        order = [1, "crm", 1, "2025-01-01", volume * 1000, "paid"]
        world.table("orders", ORDER_COLUMNS, [order])
        world.run(as_of=dt.datetime(2026, month, 3))
        for rule, level in world.audit_rows(
            "tier_history", ("rule_id", "level"), "to_run IS NULL AND key = '1'"
        ):
            seen[rule].append(level)
    assert {r: len(found) for r, found in seen.items()} == dict.fromkeys(seen, len(WOBBLE))
    flips = {r: sum(a != b for a, b in pairwise(found)) for r, found in seen.items()}
    assert flips == {"at_once": 6, "kept": 2}
    history = world.audit_rows("tier_history", ("rule_id", "from_review"))
    assert len(set(history)) == len(history)


@pytest.mark.server
def test_engines_give_the_same(made_once: Twin) -> None:
    found = []
    for engine in ("duckdb", "postgres"):
        world = made_once(engine, begin)
        found.append(
            (
                world.view("persons"),
                world.audit_rows(
                    "golden_cells",
                    ("party_id", "column_name", "value", "digest", "winner", "because", "losers"),
                ),
                world.audit_rows(
                    "tier_history",
                    ("key", "level", "measures", "cut_offs", "reason", "missed", "from_review"),
                ),
            )
        )
    assert found[0] == found[1]


def test_what_fails_in_matching_stops_what_stands_on_it(begun: World) -> None:
    """A golden dataset keeps its last good state where its matching rule cannot be run."""
    before = begun.view("persons")
    begun.sql(
        f"DROP TABLE {begun.audit}.party_events CASCADE"
        if begun.engine == "postgres"
        else "DROP TABLE cdmq.party_events"
    )
    result = begun.run()
    assert result.exit_code == 2
    assert {r.rule.id for r in result.results if r.status == "error"} >= {"same_person"}
    assert begun.view("persons") == before
