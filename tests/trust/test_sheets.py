"""Sheets of .xlsx files, made by a writer that is not ours, as datasets."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from runner import World

import cdmq.api
from cdmq.files import reading as files
from cdmq.files import sheets
from cdmq.problems import CdmqError

Lines = list[list[Any]]


@pytest.fixture
def duck(tmp_path: Path) -> World:
    world = World("duckdb", tmp_path / "w")
    (world.root / "data").mkdir()
    return world


def declare(world: World, file: str = "", more: str = ", key: id", name: str = "x.xlsx") -> None:
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: p, file: {path: data/"
            f"{name}{file}}}{more}}}\n"
        }
    )


def book(world: World, **sheets_: Lines) -> openpyxl.Workbook:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets_.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return made


def save(world: World, made: openpyxl.Workbook) -> None:
    made.save(world.root / "data/x.xlsx")


def read(world: World) -> tuple[list[str], list[list[Any]]]:
    import duckdb

    dataset = cdmq.api.parse(world.root).datasets["p"]
    found = files.reading(dataset, world.root)
    rows = [list(r) for r in duckdb.connect().execute(found.query).fetchall()]
    found.close()
    assert not any(p.exists() for p in found.temporary)
    return list(files.file_columns(dataset, world.root)), rows


ROWS: Lines = [
    ["id", "born", "amount", "note", "at", "share", "took", "ok"],
    [
        "00123",
        dt.date(2020, 1, 2),
        123.0,
        "#N/A",
        dt.datetime(2020, 1, 2, 3, 4, 5),
        0.5,
        dt.timedelta(hours=30),
        True,
    ],
    [
        45,
        dt.datetime(1950, 12, 31),
        0.1,
        'a, "b"\nc',
        dt.datetime(2020, 1, 2),
        1e20,
        dt.time(3, 4),
        False,
    ],
    [],
    ["7", "31.12.1999", "1.5", " x ", None, -3, None, None],
]


def test_cells_read_as_they_stand_there(duck: World) -> None:
    made = book(duck, Orders=[*ROWS, [None], [None] * 3])
    made["Orders"]["B2"].number_format = "dd.mm.yyyy"
    made["Orders"]["A3"].number_format = "00000"
    save(duck, made)
    declare(duck)
    names, rows = read(duck)
    assert names == ROWS[0]
    assert rows == [
        ["00123", "2020-01-02", "123", "#N/A", "2020-01-02 03:04:05", "0.5", "30:00:00", "true"],
        ["00045", "1950-12-31", "0.1", 'a, "b"\nc', "2020-01-02", "1e+20", "03:04:00", "false"],
        ["7", "31.12.1999", "1.5", " x ", None, "-3", None, None],
    ]


def test_declared_types_read_dates_and_numbers_whatever_texts_look_like(duck: World) -> None:
    made = book(
        duck,
        S=[
            ["id", "born", "amount"],
            [1, dt.date(2020, 1, 2), 1234.5],
            [2, "31.12.1999", "1.234,50"],
            [3, "soon", "much"],
        ],
    )
    save(duck, made)
    declare(
        duck,
        ', dates: DD.MM.YYYY, decimal: ","',
        ", key: id, columns: {born: date, amount: decimal}",
    )
    assert duck.run().exit_code == 1
    assert duck.sql("SELECT id, CAST(born AS text), CAST(amount AS double) FROM p ORDER BY id") == [
        ("1", "2020-01-02", 1234.5),
        ("2", "1999-12-31", 1234.5),
        ("3", None, None),
    ]
    assert [(f[0], f[3]) for f in duck.flags()] == [
        ("p.amount.readable", "much"),
        ("p.born.readable", "soon"),
    ]


def test_which_sheet(duck: World) -> None:
    made = book(duck, Notes=[["x"]], Orders=[["id"], ["1"]], Old=[["id"], ["2"]])
    made["Notes"].sheet_state = "hidden"
    save(duck, made)
    declare(duck)
    assert read(duck) == (["id"], [["1"]])
    declare(duck, ", sheet: Old")
    assert read(duck) == (["id"], [["2"]])
    declare(duck, ", sheet: Oders")
    with pytest.raises(
        CdmqError,
        match=r"CDMQ289 there is no sheet 'Oders' .*: Notes \(hidden\), "
        "Orders, Old; did you mean 'Orders'",
    ):
        read(duck)


def test_what_stands_above_beside_and_below(duck: World) -> None:
    made = book(
        duck,
        S=[
            ["A title", None, None, "as of"],
            [],
            [None, "id", " first\n name ", None],
            [None, 1, "a"],
            [None, 2, "b"],
            [None, "id", "first name"],
            [None, 3, "c", "what?"],
            [None, None, None],
            [],
        ],
    )
    made["S"].merge_cells("A1:C1")
    made["S"].cell(5_000, 30).number_format = "0.00"
    save(duck, made)
    declare(duck, ", skip: 1, bad_lines_at_most: 2")
    assert duck.run().exit_code == 1
    assert duck.sql('SELECT id, "first name" FROM p ORDER BY id') == [("1", "a"), ("2", "b")]
    assert sorted(f[3] for f in duck.flags()) == [
        "line 6 (the header stands here again): id,first name",
        "line 7 (a value stands in a column without a name): ,3,c,what?",
    ]


def test_a_formula_is_what_it_last_gave(duck: World) -> None:
    save(duck, book(duck, S=[["id", "sum"], [1, "=1+1"], [2, "=NA()"], [3, '=""'], [4, "=B2*2"]]))
    path = duck.root / "data/x.xlsx"
    with zipfile.ZipFile(path) as packed:
        parts = {n: packed.read(n) for n in packed.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    text = parts[sheet].decode().replace("<f>1+1</f><v />", "<f>1+1</f><v>2</v>")
    text = text.replace('<c r="B3"><f>NA()</f><v />', '<c r="B3" t="e"><f>NA()</f><v>#N/A</v>')
    text = text.replace('<c r="B4"><f>""</f><v />', '<c r="B4" t="str"><f>""</f><v></v>')
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, text if name == sheet else content)
    declare(duck)
    assert read(duck)[1] == [["1", "2"], ["2", "#N/A"], ["3", None], ["4", "=B2*2"]]
    declare(duck, more=", key: id, columns: {sum: decimal}")
    duck.run()  # what no program ever computed is not known, and so no empty cell
    assert ("p.sum.readable", "=B2*2") in [(f[0], f[3]) for f in duck.flags()]


def test_no_header(duck: World) -> None:
    save(duck, book(duck, S=[["1", "a"], ["2", "b"]]))
    declare(duck, ", header: no", ", key: id, columns: {id: text, name: text}")
    assert read(duck) == (["id", "name"], [["1", "a"], ["2", "b"]])


@pytest.mark.parametrize("content", [b"", b"id,name\n1,a\n", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_workbook(duck: World, content: bytes) -> None:
    (duck.root / "data/x.xlsx").write_bytes(content)
    declare(duck)
    with pytest.raises(CdmqError, match="CDMQ126 it is no workbook of .xlsx"):
        read(duck)


def test_parts_that_are_missing_or_cut(duck: World) -> None:
    save(duck, book(duck, S=[["id"], [1]]))
    path = duck.root / "data/x.xlsx"
    with zipfile.ZipFile(path) as packed:
        parts = {n: packed.read(n) for n in packed.namelist()}
    declare(duck)
    for lost in [*parts, ""]:
        with zipfile.ZipFile(path, "w") as packed:
            for name, content in parts.items():
                if name != lost:
                    packed.writestr(name, content[: len(content) // 2] if not lost else content)
        try:
            assert read(duck) == (["id"], [["1"]])
        except CdmqError as error:
            said = {p.code for p in error.problems}
            assert said <= {"CDMQ126", "CDMQ125", "CDMQ289"}  # noqa: PT017


def test_a_small_file_that_unpacks_to_much(duck: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_BYTES", 1 << 20)
    save(duck, book(duck, S=[["id"], *([["x" * 1000 + str(n)] for n in range(3000)])]))
    declare(duck)
    with pytest.raises(CdmqError, match="CDMQ126 it unpacks to .* MB, more than 1"):
        read(duck)
    monkeypatch.setattr(sheets, "MOST_BYTES", 1 << 30)
    monkeypatch.setattr(sheets, "MOST_CELLS", 100)
    with pytest.raises(CdmqError, match="CDMQ126 the sheet has more than 100 cells"):
        read(duck)


def test_a_key_that_has_no_effect(duck: World) -> None:
    duck.write({"data/p.csv": "id\n1\n"})
    declare(duck, ", sheet: S", name="p.csv")
    with pytest.raises(CdmqError, match="CDMQ290 'sheet' has no effect"):
        read(duck)


def test_a_run_on_both_engines(world: World) -> None:
    (world.root / "data").mkdir()
    save(world, book(world, S=ROWS))
    declare(world, more=", key: id, columns: {born: date, amount: decimal}")
    assert world.run().exit_code == 1
    rows = world.sql("SELECT id, CAST(born AS text) FROM p WHERE id IS NOT NULL ORDER BY id")
    assert rows == [("00123", "2020-01-02"), ("45", "1950-12-31"), ("7", None)]
    result = world.results()["p.lines"]
    assert (result["status"], result["tested"]) == ("pass", 3)
