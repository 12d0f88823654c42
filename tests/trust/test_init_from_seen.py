"""init --from: what is seen in a file stands in the project that is made for it."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
import yaml
from delivered_files import (
    american,
    broken_lines,
    declared,
    german,
    no_key,
    odd_names,
    unicode_text,
    without_header,
)

from cdmq.commands.init import init


def test_what_is_seen_in_a_german_file(tmp_path: Path) -> None:
    found, text = declared(tmp_path, german(tmp_path), "kunden_neu")
    assert found == {
        "name": "kunden_neu",
        "key": "Customer No",
        "missing_values": ["n/a"],
        "file": {
            "path": "data/Kunden (neu).csv",
            "encoding": "cp1252",
            "skip": "1",
            "decimal": ",",
            "dates": "DD.MM.YYYY",
        },
        "columns": {"Birthday": "date", "Revenue": "decimal", "Active": "boolean"},
    }
    for reason in (
        "it is not utf-8",
        "1 line above the header",
        "none twice",
        "1.234,50",
        "no other form",
        f"A copy of {tmp_path}",
    ):
        assert reason in text
    rules = yaml.load((tmp_path / "p/rules/kunden_neu.yml").read_text("utf-8"), yaml.BaseLoader)
    assert [(r["column"], r["checks"]) for r in rules["validation"]] == [
        ("E-Mail", ["email"])
    ]  # keys, lines and declared types are judged of themselves


def test_what_is_seen_in_other_files(tmp_path: Path) -> None:
    for n, (make, name, file, key, columns) in enumerate(
        [
            (
                without_header,
                "file_2024_dump",
                {"header": "no"},
                "column_1",
                {
                    "column_1": "text",
                    "column_2": "text",
                    "column_3": "text",
                    "column_4": "date",
                    "column_5": "decimal",
                },
            ),
            (
                american,
                "us",
                {"dates": "MM/DD/YYYY"},
                "id",
                {"signed up": "date", "score": "decimal"},
            ),
            (
                broken_lines,
                "torn",
                {"delimiter": "|", "bad_lines_at_most": "14%"},
                "id",
                {"age": "integer"},
            ),
            (no_key, "clicks", {}, "row_number", {"when": "timestamp"}),
            (
                unicode_text,
                "book",
                {"delimiter": "\t", "decimal": ",", "dates": "DD.MM.YYYY"},
                "Customer No",
                {"Birthday": "date", "Revenue": "decimal", "Active": "boolean"},
            ),
            (
                odd_names,
                "yes",
                {"header": "no", "skip": "1"},
                "no",
                dict.fromkeys(["no", "No_2", 'the "x"', "column_4", "null"], "text"),
            ),
        ]
    ):
        folder = tmp_path / str(n)
        folder.mkdir()
        found, _ = declared(folder, make(folder), name)
        path = found["file"].pop("path")
        assert (found["file"], found.get("key"), found.get("columns")) == (file, key, columns)
        assert path.startswith("data/")


@pytest.mark.parametrize(
    ("values", "types", "said"),
    [
        (["1,101", "1,102", "2,103"], {}, "v (1,101)"),
        (["1.101", "1.102", "2.103"], {}, "v (1.101)"),
        (["1.101", "1.102", "12,5"], {"decimal": ","}, ""),
        (["1.101", "1.1", "2.103"], {}, ""),
        (["2026-04-02T09:01:00Z", "2026-04-02T09:01:00+02:00", "2026-04-03 9:01"], {}, ""),
        (["02.04.2026 09:01", "28.4.2026 9:05", "28.4.2026"], {"dates": "DD.MM.YYYY"}, ""),
    ],
)
def test_figures_that_may_be_two_are_asked_about_and_times_are_seen(
    tmp_path: Path, values: list[str], types: dict[str, str], said: str
) -> None:
    (tmp_path / "f.csv").write_text("id;v\n" + "".join(f"k{n};{v}\n" for n, v in enumerate(values)))
    found, text = declared(tmp_path, tmp_path / "f.csv", "f")
    kind = "timestamp" if ":" in values[0] else "decimal"
    assert found.get("columns") == (None if said else {"v": kind})
    assert ("may be thousands or have three decimals" in text) == bool(said)
    assert said in text
    assert {k: v for k, v in found["file"].items() if k in ("decimal", "dates")} == types


def test_merged_cells_and_a_file_without_records_are_told(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    for row in [
        ["A title"],
        ["area", "no", "sum"],
        ["North", 1, 2.5],
        [None, 2, "=C3*2"],
        ["South", 3, 1.5],
        [None, None, None],
        ["West", 4, 1.5],
    ]:
        made.active.append(row)
    made.active.merge_cells("A1:C1")
    made.active.merge_cells("A3:A4")
    made.save(tmp_path / "f.xlsx")
    found, text = declared(tmp_path, tmp_path / "f.xlsx", "f")
    assert "of merged cells only the first holds the value, the others are empty: area\n" in text
    assert (found["key"], found["columns"]) == ("no", {"sum": "decimal"})
    (tmp_path / "none.csv").write_text("a,b\n")
    init(tmp_path / "q", from_files=[tmp_path / "none.csv"])
    text = (tmp_path / "q/models/none.yml").read_text("utf-8")
    assert "no record yet" in text
    assert "stand twice" not in text
