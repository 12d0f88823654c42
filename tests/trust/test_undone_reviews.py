"""A review at a time to come, made by mistake, is undone by a command; nothing is deleted."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
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


@pytest.fixture
def project(world: World) -> World:
    world.write(FILES)
    people(world, ["1", "2", "3"])
    world.table("orders_source", {"id": "text", "person": "text", "day": "date"}, [
        ["a", "1", dt.date(2026, 9, 1)], ["b", "1", dt.date(2026, 10, 1)],
        ["c", "2", dt.date(2026, 10, 1)]])
    return world


def people(world: World, keys: list[str]) -> None:
    world.table("people_source", {"id": "text"}, [[k] for k in keys])


def at(world: World, year: int, month: int) -> Any:
    result = world.run(as_of=dt.datetime(year, month, 15))
    return next(r for r in result.results if r.rule.id == "class")


def levels(world: World) -> list[tuple[Any, ...]]:
    return world.audit_rows("tier_history", ("key", "level", "from_review"), "to_run IS NULL")


def test_a_review_to_come_is_undone(project: World) -> None:
    at(project, 2026, 10)
    at(project, 2026, 11)
    before = levels(project)
    assert before == [("1", "fresh", "2026-10-01"), ("2", "fresh", "2026-10-01"),
                      ("3", "never", "2026-10-01")]
    rows = len(project.audit_rows("tier_history", ("key",)))
    people(project, ["1", "2", "4"])
    at(project, 2062, 1)
    assert [r[:2] for r in levels(project)] == [("1", "stale"), ("2", "stale"), ("4", "never")]
    people(project, ["1", "2", "3"])
    stuck = at(project, 2026, 12)
    assert (stuck.status, "cdmq clean --reviews-after DAY" in stuck.message) == ("skipped", True)
    assert cdmq.api.undo_reviews("2026-12-31", project.root) == [("class", "2062-01-01", 1)]
    assert [r for r in levels(project) if r[0] in "12"] == before[:2]
    assert len(project.audit_rows("tier_history", ("key",))) > rows
    undone = project.audit_rows("tier_history", ("key", "level"),
                                "closed_because = 'review_undone'")
    assert undone == [("1", "stale"), ("2", "stale"), ("4", "never")]
    (row,) = project.sql(f"SELECT command, status, message, run_by, run_id FROM {project.audit}"
                         ".runs ORDER BY run_id DESC LIMIT 1")
    assert row[:3] == ("clean", "pass", "undid 1 reviews after 2026-12-31")
    assert "@" in row[3]
    assert project.audit_rows("tier_reviews", ("review",), f"undone_run = '{row[4]}'") == [
        ("2062-01-01",)]
    assert at(project, 2026, 12).status == "pass"
    assert levels(project) == before
    assert cdmq.api.undo_reviews("2026-12-31", project.root) == []
    assert levels(project) == before


def test_the_same_day_is_reviewed_in_its_time(project: World) -> None:
    at(project, 2026, 10)
    at(project, 2027, 12)
    assert [r[1] for r in levels(project)] == ["stale", "stale", "never"]
    cdmq.api.undo_reviews("2026-10-31", project.root)
    assert [r[1] for r in levels(project)] == ["fresh", "fresh", "never"]
    at(project, 2026, 11)
    assert [r[1] for r in levels(project)] == ["fresh", "fresh", "never"]
    at(project, 2027, 12)
    assert levels(project) == [("1", "stale", "2027-12-01"), ("2", "stale", "2027-12-01"),
                               ("3", "never", "2026-10-01")]


def test_what_is_there_again_is_so_in_all(project: World) -> None:
    """With the facts that its figures were made without: the next review changes nothing."""
    project.sql("INSERT INTO orders_source VALUES ('d', '2', NULL)")
    kept = ("key", "level", "cut_offs", "measures", "reason", "missed", "uncounted", "from_review")
    at(project, 2026, 10)
    before = project.audit_rows("tier_history", kept, "to_run IS NULL")
    assert [(r[0], r[6]) for r in before] == [("1", None), ("2", 1), ("3", None)]
    at(project, 2062, 1)
    cdmq.api.undo_reviews("2026-12-31", project.root)
    assert project.audit_rows("tier_history", kept, "to_run IS NULL") == before
    rows = len(project.audit_rows("tier_history", ("key",)))
    at(project, 2026, 11)
    assert project.audit_rows("tier_history", kept, "to_run IS NULL") == before
    assert len(project.audit_rows("tier_history", ("key",))) == rows
