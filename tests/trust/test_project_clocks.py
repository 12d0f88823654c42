"""A day is the whole of it, by the clocks of the project's zone."""

from __future__ import annotations

import datetime as dt

import pytest
from clocks import BERLIN
from runner import World

from cdmq.problems import CdmqError


@pytest.mark.parametrize(
    ("words", "failing"),
    [
        ("max: 2024-12-31", ["4"]),
        ("max: 2024-12-31, inclusive: false", ["2", "3", "4"]),
        ("min: 2024-12-31", ["1"]),
        ("min: 2024-12-31, inclusive: false", ["1", "2", "3"]),
        ("min: 2024-12-31 23:30, max: 2024-12-31", ["1", "2", "4"]),
        ("max: 2024-12-31 23:30", ["4"]),
    ],
)
def test_a_day_is_the_whole_of_it(world: World, words: str, failing: list[str]) -> None:
    world.table(
        "c_src",
        {"id": "integer", "at": "timestamp"},
        [
            [n, dt.datetime.fromisoformat(t)]
            for n, t in enumerate(
                ["2024-12-30 23:59:59", "2024-12-31 00:00", "2024-12-31 23:30", "2025-01-01 00:00"],
                start=1,
            )
        ],
    )
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets: [{name: c, table: c_src, key: id}]\n",
            "rules/c.yml": "version: 1\ndataset: c\nvalidation:\n"
            f"  - {{id: r, column: at, check: accepted_range, {words}}}\n",
        }
    )
    world.run()
    assert sorted(f[1] for f in world.flags()) == failing


TIERS = """
version: 1
dataset: c
validation:
  - {id: day, column: born, check: accepted_range, max: as_of}
tiering:
  - id: level
    measures: {n: {from: orders, count: rows, if_none: 0}}
    levels: [{some: "n > 0"}, {none: otherwise}]
    review: monthly
"""


def test_days_and_reviews_go_by_the_projects_clocks(world: World) -> None:
    """On 30 November, 23:30 UTC, it is 1 December in Berlin."""
    world.table("c_src", {"id": "integer", "born": "date"}, [[1, "2026-12-01"], [2, "2026-12-02"]])
    world.table(
        "orders_src",
        {"no": "integer", "who": "integer", "day": "date"},
        [[1, 1, "2026-12-01"], [2, 2, "2026-12-02"]],
    )
    world.write(
        {
            **BERLIN,
            "rules/c.yml": TIERS,
            "models/m.yml": """
version: 1
datasets:
  - {name: c, table: c_src, key: id}
  - {name: orders, table: orders_src, key: no, happened_at: day, refers_to: {c: who}}
""",
        }
    )
    world.run(as_of=dt.datetime(2026, 11, 30, 23, 30, tzinfo=dt.UTC))
    assert [f[1] for f in world.flags()] == ["2"]
    assert world.audit_rows("tier_reviews", ("review",)) == [("2026-12-01",)]
    levels = dict(world.audit_rows("tier_history", ("key", "level")))
    assert levels == {"1": "some", "2": "none"}
    assert world.audit_rows("runs", ("as_of",)) == [("2026-11-30 23:30:00",)]  # told in UTC


def test_a_time_without_a_zone_is_the_projects(world: World) -> None:
    world.table("c_src", {"id": "integer", "born": "date"}, [[1, "2026-12-01"]])
    world.write(
        {**BERLIN, "models/m.yml": "version: 1\ndatasets: [{name: c, table: c_src, key: id}]\n"}
    )
    world.run(as_of=dt.datetime(2026, 12, 1))
    assert world.audit_rows("runs", ("as_of",)) == [("2026-11-30 23:00:00",)]


def test_a_zone_that_is_none_is_told(world: World) -> None:
    world.write({"cdmq_project.yml": "name: world\nprofile: world\ntime_zone: Europe/Berln\n"})
    with pytest.raises(CdmqError, match="'Europe/Berln' is no time zone; .* Europe/Berlin"):
        world.run()


def test_a_unit_test_has_the_projects_clocks(world: World) -> None:
    import cdmq.api
    from cdmq.unit_tests.tests import unit_test

    world.table("c_src", {"id": "integer", "born": "date"}, [[1, "2026-12-01"]])
    world.write(
        {
            **BERLIN,
            "rules/c.yml": TIERS.split("tiering")[0],
            "models/m.yml": "version: 1\ndatasets: [{name: c, table: c_src, key: id, "
            "columns: {born: date}}]\n",
            "unit_tests/t.yml": """
version: 1
unit_tests:
  - name: today
    rule: day
    as_of: 2026-11-30T23:30:00+00:00
    given: {c: [{id: "1", born: 2026-12-01}, {id: "2", born: 2026-12-02}]}
    expect: {flags: [{key: "2"}]}
""",
        }
    )
    cdmq.api.parse(world.root)
    assert [t.status for t in unit_test(world.root).results] == ["pass"]
