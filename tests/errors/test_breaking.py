"""What breaks in a run stays where it breaks."""

from __future__ import annotations

import pytest
from hostile import models, rules
from runner import Twin, World


def test_one_rule_that_fails_at_run_time(world: World) -> None:
    """A column that cannot be computed any more ends its rule; the others are judged, and the
    open flags of the one that failed stay. A table that may be held back is copied first: there
    no rule is judged, and all flags stay."""
    world.table("raw", {"id": "integer", "n": "integer", "m": "integer"}, [[1, -5, -5], [2, 5, 5]])
    world.sql("CREATE VIEW people AS SELECT id, n, m FROM raw")
    world.write(
        {
            "models/m.yml": models(
                {"name": "p", "table": "people", "key": "id", "may_be_empty": "true"}
            ),
            "rules/r.yml": rules(
                "p",
                [{"column": c, "checks": [{"accepted_range": {"min": "0"}}]} for c in ("n", "m")],
            ),
        }
    )
    first = world.run()
    itself = {"p.delivered": "pass", "p.key": "pass"}
    assert {r.rule.id: r.status for r in first.results} == itself | {
        "p.n.accepted_range": "fail",
        "p.m.accepted_range": "fail",
    }
    failing = "CASE WHEN id = 2 THEN CAST('x' || id AS integer) ELSE n END"
    world.sql(
        f"CREATE OR REPLACE VIEW people AS SELECT id, CAST({failing} AS bigint) AS n, m FROM raw"
    )
    world.sql("UPDATE raw SET m = -6 WHERE id = 2")
    second = world.run()
    assert {r.rule.id: r.status for r in second.results} == itself | {
        "p.n.accepted_range": "error",
        "p.m.accepted_range": "fail",
    }
    assert second.exit_code == 2
    assert [(f[0], f[1]) for f in world.flags()] == [
        ("p.m.accepted_range", "1"),
        ("p.m.accepted_range", "2"),
        ("p.n.accepted_range", "1"),
    ]
    assert world.flags("to_run IS NOT NULL") == []
    before = world.flags()
    world.write({"models/m.yml": models({"name": "p", "table": "people", "key": "id"})})
    third = world.run()
    assert {r.status for r in third.results} == {"error"}
    assert world.flags() == before


def test_a_number_that_overflows(world: World) -> None:
    """The row is told as one that could not be judged; the others are judged."""
    world.table("people", {"id": "integer", "n": "integer"}, [[1, 1], [2, -1], [3, 5]])
    world.write(
        {
            "models/m.yml": models({"name": "p", "table": "people", "key": "id"}),
            "rules/r.yml": rules(
                "p",
                [
                    {"id": "big", "check": "expression", "must": "n * 4611686018427387904 > 0"},
                    {"id": "positive", "check": "expression", "must": "n > 0"},
                ],
            ),
        }
    )
    world.run()
    found = {(f[0], f[1], f[5]) for f in world.flags()}
    assert {("big", "2", "failed"), ("positive", "2", "failed")} <= found
    assert found - {("big", "3", "could_not_judge")} == {
        ("big", "2", "failed"),
        ("positive", "2", "failed"),
    }


def two_files(world: World) -> None:
    world.write(
        {
            "data/a.csv": "id,name\n1,\n2,x\n",
            "data/b.csv": "id,name\n1,\n2,x\n",
            "models/m.yml": models(
                {"name": "a", "file": "data/a.csv", "key": "id"},
                {"name": "b", "file": "data/b.csv", "key": "id"},
                {"name": "both", "stack": {"a": "a", "b": "b"}, "key": ["source", "id"]},
            ),
            "rules/a.yml": rules(
                "a",
                [
                    {"column": "name", "checks": ["not_null"]},
                    {
                        "id": "known",
                        "column": "id",
                        "check": "relationships",
                        "to": "b",
                        "field": "id",
                    },
                ],
            ),
            "rules/b.yml": rules("b", [{"column": "name", "checks": ["not_null"]}]),
            "rules/both.yml": rules("both", [{"column": "name", "checks": ["not_null"]}]),
        }
    )
    world.run()


@pytest.mark.parametrize("broken", ["gone", "empty", "not_utf8"])
def test_a_broken_source_stops_only_what_needs_it(twin: Twin, broken: str) -> None:
    world = twin(two_files)
    flags, last = world.flags(), world.view("b__clean")
    assert len(flags) == 4
    world.write({"data/a.csv": "id,name\n1,\n2,x\n3,\n"})
    file = world.root / "data/b.csv"
    if broken == "gone":
        file.unlink()
    else:
        file.write_bytes({"empty": b"", "not_utf8": b"id,name\n1,\xe9\n"}[broken])
    result = world.run()
    assert {r.rule.id: r.status for r in result.results} == {
        "a.name.not_null": "fail",
        "known": "skipped",
        "b.name.not_null": "error",
        "both.name.not_null": "skipped",
        "a.lines": "pass",
        "b.lines": "error",
        "a.delivered": "pass",
        "b.delivered": "error",
        "a.key": "pass",
        "b.key": "error",
        "both.key": "skipped",
    }
    assert result.exit_code == 2
    assert "data/b.csv" in result.failed["b"]
    assert world.view("b__clean") == last
    assert set(flags) <= set(world.flags())
    assert len(world.flags()) == 5
