"""init --from: a project for the user's own files, whose first run works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from delivered_files import MAKERS, german, one_column, workbook

import cdmq
from cdmq.cli import main
from cdmq.commands.init import init
from cdmq.problems import CdmqError


def says(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return int(ended.value.code or 0)


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
