"""A level by what other rules give the customer: a score, or another level."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from runner import World

import cdmq
from cdmq.problems import CdmqError

MODELS = """
version: 1
datasets:
  - {name: people, table: people, key: id}
  - {name: orders, table: orders, key: oid, happened_at: d, refers_to: {people: id}}
"""
RULES = """
version: 1
dataset: people
owner: ada
completeness:
  - {id: profile, points: {name: 1, mail: 1}}
tiering:
  - id: size
    measures: {n: {from: orders, count: rows, if_none: 0}}
    levels: [{big: "n >= 2"}, {small: otherwise}]
  - id: class
    measures: {n: {from: orders, count: rows, if_none: 0}}
    levels: [{core: "SIZE = 'big' and profile >= 100"}, {known: "profile >= LEAST"}, {poor: otherwise}]
    MORE
"""
PEOPLE = [["a", "Anna", "a@x"], ["b", None, "b@x"], ["c", "Carl", None], ["d", None, None]]
ORDERS = [["1", "a"], ["2", "a"], ["3", "b"], ["4", "b"], ["5", "d"]]


def write(world: World, size: str = "size", least: str = "50", more: str = "") -> None:
    rules = RULES.replace("SIZE", size).replace("LEAST", least).replace("MORE", more)
    world.write({"models/m.yml": MODELS, "rules/r.yml": rules})
    world.table("people", {"id": "text", "name": "text", "mail": "text"}, PEOPLE)
    rows = [[*o, "2026-01-01"] for o in ORDERS]
    world.table("orders", {"oid": "text", "id": "text", "d": "date"}, rows)


def begin(world: World) -> None:
    write(world)
    world.run()


def levels(world: World) -> dict[str, tuple[Any, ...]]:
    columns = ("key", "level", "measures", "reason", "to_run")
    rows = world.audit_rows("tier_history", columns, "rule_id = 'class'")
    return {k: (level, json.loads(m), why) for k, level, m, why, ended in rows if ended is None}


@pytest.fixture
def begun(twin: Callable[..., World]) -> World:
    return twin(begin)


def test_a_level_goes_by_a_score_and_by_another_level(begun: World) -> None:
    found = levels(begun)
    assert {k: v[0] for k, v in found.items()} == {
        "a": "core",
        "b": "known",
        "c": "known",
        "d": "poor",
    }
    assert found["a"][1] == {"n": 2, "profile": 100, "size": "big"}
    assert found["b"][2] == "profile 50 >= 50"
    assert found["d"][2] == "no other level fits: n 1, profile 0, size small"


def test_what_a_level_reads_goes_before_it(begun: World) -> None:
    project = cdmq.parse(begun.root)
    assert project.uses["class"].columns("people") >= {"profile", "size"}
    only = begun.run(select=["class"])
    assert {r.rule.id for r in only.results if r.outcome.evaluated} >= {"class", "profile", "size"}


def test_it_is_judged_anew_with_what_it_reads(begun: World) -> None:
    begun.table(
        "people",
        {"id": "text", "name": "text", "mail": "text"},
        [["d", "Dora", "d@x"], *PEOPLE[:3]],
    )
    begun.run()
    assert levels(begun)["d"][0] == "known"


def test_a_second_run_changes_nothing(begun: World) -> None:
    before = begun.audit_rows("tier_history", ("key", "level", "from_run", "to_run"))
    begun.run()
    assert begun.audit_rows("tier_history", ("key", "level", "from_run", "to_run")) == before


def test_a_limit_of_a_score_is_relaxed_as_that_of_a_measure(world: World) -> None:
    keep = "review: daily\n    keep_unless: {below_by: 10%, for: 2 reviews}"
    write(world, least="55", more=keep)
    world.run()
    assert {k: v[0] for k, v in levels(world).items()} == {
        "a": "core",
        "b": "poor",
        "c": "poor",
        "d": "poor",
    }


def test_a_measure_of_the_name_goes_first(world: World) -> None:
    write(world, size="n")
    rules = RULES.replace("SIZE = 'big' and profile >= 100", "n >= 2 and profile >= 1")
    rules = rules.replace("n: {from", "profile: {from", 2).replace('"n >= 2', '"profile >= 2')
    world.write(
        {"rules/r.yml": rules.replace("n >= 2 and ", "").replace("LEAST", "1").replace("MORE", "")}
    )
    assert cdmq.parse(world.root).uses["class"].columns("people") == set()


@pytest.mark.parametrize(
    ("size", "told"),
    [
        ("sise", "CDMQ312 there is no column 'sise'"),
        ("name", "CDMQ312 there is no column 'name'"),
        ("class", "CDMQ312 'class' is the column that this rule gives"),
        ("profile", "CDMQ313 profile is a number, 'big' is text"),
    ],
)
def test_what_is_neither_is_told(world: World, size: str, told: str) -> None:
    write(world, size=size)
    errors = {r.rule.id: r.message for r in world.run().results if r.outcome.error}
    assert errors.keys() == {"class"}
    assert told in errors["class"]


def test_rules_that_read_each_other_are_a_cycle(world: World) -> None:
    write(world)
    rules = RULES.replace("MORE", "").replace("LEAST", "50").replace("SIZE", "size")
    world.write({"rules/r.yml": rules.replace('big: "n >= 2"', "big: \"class = 'core'\"")})
    with pytest.raises(CdmqError, match="CDMQ2"):
        cdmq.parse(world.root)
