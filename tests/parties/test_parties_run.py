"""Parties in a run: who is one, under which id, and what the audit tables say of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from people import CRM, MATCHING, SHOP, fill, parties, people
from runner import World

COMPARING = MATCHING + """    compare: {first: name, last: name, birth: date, phone: phone}
    review_above: 50%
"""
TOGETHER = {frozenset(s) for s in (
    {"crm/1", "shop/1"}, {"crm/2"}, {"crm/3"}, {"shop/7"}, {"shop/8"})}


def members(world: World) -> set[frozenset[str]]:
    return {frozenset(keys) for keys in parties(world).values()}


def ids(world: World) -> dict[str, str]:
    return {key: party for party, keys in parties(world).items() for key in keys}


def test_the_same_mail_is_one_party(world: World) -> None:
    result = people(world).run()
    assert result.exit_code == 0
    assert members(world) == TOGETHER
    assert world.audit_rows("pairs", ("key_a", "key_b", "verdict", "probability")) == [
        ("crm/1", "shop/1", "same_if", 1)]
    assert [(r["source"], r["id"], r["key"]) for r in world.view("people__xref")] == [
        ("crm", 1, "crm/1"), ("crm", 2, "crm/2"), ("crm", 3, "crm/3"),
        ("shop", 1, "shop/1"), ("shop", 7, "shop/7"), ("shop", 8, "shop/8")]
    (outcome,) = [r for r in result.results if r.rule.id == "same_person"]
    assert outcome.message == "6 records are 5 parties, 1 alike"


def test_a_veto_is_asked_of_people(world: World) -> None:
    """Carl and Karl Huber share birth date and phone; their VAT numbers differ."""
    people(world, COMPARING).run()
    assert members(world) == TOGETHER
    assert ("crm/3", "shop/8", "veto") in world.audit_rows("queue", ("key_a", "key_b", "why"))


def test_a_second_run_changes_nothing(world: World) -> None:
    people(world, COMPARING).run()
    again = world.run()
    assert {k: v for k, v in again.opened.items() if v} == {}
    assert {k: v for k, v in again.closed.items() if v} == {}
    assert len(world.audit_rows("match_models", ("model",))) == 1


def test_ids_stay_where_members_stay(world: World) -> None:
    people(world).run()
    before = ids(world)
    fill(world, [*CRM, [4, "Doris", "Klein", None, "doris@x.com", None, None, None]], SHOP[:2])
    world.run()
    after = ids(world)
    assert after["crm/4"] == after["shop/7"] == before["shop/7"]
    assert {k: v for k, v in after.items() if k in before} == {
        k: v for k, v in before.items() if k != "shop/8"}
    assert world.audit_rows("xref", ("key", "closed_because"), "to_run IS NOT NULL") == [
        ("shop/8", "gone")]


def test_a_merged_id_leads_to_the_one_that_stayed(world: World) -> None:
    people(world).run()
    before = ids(world)
    mended = [[2, "Bert", "Schulz", None, "anna@x.com", None, None, None] if r[0] == 2 else r
              for r in CRM]
    fill(world, mended, SHOP)
    world.run()
    assert frozenset({"crm/1", "crm/2", "shop/1"}) in members(world)
    assert ids(world)["crm/2"] == before["crm/1"]
    assert dict(world.audit_rows("party_ids", ("party_id", "now_id")))[before["crm/2"]] == (
        before["crm/1"])
    assert ("merge", before["crm/2"], before["crm/1"]) in world.audit_rows(
        "party_events", ("event", "party_id", "other"))


def test_a_rule_that_is_gone_closes_its_rows(world: World) -> None:
    people(world).run()
    world.write({"rules/people.yml": "version: 1\ndataset: people\n"})
    world.run()
    assert parties(world) == {}
    assert {r[0] for r in world.audit_rows("xref", ("closed_because",))} == {"rule_removed"}


def test_a_renamed_rule_keeps_its_parties(world: World) -> None:
    people(world, COMPARING).run()
    before = ids(world)
    world.write({"rules/people.yml": COMPARING.replace(
        "id: same_person", "id: one_person\n    formerly: same_person")})
    result = world.run()
    assert {k: v for k, v in {**result.opened, **result.closed}.items() if v} == {}
    assert ids(world) == before
    assert {r["key"]: r["party_id"] for r in world.view("one_person__xref")} == before
    assert len(world.audit_rows("match_models", ("model",))) == 1


def test_training_alone_moves_nobody(world: World) -> None:
    import cdmq.api

    people(world, COMPARING).run()
    before = ids(world)
    fill(world, [*CRM, [9, "Anna", "Mayer", "1980-02-03", None, "+491701", None, None]], SHOP)
    trained = cdmq.api.train(world.root)
    assert trained.exit_code == 0
    assert ids(world) == before
    assert len(world.audit_rows("match_models", ("trained_on",), "to_run IS NULL")) == 1
    assert [r for r in world.relations() if r.startswith("__cdmq_")] == []


def test_engines_and_row_order_give_the_same_parties(make_world: Callable[..., World]) -> None:
    found: list[Any] = []
    for engine, turn in (("duckdb", 1), ("duckdb", -1), ("postgres", 1)):
        world = people(make_world(engine), COMPARING)
        fill(world, CRM[::turn], SHOP[::turn])
        world.run()
        found.append((parties(world), world.audit_rows("pairs", (
            "key_a", "key_b", "verdict", "probability", "weights"))))
    assert found[0] == found[1] == found[2]
