"""A file without a key: its records are named by their place, and that is said."""

from __future__ import annotations

import pytest
from runner import World

import cdmq.api
from cdmq.problems import CdmqError
from cdmq.unit_tests.tests import unit_test

_RULES = """
version: 1
dataset: visits
validation:
  - {column: who, checks: [not_null]}
"""


def _models(path: str, more: str = "") -> str:
    return (
        "version: 1\ndatasets:\n"
        f"  - {{name: visits, file: data/{path}, key: row_number{more}}}\n"
        "  - {name: all, stack: {here: visits}, key: [source, row_number]}\n"
    )


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("v.csv", "who,day\na,1\n,2\n,3\nd,4\n"),
        ("v.json", '{"who": "a", "day": 1}\n{"day": 2}\n{"day": 3}\n{"who": "d"}\n'),
    ],
)
def test_a_record_is_named_by_its_place(world: World, path: str, text: str) -> None:
    world.write({"models/m.yml": _models(path), "rules/v.yml": _RULES, f"data/{path}": text})
    result = world.run()
    assert [str(p).split(": ", 1)[1].split(";")[0] for p in result.warnings] == [
        "CDMQ274 warning: the records of visits are named by their row number: a line put in "
        "above makes others of all below it, in flags, parties and history"
    ]
    assert [f[:2] for f in world.flags()] == [
        ("visits.who.not_null", "2"),
        ("visits.who.not_null", "3"),
    ]
    assert [r["row_number"] for r in world.view("visits__passed")] == [1, 4]
    assert {n: r["status"] for n, r in world.results().items() if n.endswith(".key")} == {
        "visits.key": "pass",
        "all.key": "pass",
    }
    world.run()
    assert world.flags("to_run IS NOT NULL") == []


def test_many_rows_keep_the_order_of_the_files(world: World) -> None:
    """Files are read side by side: the numbers follow their names and lines all the same."""
    world.write(
        {
            "models/m.yml": _models("v_*.csv"),
            "rules/v.yml": _RULES,
            "data/v_a.csv": "who\n" + "".join(f"a{i}\n" for i in range(30_000)),
            "data/v_b.csv": "who\n" + "".join(f"b{i}\n" for i in range(30_000)),
        }
    )
    world.run()
    wrong = world.sql(
        "SELECT count(*) FROM visits WHERE who <> CASE WHEN row_number <= 30000 "
        "THEN 'a' || (row_number - 1) ELSE 'b' || (row_number - 30001) END"
    )
    assert wrong == [(0,)]


def test_a_file_that_has_the_column_has_its_own(world: World) -> None:
    world.write(
        {
            "models/m.yml": _models("v.csv", ", columns: {row_number: integer}"),
            "rules/v.yml": _RULES,
            "data/v.csv": "row_number,who\n10,\n20,b\n",
        }
    )
    result = world.run()
    assert result.warnings == ()
    assert [f[1] for f in world.flags()] == ["10"]


def test_rows_of_a_table_have_no_place(world: World) -> None:
    world.table("raw", {"who": "text"}, [["a"]])
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: visits, table: raw, key: "
            "row_number}\n",
            "rules/v.yml": _RULES,
        }
    )
    with pytest.raises(CdmqError) as told:
        cdmq.api.compile(world.root)
    assert [str(p).split("CDMQ", 1)[1] for p in told.value.problems] == [
        "203 visits has no column 'row_number' (in key:); only the rows of a file have a place "
        "that can name them: name the columns that do here"
    ]


def test_a_unit_test_numbers_its_rows(world: World) -> None:
    world.write(
        {
            "models/m.yml": _models("v.csv"),
            "rules/v.yml": _RULES,
            "data/v.csv": "who\na\n",
            "unit_tests/v.yml": """
version: 1
unit_tests:
  - name: places
    rule: visits.who.not_null
    given: {visits: [{who: a}, {}]}
    expect: {flags: [{key: 2}]}
  - name: said
    rule: visits.who.not_null
    given: {visits: [{row_number: 7}]}
    expect: {flags: [{key: 7}]}
""",
        }
    )
    assert [(r.status, r.message) for r in unit_test(world.root).results] == [("pass", "")] * 2
