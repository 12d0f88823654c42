"""A column, a table, a schema that is gone or of another type stops what needs it, nothing else."""

from __future__ import annotations

import pytest
from runner import World

_COLUMNS = {
    "id": "integer",
    "email": "text",
    "age": "integer",
    "city": "text",
    "changed": "timestamp",
}
_ROWS = [
    [1, "a@x.org", 30, "Bonn", "2024-01-01"],
    [2, None, 200, None, "2024-01-02"],
    [3, "a@x.org", 40, "Kiel", "2024-01-03"],
]
_PROJECT = {
    "models/m.yml": """
version: 1
datasets:
  - {name: people, table: raw_people, key: id, changed_at: changed, columns: {age: integer}}
  - {name: others, table: raw_others, key: id}
""",
    "models/ages.sql": "select id, age from {{ ref('people') }}",
    "models/mails.sql": "select id, email from {{ ref('people') }}",
    "rules/people.yml": """
version: 1
dataset: people
validation:
  - {column: email, checks: [not_null]}
  - {column: age, checks: [{accepted_range: {max: 120}}]}
  - {column: city, checks: [not_null]}
  - {id: grown_up, check: expression, must: "age >= 18"}
matching:
  - {id: same, makes: party, same_if: [[email]]}
golden:
  - {id: best, from: same, into: best_people, pick: [newest]}
""",
    "rules/others.yml": """
version: 1
dataset: others
validation:
  - {column: email, checks: [not_null]}
""",
}


def _world(world: World, without: tuple[str, ...] = (), **types: str) -> None:
    columns = {**_COLUMNS, **types}
    kept = [c for c in columns if c not in without]
    rows = [
        [
            str(v) if types.get(c) == "text" and v is not None else v
            for c, v in zip(columns, row, strict=True)
            if c in kept
        ]
        for row in _ROWS
    ]
    world.table("raw_people", {c: columns[c] for c in kept}, rows)


def begin(world: World) -> None:
    _world(world)
    world.table("raw_others", {"id": "integer", "email": "text"}, [[1, None]])
    world.write(_PROJECT)
    assert world.run().exit_code == 1


def _statuses(world: World) -> dict[str, str]:
    return {name: r["status"] for name, r in world.results().items()}


def test_a_dropped_column_stops_the_rules_that_read_it(begun: World) -> None:
    """It is declared in columns: too; the model and the golden dataset that take it stay."""
    world, flags = begun, begun.flags()
    cells = world.audit_rows("golden_cells", ("column_name", "value"))
    ages = world.view("ages")
    _world(world, without=("age",))
    result = world.run()
    assert result.exit_code == 2
    found = _statuses(world)
    wrong = {n for n, s in found.items() if s in ("error", "skipped")}
    assert wrong == {"people.age.accepted_range", "grown_up", "best", "best_people.key"}
    assert {found["people.email.not_null"], found["people.city.not_null"]} == {"fail"}
    assert {found["same"], found["people.key"], found["others.key"]} == {"pass"}
    told = next(r.message for r in result.results if r.rule.id == "people.age.accepted_range")
    assert "CDMQ203 people has no column 'age'" in told
    assert sorted(result.failed) == ["ages", "best_people"]
    assert world.flags() == flags
    assert world.audit_rows("golden_cells", ("column_name", "value")) == cells
    assert world.view("ages") == ages
    assert len(world.view("mails")) == 3
    _world(world)
    assert world.run().exit_code == 1
    assert world.flags() == flags


def test_a_column_of_another_type_than_declared_is_as_a_lost_one(begun: World) -> None:
    world, flags = begun, begun.flags()
    _world(world, age="text")
    result = world.run()
    assert result.exit_code == 2
    found = _statuses(world)
    wrong = {n for n, s in found.items() if s in ("error", "skipped")}
    assert wrong == {"people.age.accepted_range", "grown_up", "best", "best_people.key"}
    told = next(r.message for r in result.results if r.rule.id == "grown_up")
    assert "CDMQ213 people.age is declared as integer, but it is text" in told
    assert world.flags() == flags


def test_a_column_that_nothing_declares(begun: World) -> None:
    """The rules that name it are told; a dataset whose changed_at is gone has no newest record."""
    world, flags = begun, begun.flags()
    _world(world, without=("city", "changed"))
    assert world.run().exit_code == 2
    found = _statuses(world)
    wrong = {n for n, s in found.items() if s in ("error", "skipped")}
    assert wrong == {"people.city.not_null", "best", "best_people.key"}
    assert world.flags() == flags


def test_a_key_that_is_gone_stops_the_dataset(begun: World) -> None:
    world, flags = begun, begun.flags()
    _world(world, without=("id",))
    result = world.run()
    assert result.exit_code == 2
    found = _statuses(world)
    assert {s for n, s in found.items() if not n.startswith("others")} == {"error", "skipped"}
    assert found["others.email.not_null"] == "fail"
    assert "CDMQ203 people has no column 'id'" in result.failed["people"]
    assert world.flags() == flags


@pytest.mark.parametrize("table", ["raw_gone", "no_schema.raw_people", "no_db.main.raw_people"])
def test_a_table_a_schema_or_a_database_that_is_not_there(begun: World, table: str) -> None:
    world, flags = begun, begun.flags()
    world.write({"models/m.yml": _PROJECT["models/m.yml"].replace("raw_people", table)})
    result = world.run()
    assert result.exit_code == 2
    assert _statuses(world)["others.email.not_null"] == "fail"
    assert "people" in result.failed
    assert world.flags() == flags
    runs = world.audit_rows("runs", ("exit_code", "status"))
    assert sorted(runs) == [(1, "fail"), (2, "error")]


def test_a_default_that_does_not_fit_stops_what_reads_the_clean_rows(begun: World) -> None:
    """Its cells would be judged as they came: nothing of the dataset is; a lost column is all."""
    world = begun
    rules = _PROJECT["rules/people.yml"] + "defaults:\n  - {column: city, standardise: name}\n"
    world.write({"rules/people.yml": rules})
    world.run()
    flags = world.flags()
    _city_as_number(world)
    result = world.run()
    assert result.exit_code == 2
    assert "the column city is integer, not text" in result.failed["people"]
    assert world.flags() == flags
    _world(world, without=("city",))
    world.run()
    found = _statuses(world)
    assert (found["people.city.standardise"], found["people.city.not_null"]) == ("error", "error")
    assert found["people.email.not_null"] == "fail"
    assert world.flags() == flags


def _city_as_number(world: World) -> None:
    world.table("raw_people", {**_COLUMNS, "city": "integer"}, [[*r[:3], 7, *r[4:]] for r in _ROWS])


def test_a_column_that_a_stack_renames(world: World) -> None:
    columns = {"id": "integer", "mail": "text"}
    world.table("raw_a", columns, [[1, None]])
    world.table("raw_b", columns, [[2, None]])
    world.write(
        {
            "models/m.yml": """
version: 1
datasets:
  - {name: a, table: raw_a, key: id}
  - {name: b, table: raw_b, key: id}
  - {name: both, stack: {x: a, y: b}, rename: {x: {mail: email}, y: {mail: email}},
     key: [source, id]}
""",
            "rules/both.yml": "version: 1\ndataset: both\nvalidation:\n"
            "  - {column: email, checks: [not_null]}\n",
            "rules/a.yml": "version: 1\ndataset: a\nvalidation:\n"
            "  - {column: mail, checks: [not_null]}\n",
        }
    )
    world.run()
    flags = world.flags()
    assert len(flags) == 3
    world.table("raw_b", {"id": "integer"}, [[2]])
    result = world.run()
    assert result.exit_code == 2
    assert "CDMQ203 rename: b has no column 'mail'" in result.failed["both"]
    assert world.flags() == flags
    assert len(world.view("both")) == 2
