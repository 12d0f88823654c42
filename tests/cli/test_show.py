"""show: masked, at each stage, wide rows."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from small_project import Small, small

from cdmq.reports.lists import table_lines
from cdmq.results import Table


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    return small(tmp_path, capsys)


def test_show_masks(project: Small) -> None:
    project.run()
    told = project.told("show", "customers", "--limit", "2")
    assert told.code == 0
    assert told.out.splitlines() == [
        "id  email  status  credit  born        notes",
        "--  -----  ------  ------  ----------  -----",
        "1   a***   active  100     1990-01-01  NULL",
        "2   NULL   activ   2000    1990-01-01  c***",
        "",
        "first 2 of 3 rows of main.customers__clean (--limit N shows more); "
        "2 columns masked (--unmask shows them)",
    ]
    assert "anna@" not in told.out
    assert "calls often" not in told.out
    open_ = project.told("show", "customers", "--unmask", "--output", "json").out
    assert json.loads(open_.splitlines()[0])["email"] == "anna@example.com"


@pytest.mark.parametrize(
    ("stage", "keys"),
    [
        ("raw", ["1", "2", "3"]),
        ("clean", ["1", "2", "3"]),
        ("defaulted", ["1", "2", "3"]),
        ("flagged", ["2", "3"]),
        ("passed", ["1"]),
    ],
)
def test_show_stages(project: Small, stage: str, keys: list[str]) -> None:
    project.run()
    out = project.told("show", "customers", "--stage", stage, "--output", "json").out
    assert [json.loads(line)["id"] for line in out.splitlines()] == keys


def test_show_wide_rows_a_line_a_cell(project: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    project.run()
    out = project.told("show", "customers", "--limit", "1").out
    assert out.startswith("-- row 1\nid      1\nemail   a***\n")


def test_show_wide_rows_whole_and_numbers_without_idle_zeros(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    words = "customers.email.email, customers.postcode.regex, one_more"
    table = Table(
        "t",
        ("fee", "price", "large", "rules"),
        ((Decimal("49.900000000"), Decimal("49.90"), Decimal("1E+3"), words),),
        (),
    )
    assert list(table_lines(table, "table"))[:5] == [
        "-- row 1",
        "fee    49.9",
        "price  49.90",
        "large  1E+3",
        f"rules  {words}",
    ]
