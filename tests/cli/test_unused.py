"""cdmq ls --unused: columns that no rule reads, with how often they are filled; never a value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from people_project import FILES as PEOPLE
from runner import World
from small_project import Small

import cdmq.cli
from cdmq.commands.unused import unused_columns
from cdmq.runs.projects import Way

FILES = {
    "models/m.yml": """
version: 1
datasets:
  - name: crm
    table: crm_rows
    key: id
    changed_at: changed
    missing_values: ["-"]
    pii: {fax: mask, id: plain}
  - name: shop
    file: data/shop.csv
    key: No
    columns: {vat: integer, visits: integer}
  - name: people
    stack: {crm: crm, shop: shop}
    rename: {shop: {No: id, Post: mail}}
    key: [source, id]
  - {name: report, key: id}
""",
    "models/report.sql": "select id, upper(zip) as area from {{ ref('crm') }}",
    "data/shop.csv": "No,Post,vat,visits,Hint\n1,a@x.de,1,3,\n2,b@x.de,,4,call\n",
    "rules/people.yml": "version: 1\ndataset: people\nvalidation:\n"
    "  - {column: MAIL, checks: [not_null]}\n",
    "rules/shop.yml": "version: 1\ndataset: shop\nvalidation:\n"
    '  - {id: often, check: expression, must: "visits < 9"}\n',
}
TYPES = {
    "id": "integer",
    "mail": "text",
    "zip": "text",
    "changed": "date",
    "fax": "text",
    "Note": "text",
}
ROWS = [
    [1, "a@x.de", "1", None, "0123456", None],
    [2, "b@x.de", "2", None, "-", "n"],
    [3, None, "3", None, None, "n"],
]


@pytest.fixture
def ready(world: World) -> World:
    world.table("crm_rows", TYPES, ROWS)
    world.write(FILES)
    world.run()
    return world


def said(world: World, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        cdmq.cli.main(["ls", "--unused", "--project-dir", str(world.root), *words])
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, err


def test_what_no_rule_reads(ready: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Not the key, nor when a record was changed; not what a stack, a model or golden records hand
    on to where a rule reads it. That a file's column is of its type asks nobody."""
    told = """\
crm.fax    filled in 1 of 3 rows (33.33%)
crm.Note   filled in 2 of 3 rows (66.67%)
shop.vat   filled in 1 of 2 rows (50.00%)
shop.Hint  filled in 1 of 2 rows (50.00%)
"""
    assert said(ready, capsys) == (0, told, "")
    shop = "".join(told.splitlines(keepends=True)[2:])
    assert said(ready, capsys, "-s", "shop") == (0, shop, "")
    assert said(ready, capsys, "-s", "rule:often") == (0, shop, "")
    crm = [line.split() for line in said(ready, capsys, "--exclude", "people shop")[1].splitlines()]
    assert crm == [line.split() for line in told.splitlines()[:2]]


def test_for_a_program(ready: World, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(ready, capsys, "--output", "json")
    assert (code, err) == (0, "")
    first, *_, last = [json.loads(line) for line in out.splitlines()]
    line = {"original_file_path": "models/m.yml", "resource_type": "column"}
    assert first == {
        **line,
        "name": "crm.fax",
        "dataset": "crm",
        "column": "fax",
        "type": "text",
        "rows": 3,
        "filled": 1,
        "line": 4,
    }
    assert last["name"] == "shop.Hint"
    assert "0123456" not in out
    assert said(ready, capsys, "--output", "path")[1] == "models/m.yml:4\n" * 2 + (
        "models/m.yml:10\n" * 2
    )


def test_a_rule_more_is_a_column_less(ready: World, capsys: pytest.CaptureFixture[str]) -> None:
    more = FILES["rules/shop.yml"].replace("often", "more")
    ready.write({"rules/more.yml": more.replace("visits < 9", "vat < 9 and Hint <> ''")})
    assert said(ready, capsys)[1].splitlines() == [
        "crm.fax   filled in 1 of 3 rows (33.33%)",
        "crm.Note  filled in 2 of 3 rows (66.67%)",
    ]
    ready.write({"models/report.sql": "select *, fax as other from {{ ref('crm') }}"})
    assert [line.split()[0] for line in said(ready, capsys)[1].splitlines()] == [
        "crm.zip",
        "crm.Note",
    ]
    ready.write(
        {
            "rules/all.yml": "version: 1\ndataset: report\nvalidation:\n"
            "  - {column: Note, checks: [not_null]}\n  - {column: ZIP, checks: [not_null]}\n"
        }
    )
    assert said(ready, capsys) == (0, "a rule reads every column\n", "")
    assert said(ready, capsys, "--output", "json") == (0, "", "")


def test_what_was_never_run_is_not_counted(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.table("crm_rows", TYPES, ROWS)
    world.write(FILES)
    code, out, err = said(world, capsys)
    assert (code, out) == (2, "")
    assert "CDMQ430" in err
    assert "shop is not in the warehouse; make it first: cdmq run" in err
    code, _, err = said(world, capsys, "--resource-type", "rule")
    assert code == 2
    assert "--unused lists columns: leave --resource-type out" in err


def test_golden_records_hand_on_what_they_join(tmp_path: Path) -> None:
    project = Small(tmp_path, cast(Any, None))
    project.write(PEOPLE)
    project.swap("rules/people.yml", ("    same_if: [[last, city]]", "    same_if: [[last]]"))
    project.run()
    names = [u.name for u in unused_columns(Way(project.root))]
    assert names == ["crm.city", "shop.city"]
    project.swap("rules/persons.yml", ("  - column: vat", "  - column: city"))
    assert unused_columns(Way(project.root)) == ()
