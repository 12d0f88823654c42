"""init --from: a project for the user's own files, whose first run works."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path

import duckdb
import openpyxl
import pytest
import yaml

import cdmq
from cdmq.cli import main
from cdmq.commands.init import init
from cdmq.problems import CdmqError


def says(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return int(ended.value.code or 0)


def people(rows: int = 40) -> list[list[str]]:
    chance = random.Random(5)
    return [
        ["Customer No", "Name", "E-Mail", "Birthday", "Revenue", "PLZ", "Active"],
        *(
            [
                f"K{n:04}",
                chance.choice(["Jörg Maß", "Ana Núñez", "Eve"]),
                f"p{n}@example.com" if n % 9 else "n/a",
                f"{n % 28 + 1:02}.{n % 12 + 1:02}.1980",
                f"{n % 7 + 1}.{n:03},50",
                f"0{n % 900 + 100}9",
                ["yes", "no"][n % 2],
            ]
            for n in range(1, rows)
        ),
    ]


def lines(rows: list[list[str]], sign: str, end: str = "\n") -> str:
    return "".join(sign.join(r) + end for r in rows)


def german(folder: Path) -> Path:
    path = folder / "Kunden (neu).csv"
    path.write_bytes(
        ("sep=;\r\nExport vom heute\r\n" + lines(people(), ";", "\r\n")).encode("cp1252")
    )
    return path


def unicode_text(folder: Path) -> Path:
    path = folder / "book.txt"
    path.write_bytes(lines(people(), "\t", "\r\n").encode("utf-16"))
    return path


def workbook(folder: Path) -> Path:
    made = openpyxl.Workbook()
    first = made.worksheets[0]
    first.title = "Orders"
    for row in [
        ["All orders"],
        [],
        ["Order", "On", "Amount", "Customer"],
        *([n, dt.date(2024, n % 12 + 1, 3), n * 1.5, f"c{n % 9}"] for n in range(1, 60)),
    ]:
        first.append(row)
    other = made.create_sheet("Umsätze 2024")
    for row in [["a", "b", "b"], [1, 2, 3], [1, 2, 3], [2, 2, 4]]:
        other.append(row)
    made.create_sheet("Empty")
    made.create_sheet("Secret").sheet_state = "hidden"
    made.save(folder / "orders.xlsx")
    return folder / "orders.xlsx"


def without_header(folder: Path) -> Path:
    path = folder / "2024-dump.csv"
    path.write_text(
        "".join(f"{n},Anna,a{n}@example.com,2024-01-{n % 28 + 1:02},{n}.5\n" for n in range(1, 50))
    )
    return path


def odd_names(folder: Path) -> Path:
    path = folder / "yes.csv"
    path.write_text(
        'no,No,"the ""x""",,null\n'
        + "".join(f'{n},a,"b, c",d,{"" if n % 2 else "NULL"}\n' for n in range(20))
    )
    return path


def one_column(folder: Path) -> Path:
    path = folder / "ids.csv"
    path.write_text("id\n" + "".join(f"{n}\n" for n in range(30)))
    return path


def no_key(folder: Path) -> Path:
    path = folder / "clicks.csv"
    path.write_text("page,when\n" + "/a,2024-01-01 10:00:00\n/b,2024-01-01 10:00:01\n" * 20)
    return path


def wide(folder: Path) -> Path:
    path = folder / "wide.csv"
    path.write_text(
        ",".join(f"c{n}" for n in range(300))
        + "\n"
        + "".join(",".join(str(r * n % 97) for n in range(300)) + "\n" for r in range(1, 30))
    )
    return path


def only_a_header(folder: Path) -> Path:
    (folder / "none.csv").write_text("id,name,email\n")
    return folder / "none.csv"


def broken_lines(folder: Path) -> Path:
    (folder / "torn.csv").write_text(
        "id|name|age\n"
        + "".join(f"{n}|Bo|{n}\n" if n % 10 else f"{n}|Bo|x|{n}\n" for n in range(1, 90))
    )
    return folder / "torn.csv"


def american(folder: Path) -> Path:
    (folder / "us.csv").write_text(
        "id,signed up,score,zip\n"
        + "".join(f"{n},{n % 12 + 1}/{n % 28 + 1}/2020,{n % 5}.25,0{n}2134\n" for n in range(1, 60))
    )
    return folder / "us.csv"


def ndjson(folder: Path) -> Path:
    (folder / "shop.ndjson").write_text(
        "".join(
            json.dumps({"uid": f"u{n}", "mail": f"m{n}@example.com", "n": n}) + "\n"
            for n in range(30)
        )
    )
    return folder / "shop.ndjson"


def parquet(folder: Path) -> Path:
    path = folder / "facts.parquet"
    duckdb.connect().execute(
        "COPY (SELECT range AS id, range * 1.5 AS x, DATE '2024-01-01' AS d "
        f"FROM range(30)) TO '{path}' (FORMAT parquet)"
    )
    return path


def packed(folder: Path) -> Path:
    path = folder / "big.export.csv.gz"
    path.write_bytes(gzip.compress(("id;a\n" + "".join(f"{n};x\n" for n in range(30))).encode()))
    return path


MAKERS = [
    packed,
    german,
    unicode_text,
    workbook,
    without_header,
    odd_names,
    one_column,
    no_key,
    wide,
    only_a_header,
    broken_lines,
    american,
    ndjson,
    parquet,
]


@pytest.fixture(scope="module")
def of_all(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], cdmq.RunResult]:
    """The files of all makers, and the first run of the project that was made for them."""
    folder = tmp_path_factory.mktemp("of_all")
    files = [make(folder) for make in MAKERS]
    init(folder / "p", from_files=files)
    return files, cdmq.run(folder / "p")


@pytest.mark.parametrize("make", MAKERS, ids=lambda m: m.__name__)
def test_the_first_run_works(
    make: Callable[[Path], Path], of_all: tuple[list[Path], cdmq.RunResult]
) -> None:
    files, result = of_all
    path = f"data/{files[MAKERS.index(make)].name}"
    mine = {
        d.name for d in result.project.datasets.values() if d.spec.file and d.spec.file.path == path
    }
    assert mine
    assert mine.isdisjoint(result.failed)
    assert "error" not in {r.status for r in result.results if r.rule.dataset in mine}


def test_the_first_commands_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    init(tmp_path / "p", from_files=[german(tmp_path)])
    assert says(tmp_path / "p", monkeypatch, "parse") == 0
    assert says(tmp_path / "p", monkeypatch, "run", "-q") in (0, 1)


def declared(tmp_path: Path, file: Path, name: str) -> tuple[dict[str, object], str]:
    init(tmp_path / "p", from_files=[file])
    text = (tmp_path / f"p/models/{name}.yml").read_text("utf-8")
    found = yaml.load(text, yaml.BaseLoader)["datasets"][0]
    assert found["name"] == name
    return found, text


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


def test_each_sheet_is_a_dataset(tmp_path: Path) -> None:
    init(tmp_path / "p", from_files=[workbook(tmp_path)])
    assert sorted(p.name for p in (tmp_path / "p/models").iterdir()) == [
        "orders_orders.yml",
        "orders_umsatze_2024.yml",
    ]
    text = (tmp_path / "p/models/orders_orders.yml").read_text("utf-8")
    found = yaml.load(text, yaml.BaseLoader)["datasets"][0]
    assert found["file"] == {"path": "data/orders.xlsx", "sheet": "Orders", "skip": "2"}
    assert (found["key"], found["columns"]) == ("Order", {"On": "date", "Amount": "decimal"})


def test_a_file_inside_stays_where_it_is_and_two_of_one_name_are_both_copied(
    tmp_path: Path,
) -> None:
    root = tmp_path / "p"
    (root / "in").mkdir(parents=True)
    inside = one_column(root / "in")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    made = init(root, from_files=[inside, one_column(tmp_path / "a"), one_column(tmp_path / "b")])
    assert {
        "data/ids.csv",
        "data/ids_2.csv",
        "models/ids.yml",
        "models/ids_2.yml",
        "models/ids_3.yml",
    } <= set(made.files)
    assert 'path: "in/ids.csv"' in (root / "models/ids.yml").read_text()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("x.csv", b"", "CDMQ291"),
        ("x.csv", b"\n \n", "CDMQ291"),
        ("x.doc", b"x", "CDMQ292"),
        ("x.xlsx", b"no", "CDMQ126"),
        ("x.parquet", b"no", "CDMQ292"),
        ("y.csv", None, "CDMQ292"),
    ],
)
def test_what_cannot_be_looked_at_is_told_and_nothing_written(
    tmp_path: Path, name: str, content: bytes | None, code: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CdmqError, match=code):
        init(tmp_path / "p", from_files=[tmp_path / name])
    assert not (tmp_path / "p").exists()


ODD = ["ev\x1bil {{7*7}}.csv", "a{b}.csv", "x[1].csv", "s*r.csv"]


def test_files_of_odd_names_are_copied_under_plain_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ODD:
        (tmp_path / name).write_text("id,a\n1,x\n2,y\n3,z\n")
    init(tmp_path / "p", from_files=[tmp_path / name for name in ODD])
    assert len(list((tmp_path / "p/models").iterdir())) == len(ODD)
    assert says(tmp_path / "p", monkeypatch, "run", "-q") == 0


@pytest.mark.parametrize("name", ODD)
def test_a_file_of_an_odd_name_cannot_stay_where_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("id,a\n1,x\n")
    with pytest.raises(CdmqError, match="CDMQ292 .* in its name .*rename it"):
        init(tmp_path, from_files=[tmp_path / name])


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one_column(tmp_path)
    assert says(tmp_path, monkeypatch, "init", "mine", "--from", "ids.csv") == 0
    assert "mine: 6 files in mine" in capsys.readouterr().out
    assert says(tmp_path, monkeypatch, "init", "mine", "--from", "ids.csv") != 0
    assert "CDMQ540" in capsys.readouterr().err
