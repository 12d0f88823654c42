"""Visits of whoever is falling or dormant: rows of the queue, from month to month."""

from __future__ import annotations

from typing import Any

from kinds.trends.test_trends_runs import (
    FALLS,
    GONE,
    RETURNS,
    STEADY,
    begin,
    moment,
    prepare,
    run,
    write,
)
from runner import World

VISIT = "visit: {by: owner, within: 14 days}"


def asked(world: World, where: str = "to_run IS NULL") -> list[tuple[Any, ...]]:
    columns = ("key", "about", "why", "first", "due", "asked")
    return world.audit_rows("queue", columns, f"rule_id = 'fewer' AND {where}")


def test_a_visit_stands_in_the_queue_until_the_step_ends(world: World) -> None:
    prepare(world)
    people = [[who, f"Ms {who}"] for who in (STEADY, FALLS, GONE, RETURNS)]
    world.table("people", {"id": "text", "owner": "text"}, people)
    write(world, VISIT)
    run(world, 7)
    assert asked(world) == [(RETURNS, "record", "falling", 60, "2025-07-24 09:00:00", "Ms returns")]
    run(world, 8)
    assert asked(world) == [
        (RETURNS, "record", "dormant", 120, "2025-08-24 09:00:00", "Ms returns")
    ]
    run(world, 15)
    rows = asked(world)
    assert rows == [(GONE, "record", "dormant", 1200, "2026-03-24 09:00:00", "Ms gone")]
    run(world, 15)
    world.run(as_of=moment(15, 28))
    assert asked(world) == rows
    write(world)
    run(world, 15)
    assert asked(world) == []


PEOPLE = "- {login: ada, name: Ada, roles: [sales], standing: 1}\n"
CALLED = (
    "- {type: visit, rule: fewer, keys: [KEY], new: kept, by: ada, at: AT, reason: will order}\n"
)


def test_who_was_called_is_asked_about_no_more_until_the_next_step(world: World) -> None:
    """A call before the step began is none about it."""
    prepare(world)
    write(world, VISIT)
    world.write({"people.yml": PEOPLE})
    run(world, 7)
    assert [r[0] for r in asked(world)] == [RETURNS]
    early = CALLED.replace("KEY", RETURNS).replace("AT", "2025-06-30")
    world.write({"decisions/visits.yml": early})
    run(world, 7)
    assert [r[0] for r in asked(world)] == [RETURNS]
    world.write(
        {"decisions/visits.yml": early + CALLED.replace("KEY", RETURNS).replace("AT", "2025-07-05")}
    )
    run(world, 7)
    assert asked(world) == []
    run(world, 8)
    assert [r[:3] for r in asked(world)] == [(RETURNS, "record", "dormant")]


def test_a_visit_by_a_role(begun: World) -> None:
    write(begun, VISIT.replace("owner", "key_account"))
    run(begun, 15)
    assert [r[-1] for r in asked(begun)] == ["key_account"]


__all__ = ["begin"]
