"""Hostile names, run for real: nothing is executed, changed or lost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hostile import models, rows_of, rules
from runner import World

import cdmq.api
import cdmq.cli
from cdmq.problems import CdmqError

COLUMNS = [
    "select",
    "from",
    "a b",
    'a"b',
    "a'b",
    "a;drop table people",
    "größe",
    "名前",
    "a.b",
    "a--b",
    "a$1",
    "a%sb",
    "x" * 60,
    "A",
    "__typename",
    "user",
    "rule_id",
    "key",
    "value",
    "code",
]


def test_columns_of_any_name(world: World) -> None:
    """Each column has one bad cell, and each is found by each kind of rule."""
    names = {"id": "integer", **dict.fromkeys(COLUMNS, "text")}
    good = {c: f"v{i}" for i, c in enumerate(COLUMNS)}
    rows = [[0, *good.values()]]
    rows += [
        [i, *(None if c == bad else v for c, v in good.items())] for i, bad in enumerate(COLUMNS, 1)
    ]
    world.table("people", names, rows)
    checks: list[Any] = [
        {
            "column": c,
            "checks": [
                "not_null",
                {"string_length": {"min": "1"}},
                {"accepted_values": {"values": [good[c]], "missing": "fail", "suggest": "true"}},
            ],
        }
        for c in COLUMNS
    ]
    checks += [
        {
            "id": f"must_{i}",
            "check": "expression",
            "missing": "fail",
            "must": '"' + c.replace('"', '""') + '" is not null',
        }
        for i, c in enumerate(COLUMNS)
    ]
    defaults = [
        {"id": f"default_{i}", "column": c, "set": 'it\'s "not" there', "reason": "unknown"}
        for i, c in enumerate(COLUMNS)
    ]
    world.write(
        {
            "models/m.yml": models({"name": "people_", "table": "people", "key": "id"}),
            "rules/r.yml": rules("people_", checks, defaults),
        }
    )
    before = rows_of(world, "people")
    result = world.run()
    assert not result.failed
    assert {r.rule.id: r.message for r in result.results if r.status == "error"} == {}
    found = {(f[0], f[1]) for f in world.flags()}
    expected = {
        (rule, str(i))
        for i, c in enumerate(COLUMNS, 1)
        for rule in (f"people_.{c}.not_null", f"people_.{c}.accepted_values", f"must_{i - 1}")
    }
    assert found == expected
    assert {(c[0], c[1], c[4]) for c in world.changes()} == {
        (f"default_{i - 1}", str(i), 'it\'s "not" there') for i in range(1, len(COLUMNS) + 1)
    }
    assert rows_of(world, "people") == before
    again = world.run()
    assert sum(again.opened.values()) == sum(again.closed.values()) == 0


def test_columns_that_differ_only_by_case(world: World) -> None:
    """PostgreSQL tells them apart; DuckDB cannot have them."""
    if world.engine == "duckdb":
        pytest.skip("DuckDB has no such tables")
    world.table(
        "people",
        {"id": "integer", "Name": "text", "name": "text"},
        [[1, None, "a"], [2, "b", None], [3, "c", "c"]],
    )
    world.write(
        {
            "models/m.yml": models({"name": "p", "table": "people", "key": "id"}),
            "rules/r.yml": rules(
                "p",
                [
                    {"column": "Name", "checks": ["not_null"]},
                    {"id": "lower", "column": "name", "check": "not_null"},
                    {
                        "id": "exact",
                        "check": "expression",
                        "must": '"Name" = "name"',
                        "missing": "fail",
                    },
                ],
            ),
        }
    )
    try:
        world.run()
    except CdmqError as error:
        assert "case" in str(error)  # noqa: PT017  refusing is right too, with a reason
        return
    assert {(f[0], f[1]) for f in world.flags()} >= {("p.Name.not_null", "1"), ("lower", "2")}


def test_a_column_with_a_name_of_cdmq(world: World) -> None:
    world.table("people", {"id": "integer", "__key": "text", "__RULES": "text"}, [])
    world.write({"models/m.yml": models({"name": "p", "table": "people", "key": "id"})})
    with pytest.raises(CdmqError) as told:
        cdmq.api.compile(world.root)
    assert [p.code for p in told.value.problems] == ["CDMQ222", "CDMQ222"]
    result = world.run()
    assert result.exit_code == 2
    assert result.failed["p"].count("CDMQ222") == 2
    assert world.relations() == {"people"}


def test_a_column_of_seventy_characters(world: World) -> None:
    name = "a_column_with_a_very_long_name_that_goes_on_and_on_until_it_has_seventy"
    world.write(
        {
            "data/p.csv": f"id,{name}\n1,\n2,x\n",
            "models/m.yml": models({"name": "p", "file": "data/p.csv", "key": "id"}),
            "rules/r.yml": rules("p", [{"column": name, "checks": ["not_null"]}]),
        }
    )
    try:
        world.run()
    except CdmqError as error:
        assert world.engine == "postgres"  # noqa: PT017
        assert name in str(error)  # noqa: PT017
        return
    assert [(f[0], f[1]) for f in world.flags()] == [(f"p.{name}.not_null", "1")]


HOSTILE = ["drop table people", "p'q", 'p"q', "p;q", "p.q", "PEOPLE x", "p--q", "größe", "select"]
WITH_A_SLASH = ["p/q", "../p"]


def named(world: World, *names: str) -> None:
    """For each name a dataset, a rule and a seed of that name."""
    world.table("people", {"id": "integer", "state": "text"}, [[1, "XX"], [2, "CA"]])
    for number, name in enumerate(names):
        seed = name.replace("/", "_") + " s"
        world.write(
            {
                f"seeds/{seed}.csv": "code\nCA\n",
                f"rules/r{number}.yml": rules(
                    name,
                    [
                        {"column": "state", "checks": [{"accepted_values": {"seed": seed}}]},
                        {"id": name, "column": "state", "check": "regex", "pattern": "^C"},
                    ],
                ),
            }
        )
    world.write(
        {
            "models/m.yml": models(
                *(
                    {"name": name, "table": "people", "key": "id", "missing_values": ["n/a"]}
                    for name in names
                )
            )
        }
    )


def begin(world: World) -> None:
    named(world, *HOSTILE)
    before = rows_of(world, "people")
    result = world.run()
    assert not result.failed
    assert rows_of(world, "people") == before


@pytest.mark.parametrize("name", HOSTILE)
def test_datasets_rules_and_seeds_of_any_name(left: World, name: str) -> None:
    assert {(f[0], f[1]) for f in left.flags() if f[0].startswith((name, f"{name}."))} == {
        (f"{name}.state.accepted_values", "1"),
        (name, "1"),
    }
    assert not list(left.root.parent.glob("p")), "something was written outside"


@pytest.mark.parametrize("name", WITH_A_SLASH)
def test_a_name_with_a_slash_is_refused(world: World, name: str) -> None:
    named(world, name)
    before = rows_of(world, "people")
    with pytest.raises(CdmqError, match="no slash") as told:
        world.run()
    assert all(p.span.file and p.remedy for p in told.value.problems)
    assert rows_of(world, "people") == before
    assert not list(world.root.parent.glob("p")), "something was written outside"


def test_a_project_in_a_folder_with_signs(tmp_path: Path) -> None:
    """The path of the project is no pattern and no SQL."""
    folder = tmp_path / 'it\'s [1] * "x" #%'
    folder.mkdir()
    world = World("duckdb", folder)
    world.write(
        {
            "data/p.csv": "id,name\n1,\n",
            "models/m.yml": models({"name": "p", "file": "data/p.csv", "key": "id"}),
            "rules/r.yml": rules("p", [{"column": "name", "checks": ["not_null"]}]),
        }
    )
    world.run()
    assert [f[1] for f in world.flags()] == ["1"]
    assert os.listdir(tmp_path) == [folder.name]
