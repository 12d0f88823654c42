"""A review at a time to come, made by mistake, is undone by a command; nothing is deleted."""

from __future__ import annotations

import datetime as dt
from typing import Any

from runner import World

import cdmq.api

FILES = {
    "models/m.yml": "version: 1\ndatasets:\n"
    "  - {name: people, table: people_source, key: id}\n"
    "  - {name: orders, table: orders_source, key: id, happened_at: day,\n"
    "     refers_to: {people: person}}\n",
    "rules/people.yml": """
version: 1
dataset: people
tiering:
  - id: class
    measures: {years: {from: orders, since: last}}
    levels: [{fresh: "years < 1"}, {stale: "years >= 1"}, {never: otherwise}]
    review: monthly
""",
}


def write(world: World) -> None:
    world.write(FILES)
    people(world, ["1", "2", "3"])
    world.table(
        "orders_source",
        {"id": "text", "person": "text", "day": "date"},
        [
            ["a", "1", dt.date(2026, 9, 1)],
            ["b", "1", dt.date(2026, 10, 1)],
            ["c", "2", dt.date(2026, 10, 1)],
        ],
    )


def begin(world: World) -> None:
    """The first review, of October."""
    write(world)
    at(world, 2026, 10)


def people(world: World, keys: list[str]) -> None:
    world.table("people_source", {"id": "text"}, [[k] for k in keys])


def at(world: World, year: int, month: int) -> Any:
    result = world.run(as_of=dt.datetime(year, month, 15))
    return next(r for r in result.results if r.rule.id == "class")


def levels(world: World) -> list[tuple[Any, ...]]:
    return world.audit_rows("tier_history", ("key", "level", "from_review"), "to_run IS NULL")


def test_a_review_to_come_is_undone(begun: World) -> None:
    at(begun, 2026, 11)
    before = levels(begun)
    assert before == [
        ("1", "fresh", "2026-10-01"),
        ("2", "fresh", "2026-10-01"),
        ("3", "never", "2026-10-01"),
    ]
    rows = len(begun.audit_rows("tier_history", ("key",)))
    people(begun, ["1", "2", "4"])
    at(begun, 2062, 1)
    assert [r[:2] for r in levels(begun)] == [("1", "stale"), ("2", "stale"), ("4", "never")]
    people(begun, ["1", "2", "3"])
    stuck = at(begun, 2026, 12)
    assert (stuck.status, "cdmq clean --reviews-after DAY" in stuck.message) == ("skipped", True)
    assert cdmq.api.undo_reviews("2026-12-31", begun.root) == [("class", "2062-01-01", 1)]
    assert [r for r in levels(begun) if r[0] in "12"] == before[:2]
    assert len(begun.audit_rows("tier_history", ("key",))) > rows
    undone = begun.audit_rows("tier_history", ("key", "level"), "closed_because = 'review_undone'")
    assert undone == [("1", "stale"), ("2", "stale"), ("4", "never")]
    (row,) = begun.sql(
        f"SELECT command, status, message, run_by, run_id FROM {begun.audit}"
        ".runs ORDER BY run_id DESC LIMIT 1"
    )
    assert row[:3] == ("clean", "pass", "undid 1 reviews after 2026-12-31")
    assert "@" in row[3]
    assert begun.audit_rows("tier_reviews", ("review",), f"undone_run = '{row[4]}'") == [
        ("2062-01-01",)
    ]
    assert at(begun, 2026, 12).status == "pass"
    assert levels(begun) == before
    assert cdmq.api.undo_reviews("2026-12-31", begun.root) == []
    assert levels(begun) == before


def test_the_same_day_is_reviewed_in_its_time(begun: World) -> None:
    at(begun, 2027, 12)
    assert [r[1] for r in levels(begun)] == ["stale", "stale", "never"]
    cdmq.api.undo_reviews("2026-10-31", begun.root)
    assert [r[1] for r in levels(begun)] == ["fresh", "fresh", "never"]
    at(begun, 2026, 11)
    assert [r[1] for r in levels(begun)] == ["fresh", "fresh", "never"]
    at(begun, 2027, 12)
    assert levels(begun) == [
        ("1", "stale", "2027-12-01"),
        ("2", "stale", "2027-12-01"),
        ("3", "never", "2026-10-01"),
    ]


def test_what_is_there_again_is_so_in_all(world: World) -> None:
    """With the facts that its figures were made without: the next review changes nothing."""
    write(world)
    world.sql("INSERT INTO orders_source VALUES ('d', '2', NULL)")
    kept = ("key", "level", "cut_offs", "measures", "reason", "missed", "uncounted", "from_review")
    at(world, 2026, 10)
    before = world.audit_rows("tier_history", kept, "to_run IS NULL")
    assert [(r[0], r[6]) for r in before] == [("1", None), ("2", 1), ("3", None)]
    at(world, 2062, 1)
    cdmq.api.undo_reviews("2026-12-31", world.root)
    assert world.audit_rows("tier_history", kept, "to_run IS NULL") == before
    rows = len(world.audit_rows("tier_history", ("key",)))
    at(world, 2026, 11)
    assert world.audit_rows("tier_history", kept, "to_run IS NULL") == before
    assert len(world.audit_rows("tier_history", ("key",))) == rows
