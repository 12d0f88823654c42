"""A check of the number of rows says of which rows it can't be told whether they count."""

from __future__ import annotations

from typing import Any

from runner import World

import cdmq
from cdmq.explaining.story import stories

MODELS = """
version: 1
datasets:
  - {name: people, table: people, key: id, pii: {age: mask}HOLDS}
"""
RULES = """
version: 1
dataset: people
validation:
  - {id: young, check: row_count, MOST, where: "age::integer < 50"}
"""
ROWS = [["a", "9"], ["b", "abc"], ["c", "99"]]
UNREAD = ("young", "b", "age", "***", "could_not_judge")


def begin(world: World, rows: list[list[Any]], most: str = "max: 1", holds: str = "") -> None:
    world.write(
        {
            "models/m.yml": MODELS.replace("HOLDS", holds),
            "rules/r.yml": RULES.replace("MOST", most),
        }
    )
    deliver(world, rows)


def deliver(world: World, rows: list[list[Any]]) -> None:
    world.table("people", {"id": "text", "age": "text"}, rows)


def flags(world: World) -> list[tuple[Any, ...]]:
    """Those that are open."""
    columns = ("rule_id", "key", "column_name", "value", "state", "to_run")
    rows = world.audit_rows("flags", columns)
    return sorted((r[:-1] for r in rows if r[-1] is None), key=str)


def closed(world: World) -> list[tuple[Any, ...]]:
    rows = world.audit_rows("flags", ("key", "closed_because", "to_run"))
    return [(key, why) for key, why, run in rows if run is not None]


def counts(world: World) -> tuple[Any, ...]:
    own = world.results()["young"]
    return tuple(own[n] for n in ("status", "tested", "judged", "failing", "could_not_judge"))


def test_a_row_that_may_count_is_flagged(world: World) -> None:
    begin(world, ROWS)
    assert world.run().exit_code == 1
    assert counts(world) == ("fail", 1, 1, 0, 1)
    assert flags(world) == [UNREAD]
    assert [r["id"] for r in world.view("people__flagged")] == ["b"]
    assert "young" in stories(cdmq.parse(world.root), "b", "people")[0].fails
    world.run()
    assert flags(world) == [UNREAD]
    assert not closed(world)


def test_beside_the_flag_of_the_number(world: World) -> None:
    begin(world, [*ROWS, ["d", "8"]])
    world.run()
    assert counts(world) == ("fail", 2, 1, 1, 1)
    assert flags(world) == [UNREAD, ("young", None, "", "2", "failed")]
    deliver(world, [["a", "9"], ["b", "abc"]])
    world.run()
    assert (flags(world), closed(world)) == ([UNREAD], [(None, "fixed")])


def test_what_is_mended_closes(world: World) -> None:
    for age, why in (("7", "fixed"), ("70", "out_of_scope")):
        begin(world, ROWS, "max: 2")
        world.run()
        deliver(world, [["a", "9"], ["b", age], ["c", "99"]])
        assert world.run().exit_code == 0
        assert flags(world) == []
        assert closed(world)[-1] == ("b", why)


def test_one_that_only_tells_passes(world: World) -> None:
    begin(world, ROWS, "max: 1, severity: info")
    assert world.run().exit_code == 0
    assert (counts(world)[0], flags(world)) == ("pass", [UNREAD])


def test_a_guard_holds_back_what_it_can_not_count(world: World) -> None:
    """Its flag has no key: the record of that key stays as it was."""
    begin(world, [["a", "9"], ["b", "60"]], holds=", holds: [young]")
    world.run()
    deliver(world, ROWS)
    assert world.run().exit_code == 1
    assert counts(world) == ("fail", 1, 1, 0, 1)
    assert flags(world) == [("young", None, "age", "***", "could_not_judge")]
    assert [r["id"] for r in world.view("people__passed")] == ["a", "b"]
    deliver(world, [["a", "9"], ["b", "70"], ["c", "99"]])
    assert world.run().exit_code == 0
    assert (flags(world), closed(world)) == ([], [(None, "fixed")])
