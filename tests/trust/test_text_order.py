"""Figures in a text column: judged as the numbers they are by declaration, or refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from runner import World

import cdmq.api
from cdmq.kinds.golden.records import golden_problems
from cdmq.problems import CdmqError
from cdmq.sql.expressions import SqlProblem, bind, parse
from cdmq.sql.text_order import looks_like

sys.path.append(str(Path(__file__).parents[1] / "golden"))
from golden_engines import make_dataset, make_rule  # noqa: E402

CSV = "id,age,pct\n1,200,50\n2,30,7\n3,5,1000\n4,100,100\n"
MODEL = """version: 1
datasets:
  - {name: c, file: data/c.csv, key: id, missing_values: [""]%s}
"""
RULES = """version: 1
dataset: c
validation:
  - {id: age_ok, column: age, check: accepted_range, min: 18, max: 99}
  - {id: pct, column: pct, check: accepted_range, min: 0, max: 100}
"""


def test_a_range_is_refused_until_the_column_is_declared(world: World) -> None:
    world.write({"data/c.csv": CSV, "models/m.yml": MODEL % "", "rules/r.yml": RULES})
    with pytest.raises(CdmqError) as told:
        cdmq.api.compile(world.root)
    assert [p.code for p in told.value.problems] == ["CDMQ245", "CDMQ245"]
    remedy = told.value.problems[0].remedy
    assert remedy == "add to the dataset (models/m.yml:3:12): columns: {age: integer}"
    world.write({"models/m.yml": MODEL % ", columns: {age: integer, pct: integer}"})
    world.run()
    assert [(f[0], f[1]) for f in world.flags()] == [
        ("age_ok", "1"),
        ("age_ok", "3"),
        ("age_ok", "4"),
        ("pct", "3"),
    ]


def test_the_remedy_for_a_table_works(world: World) -> None:
    world.table("t", {"id": "integer", "age": "text"}, [[1, "200"], [2, "30"], [3, "5"]])
    model = "version: 1\ndatasets: [{name: c, table: t, key: id}]\n"
    rule = "version: 1\ndataset: c\nvalidation: [{id: age_ok, %s}]\n"
    world.write(
        {
            "models/m.yml": model,
            "rules/r.yml": rule % "column: age, check: accepted_range, min: 18, max: 99",
        }
    )
    with pytest.raises(CdmqError) as told:
        cdmq.api.compile(world.root)
    must = told.value.problems[0].remedy.partition("must: ")[2]
    world.write({"rules/r.yml": rule % f'check: expression, must: "{must}"'})
    world.run()
    assert [f[1] for f in world.flags()] == ["1", "3"]


@pytest.mark.parametrize(
    "sql",
    [
        "t > '18'",
        "t >= '1.5'",
        "'18' < t",
        "t between '0' and '100'",
        "t between 'a' and '9'",
        "t < '2024-01-01'",
        "t < '31.12.2024'",
        "t > '12:30'",
        "t <= '$5,000.00'",
        "t > '3 Mar 2024'",
        "trim(t) > '18'",
        "t < u",
        "not (t >= u)",
        "t between u and 'z' and n = 1",
        "greatest(t, u) = t",
        "least(t, '5') = '5'",
        "case when t > '18' then true else false end",
        "raw(t) > '5'",
    ],
)
def test_figures_are_not_compared_as_text(sql: str) -> None:
    with pytest.raises(SqlProblem) as told:
        bind(parse(sql), {"t": "text", "u": "text", "n": "integer"})
    assert told.value.code == "CDMQ316"


@pytest.mark.parametrize(
    "sql",
    [
        "t > 'M'",
        "t between 'A' and 'Mz'",
        "t > ''",
        "t = '18'",
        "t in ('1', '2')",
        "t <> u",
        "t::text < u",
        "t::text between '01000' and '09999'",
        "lower(t) < lower(u)",
        "t::integer > 18",
        "d < '2024-01-01'",
        "d < e",
        "greatest(n, 5) = n",
        "t like '1%'",
    ],
)
def test_words_and_declared_figures_are(sql: str) -> None:
    columns = {"t": "text", "u": "text", "n": "integer", "d": "date", "e": "date"}
    assert bind(parse(sql), columns).type == "boolean"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("18", "number"),
        ("-3", "number"),
        ("1.234,50", "number"),
        ("$5000.00", "number"),
        ("50 €", "number"),
        ("100%", "number"),
        ("0.5", "number"),
        ("1e5", "number"),
        ("2024-01-01", "date"),
        ("01.02.2024", "date"),
        ("2024-01-01T10:00:00Z", "date"),
        ("January 3, 2024", "date"),
        ("12:30", "time"),
        ("M", None),
        ("", None),
        ("3a", None),
        ("2024-Q1", None),
        ("May", None),
        ("n/a", None),
    ],
)
def test_what_looks_like_a_figure(text: str, kind: str | None) -> None:
    assert looks_like(text) == kind


COLUMNS: Any = {"source": "text", "id": "text", "fee": "text", "paid": "decimal", "day": "date"}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"pick": "newest", "columns": {"fee": "largest"}},
            "largest needs a number or a date, and "
            "fee is text, which goes by its letters: '100' comes before '18' (rule g); declare it in "
            "columns: of d, or take another word",
        ),
        (
            {"pick": ["newest", "smallest"]},
            "smallest needs a number or a date, and fee is text, which "
            "goes by its letters: '100' comes before '18' (rule g); say smallest in columns: of those "
            "that are numbers or dates",
        ),
        (
            {"pick": "largest", "together": {"g": ["fee", "paid"]}},
            "largest needs a number or a date, "
            "and fee is text, which goes by its letters: '100' comes before '18' (rule g); say largest "
            "in columns: of those that are numbers or dates",
        ),
    ],
)
def test_largest_of_text_is_refused(fields: dict[str, Any], told: str) -> None:
    dataset = make_dataset(stack={"crm": "c", "shop": "s"}, key=["source", "id"], changed_at="day")
    found = golden_problems(make_rule(**fields), dataset, COLUMNS)
    assert [str(p) for p in found] == [f"rules/d.yml:4:5: CDMQ245 {told}"]


def test_largest_of_numbers_and_dates_is_not() -> None:
    dataset = make_dataset(table="d", key=["id"])
    rule = make_rule(pick="longest", columns={"paid": "largest", "day": "smallest"})
    assert golden_problems(rule, dataset, COLUMNS) == []
