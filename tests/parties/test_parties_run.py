"""Parties in a run: who is one, under which id, and what the audit tables say of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from people import CRM, MATCHING, SHOP, fill, parties, people
from runner import ENGINES, Twin, World

COMPARING = (
    MATCHING
    + """    compare: {first: name, last: name, birth: date, phone: phone}
    review_above: 50%
"""
)
TOGETHER = {
    frozenset(s) for s in ({"crm/1", "shop/1"}, {"crm/2"}, {"crm/3"}, {"shop/7"}, {"shop/8"})
}


def begin(world: World) -> None:
    people(world).run()


def begin_comparing(world: World) -> None:
    people(world, COMPARING).run()


def begin_empty(world: World) -> None:
    fill(people(world, COMPARING), [], [])
    assert world.run().exit_code == 0


@pytest.fixture
def compared(twin: Twin) -> World:
    return twin(begin_comparing)


@pytest.fixture
def empty(twin: Twin) -> World:
    return twin(begin_empty)


def members(world: World) -> set[frozenset[str]]:
    return {frozenset(keys) for keys in parties(world).values()}


def ids(world: World) -> dict[str, str]:
    return {key: party for party, keys in parties(world).items() for key in keys}


def test_the_same_mail_is_one_party(left: World) -> None:
    assert left.audit_rows("runs", ("status",)) == [("pass",)]
    assert members(left) == TOGETHER
    assert left.audit_rows("pairs", ("key_a", "key_b", "verdict", "probability")) == [
        ("crm/1", "shop/1", "same_if", 1)
    ]
    assert [(r["source"], r["id"], r["key"]) for r in left.view("people__xref")] == [
        ("crm", 1, "crm/1"),
        ("crm", 2, "crm/2"),
        ("crm", 3, "crm/3"),
        ("shop", 1, "shop/1"),
        ("shop", 7, "shop/7"),
        ("shop", 8, "shop/8"),
    ]
    assert left.audit_rows("rule_results", ("message",), "rule_id = 'same_person'") == [
        ("6 records are 5 parties, 1 alike",)
    ]
    assert left.audit_rows("rule_figures", ("figure", "value"), "rule_id = 'same_person'") == [
        ("asked", 0),
        ("pairs", 1),
        ("parties", 5),
        ("records", 6),
    ]


def test_a_veto_is_asked_of_people(compared: World) -> None:
    """Carl and Karl Huber share birth date and phone; their VAT numbers differ."""
    assert members(compared) == TOGETHER
    assert ("crm/3", "shop/8", "veto") in compared.audit_rows("queue", ("key", "other", "why"))


@pytest.mark.parametrize("words", ["fill_from: [phone]", "set: unavailable\n    reason: unknown"])
def test_borrowed_and_placeholder_cells_are_no_evidence(world: World, words: str) -> None:
    """Carl and Emma share a phone; a default puts the same text into both mail cells."""
    people(world, MATCHING + f"defaults:\n  - id: mail_default\n    column: mail\n    {words}\n")
    fill(world, [CRM[2], [4, "Emma", "Weber", None, None, "+491703", None, None]], [])
    world.run()
    assert {str(r["mail"]) for r in world.view("people__defaulted")} in (
        {"+491703"},
        {"unavailable"},
    )
    assert members(world) == {frozenset({"crm/3"}), frozenset({"crm/4"})}


def test_only_records_under_where_are_matched(world: World) -> None:
    people(world, MATCHING + "    where: source = 'crm'\n").run()
    assert all(len(keys) == 1 for keys in parties(world).values())
    assert len(parties(world)) == 6


def test_no_records_and_no_keys(empty: World) -> None:
    assert parties(empty) == {}
    fill(
        empty,
        [
            [None, "Anna", "Meyer", None, "a@x.com", None, None, None],
            [1, "Anna", "Meyer", None, "a@x.com", None, None, None],
            [1, "Anna", "Meyer", None, "other@x.com", None, None, None],
        ],
        [],
    )
    empty.run()
    found = parties(empty)
    assert sum(len(keys) for keys in found.values()) == 3  # no row of a repeated key is lost
    again = empty.run()
    assert {k: v for k, v in {**again.opened, **again.closed}.items() if v} == {}


def test_odd_names(world: World) -> None:
    """Columns with a quote, a blank, a word of SQL; values with emoji and quotes."""
    world.table(
        "odd",
        {"select": "integer", 'a"b': "text", "c d": "text", "Ünïcode": "date"},
        [
            [1, "O'Neil \U0001f600", "x; DROP TABLE y", "1980-01-01"],
            [2, "O'Neil \U0001f600", "x; DROP TABLE y", "1980-01-01"],
            [3, "Smith", "y" * 100_000, None],
        ],
    )
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: odd, table: odd, key: select}\n",
            "rules/odd.yml": """version: 1
dataset: odd
matching:
  - id: same_odd
    same_if: [['a"b', Ünïcode]]
    compare: {'a"b': name, c d: exact, Ünïcode: date}
golden:
  - {id: best_odd, from: same_odd, into: odd_golden, pick: [longest]}
""",
        }
    )
    assert world.run().exit_code == 0
    assert members(world) == {frozenset({"1", "2"}), frozenset({"3"})}
    assert {r['a"b'] for r in world.view("odd_golden")} == {"O'Neil \U0001f600", "Smith"}


def test_a_second_run_changes_nothing(compared: World) -> None:
    again = compared.run()
    assert {k: v for k, v in again.opened.items() if v} == {}
    assert {k: v for k, v in again.closed.items() if v} == {}
    assert len(compared.audit_rows("match_models", ("model",))) == 1


def test_ids_stay_where_members_stay(begun: World) -> None:
    before = ids(begun)
    fill(begun, [*CRM, [4, "Doris", "Klein", None, "doris@x.com", None, None, None]], SHOP[:2])
    begun.run()
    after = ids(begun)
    assert after["crm/4"] == after["shop/7"] == before["shop/7"]
    assert {k: v for k, v in after.items() if k in before} == {
        k: v for k, v in before.items() if k != "shop/8"
    }
    assert begun.audit_rows("xref", ("key", "closed_because"), "to_run IS NOT NULL") == [
        ("shop/8", "gone")
    ]


def test_a_model_of_nobody_is_not_kept(empty: World) -> None:
    """Neither a run nor `cdmq train` freezes what was learnt from no records."""
    import cdmq.api

    cdmq.api.train(empty.root)
    assert empty.audit_rows("match_models", ("trained_on",)) == []


def test_a_merged_id_leads_to_the_one_that_stayed(begun: World) -> None:
    before = ids(begun)
    mended = [
        [2, "Bert", "Schulz", None, "anna@x.com", None, None, None] if r[0] == 2 else r for r in CRM
    ]
    fill(begun, mended, SHOP)
    begun.run()
    assert frozenset({"crm/1", "crm/2", "shop/1"}) in members(begun)
    assert ids(begun)["crm/2"] == before["crm/1"]
    assert (
        dict(begun.audit_rows("party_ids", ("party_id", "now_id")))[before["crm/2"]]
        == (before["crm/1"])
    )
    assert ("merge", before["crm/2"], before["crm/1"]) in begun.audit_rows(
        "party_events", ("event", "party_id", "other")
    )


def test_a_rule_that_is_gone_closes_its_rows(begun: World) -> None:
    begun.write({"rules/people.yml": ""})
    begun.run()
    assert parties(begun) == {}
    assert {r[0] for r in begun.audit_rows("xref", ("closed_because",))} == {"rule_removed"}


def test_a_renamed_rule_keeps_its_parties(compared: World) -> None:
    before = ids(compared)
    compared.write(
        {
            "rules/people.yml": COMPARING.replace(
                "id: same_person", "id: one_person\n    formerly: same_person"
            )
        }
    )
    result = compared.run()
    assert {k: v for k, v in {**result.opened, **result.closed}.items() if v} == {}
    assert ids(compared) == before
    assert {r["key"]: r["party_id"] for r in compared.view("one_person__xref")} == before
    assert len(compared.audit_rows("match_models", ("model",))) == 1


def test_training_alone_moves_nobody(compared: World) -> None:
    import cdmq.api

    before = ids(compared)
    fill(compared, [*CRM, [9, "Anna", "Mayer", "1980-02-03", None, "+491701", None, None]], SHOP)
    trained = cdmq.api.train(compared.root)
    assert trained.exit_code == 0
    assert ids(compared) == before
    assert len(compared.audit_rows("match_models", ("trained_on",), "to_run IS NULL")) == 1
    assert [r for r in compared.relations() if r.startswith("__cdmq_")] == []


@pytest.mark.server
def test_engines_and_row_order_give_the_same_parties(
    make_world: Callable[..., World], made_once: Twin
) -> None:
    turned = people(make_world("duckdb"), COMPARING)
    fill(turned, CRM[::-1], SHOP[::-1])
    turned.run()
    found: list[Any] = []
    for world in (turned, *(made_once(engine, begin_comparing) for engine in ENGINES)):
        found.append(
            (
                parties(world),
                world.audit_rows("pairs", ("key_a", "key_b", "verdict", "probability", "weights")),
            )
        )
    assert found[0] == found[1] == found[2]
