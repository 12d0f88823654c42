"""How many move in a review, and a review in which too many would."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from runner import World

import cdmq
from cdmq.cli import run as run_command
from cdmq.cli import test as test_command
from cdmq.problems import CdmqError
from cdmq.runs.facts import who

MODELS = """
version: 1
datasets:
  - {name: people, table: people, key: id}
  - {name: orders, table: orders, key: oid, happened_at: d, refers_to: {people: id}}
"""
RULES = """
version: 1
dataset: people
tiering:
  - id: class
    measures: {volume: {from: orders, sum: amount, if_none: 0}}
    levels: [{core: "volume >= 100"}, {good: "volume >= 10"}, {rest: otherwise}]
    review: monthly
    moves_at_most: 20%
validation:
  - {id: best, check: expression, must: "class <> 'core'"}
"""
KEYS = "abcdefghij"
LOW = dict.fromkeys(KEYS, 5)


def begin(world: World) -> None:
    world.write({"models/m.yml": MODELS, "rules/r.yml": RULES})
    world.table("people", {"id": "text"}, [[k] for k in KEYS])
    fill(world, {**LOW, "a": 100})
    world.run(as_of="2026-01-10")


def fill(world: World, volumes: dict[str, int]) -> None:
    columns = {"oid": "text", "id": "text", "d": "date", "amount": "integer"}
    world.table("orders", columns, [[k, k, "2026-01-01", v] for k, v in volumes.items()])


@pytest.fixture
def begun(twin: Callable[..., World]) -> World:
    return twin(begin)


def levels(world: World) -> str:
    rows = world.audit_rows("tier_history", ("key", "level"), "to_run IS NULL")
    return "".join(level[0] for _, level in sorted(rows))


def reviews(world: World) -> list[tuple[Any, ...]]:
    columns = ("review", "had", "moved", "accepted_by")
    return sorted(world.audit_rows("tier_reviews", columns))


def run(world: World, month: int, **words: Any) -> Any:
    result = world.run(as_of=f"2026-{month:02}-10", **words)
    (said,) = (r for r in result.results if r.rule.id == "class")
    return result.exit_code, said.status, said.message


MANY = {**LOW, "a": 5, "b": 10, "c": 100}


def test_as_many_as_may_move(begun: World) -> None:
    fill(begun, {**LOW, "a": 100, "b": 10, "c": 100})
    assert run(begun, 2)[1] == "pass"
    assert levels(begun) == "cgcrrrrrrr"
    assert reviews(begun) == [("2026-01-01", 0, 0, None), ("2026-02-01", 10, 2, None)]


def test_more_are_not_published(begun: World) -> None:
    before = begun.audit_rows("tier_history", ("key", "level", "from_run", "to_run"))
    flags = begun.flags()
    fill(begun, MANY)
    for month in (2, 3):
        assert run(begun, month) == (
            1,
            "fail",
            "not published, the levels stay as they were: 3 of 10 move: 1 core to rest, 1 rest to "
            "core, 1 rest to good; moves_at_most is 20%. Look at them, and let them through with "
            "--accept-moves class; 1 core, 9 rest",
        )
        after = begun.audit_rows("tier_history", ("key", "level", "from_run", "to_run"))
        assert after == before
        assert begun.flags() == flags  # who reads the level sees the one that stands
        assert reviews(begun) == [("2026-01-01", 0, 0, None)]
    assert {r["key"]: r["level"] for r in begun.view("class__levels")}["c"] == "rest"


def test_they_are_let_through(begun: World) -> None:
    fill(begun, MANY)
    code, status, said = run(begun, 2, accept_moves="class")
    assert (code, status) == (1, "pass")  # of the level that somebody flags
    assert said.startswith("3 of 10 move: 1 core to rest, 1 rest to core, 1 rest to good; accepted")
    assert reviews(begun)[-1] == ("2026-02-01", 10, 3, who())
    assert levels(begun) == "rgcrrrrrrr"
    moves = [tuple(r.values()) for r in begun.view("class__moves")]
    assert sorted(moves) == [
        ("2026-02-01", "core", "rest", 1),
        ("2026-02-01", "rest", "core", 1),
        ("2026-02-01", "rest", "good", 1),
    ]
    fill(begun, {**MANY, "d": 10})
    run(begun, 3)
    assert ("2026-03-01", "rest", "good", 1) in [
        tuple(r.values()) for r in begun.view("class__moves")
    ]


def test_new_ones_and_those_who_left_do_not_move(begun: World) -> None:
    begun.table("people", {"id": "text"}, [[k] for k in (*KEYS[:6], "x", "y", "z")])
    fill(begun, {"a": 100, "x": 100, "y": 10})
    assert run(begun, 2)[1] == "pass"
    assert reviews(begun)[-1] == ("2026-02-01", 6, 0, None)
    assert begun.view("class__moves") == []


def test_a_rule_that_means_something_else_moves_too(begun: World) -> None:
    begun.write({"rules/r.yml": RULES.replace('volume >= 10"', 'volume >= 5"')})
    assert run(begun, 1)[1] == "fail"
    assert levels(begun) == "crrrrrrrrr"


@pytest.mark.parametrize(
    ("name", "told"), [("clas", "did you mean 'class'"), ("best", "'best' is no rule with moves")]
)
def test_what_is_accepted_is_a_rule(begun: World, name: str, told: str) -> None:
    with pytest.raises(CdmqError, match=told):
        begun.run(accept_moves=name)


def test_only_a_run_knows_them(begun: World) -> None:
    with pytest.raises(TypeError, match="no option 'accept_moves'"):
        cdmq.test(begun.root, accept_moves="class")  # type: ignore[call-arg]


def test_the_other_commands_keep_their_options() -> None:
    """`-q` and the like, without what only a run knows."""
    known = {c: inspect.signature(c.command).parameters for c in (run_command, test_command)}
    assert all(not isinstance(p.annotation, str) for ps in known.values() for p in ps.values())
    only = set(known[run_command]) - set(known[test_command])
    assert only == {"accept_moves", "review_from"}
