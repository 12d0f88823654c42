"""Names that a disk takes and a project cannot; and what looks as if it were read, and is not."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

import cdmq.api
from cdmq.cli import main
from cdmq.problems import CdmqError

RULES = "version: 1\ndataset: c\nvalidation: [{column: email, checks: [not_null]}]\n"
FILES = {
    "cdmq_project.yml": "name: w\nprofile: w\n",
    "profiles.yml": "w: {target: it, outputs: {it: {type: duckdb, path: w.duckdb}}}\n",
    "data/c.csv": "id,email\n1,a@x.de\n2,\n",
    "models/m.yml": "version: 1\ndatasets: [{name: c, file: data/c.csv, key: id}]\n",
    "rules/r.yml": RULES,
    "seeds/s.csv": "code\nDE\n",
    "macros/m.sql": "",
}
BYTES = os.fsdecode(b"\xff")
SHOWN = "\N{REPLACEMENT CHARACTER}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return made(tmp_path / "project")


def made(root: Path) -> Path:
    for name, text in FILES.items():
        file = root / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(text, "utf-8")
    (root.parent / "out").mkdir()
    return root


def told(root: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as end:
        main([*(words or ("parse",)), "--project-dir", str(root)])
    return int(str(end.value.code)), capsys.readouterr().err


NAMES = [
    "models/..sql",
    "models/" + "x" * 210 + ".sql",
    "models/a\nb.sql",
    "seeds/a\nb.csv",
    "seeds/..csv",
    *(
        f"{folder}/{BYTES}.{ending}"
        for folder, ending in (
            ("models", "sql"),
            ("models", "yml"),
            ("seeds", "csv"),
            ("rules", "yml"),
            ("macros", "sql"),
            (f"rules/{BYTES}", "yml"),
            ("rules", "yml.txt"),
        )
    ),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_cannot_be_used(
    project: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = project / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("code\nDE\n" if name.endswith("csv") else "select 1 as id", "utf-8")
    code, said = told(project, capsys)
    place = name.replace(BYTES, SHOWN).replace("\n", SHOWN)
    assert (code, said.splitlines()[0].split(": ")[0]) == (2, place)
    assert "CDMQ127" in said if name.endswith("txt") else "CDMQ133" in said
    assert "rename" in said or "give it a name" in said
    assert told(project, capsys, "run", "--log-format", "json") == (2, "")
    file.unlink()
    assert told(project, capsys)[0] == 0


def test_a_name_that_cannot_be_used_in_a_commit(project: Path) -> None:
    """Who wrote a rule is found behind a commit whose files have odd names."""
    import subprocess

    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=Ann", "-c", "user.email=a@x", "-C", str(project), *words],
            check=True,
            capture_output=True,
        )

    git("init")
    for name in ("models/..sql", f"models/{BYTES}.sql", f"rules/{BYTES}.yml"):
        (project / name).write_text("select 1 as id", "utf-8")
    git("add", ".")
    git("commit", "-m", "one")
    git("rm", "-q", "-f", "models/..sql", f"models/{BYTES}.sql", f"rules/{BYTES}.yml")
    (project / "rules/r.yml").write_text(RULES.replace("not_null", "not_blank"), "utf-8")
    git("commit", "-a", "-m", "two")
    assert cdmq.api.run(project).exit_code == 1


def test_a_file_of_a_dataset(project: Path) -> None:
    shutil.copy(project / "data/c.csv", project / f"data/{BYTES}.csv")
    (project / "models/m.yml").write_text(FILES["models/m.yml"].replace("c.csv", "*.csv"), "utf-8")
    with pytest.raises(CdmqError, match=f"data/{SHOWN}.csv: CDMQ133 .* dataset c is not utf-8"):
        cdmq.api.compile(project)


@pytest.mark.parametrize("command", ["parse", "run", "debug", "clean"])
def test_the_folder_of_the_project(
    tmp_path: Path,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(made(tmp_path / BYTES / "project"))
    with pytest.raises(SystemExit) as end:
        main([command])
    shown = capsys.readouterr()
    assert (end.value.code, "CDMQ133" in shown.err + shown.out) == (2, True)


def test_a_project_from_a_sheet_of_an_odd_name(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["no", "name"], [1, "Ann"], [2, "Bo"]):
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")
    (tmp_path / "x.xlsx").rename(tmp_path / "a\nb.xlsx")
    with pytest.raises(SystemExit) as end:
        main(["init", str(tmp_path / "new"), "--name", "w", "--from", str(tmp_path / "a\nb.xlsx")])
    assert end.value.code == 0
    assert not cdmq.api.run(tmp_path / "new").failed


def linked(place: str, to: str) -> Callable[[Path], None]:
    return lambda root: (root / place).symlink_to(to)


def piped(place: str) -> Callable[[Path], None]:
    return lambda root: os.mkfifo(root / place)


def listens(root: Path) -> None:
    with socket.socket(socket.AF_UNIX) as end:
        at = os.getcwd()
        os.chdir(root / "rules")  # the name of a socket is short
        end.bind("s.yml")
        os.chdir(at)


def deep(root: Path) -> None:
    """A folder that cannot be opened by its path."""
    at = os.open(root / "rules", os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=at)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(at)


def gone(root: Path) -> None:
    """The folder itself, which is a link to what is no longer there."""
    (root / "rules").rename(root / "kept")
    (root / "rules").symlink_to("not_mounted")


ODD: dict[str, tuple[Callable[[Path], None], str]] = {
    "a folder outside": (linked("rules/sub", "../../out"), "rules/sub: CDMQ124"),
    "a folder inside": (linked("rules/sub", "../data"), "rules/sub: CDMQ127"),
    "a folder around it": (linked("models/loop", "../models"), "models/loop: CDMQ127"),
    "nothing outside": (linked("rules/x.yml", "/nowhere/x.yml"), "rules/x.yml: CDMQ124"),
    "nothing inside": (linked("rules/x.yml", "y.yml"), "rules/x.yml: CDMQ121"),
    "a folder that is gone": (linked("rules/more", "../more"), "rules/more: CDMQ121"),
    "itself": (linked("rules/x.yml", "x.yml"), "rules/x.yml: CDMQ121"),
    "rules": (gone, "rules: CDMQ121"),
    "a rule": (piped("rules/f.yml"), "rules/f.yml: CDMQ121"),
    "a model": (piped("models/f.sql"), "models/f.sql: CDMQ121"),
    "a seed": (piped("seeds/f.csv"), "seeds/f.csv: CDMQ121"),
    "a macro": (piped("macros/f.sql"), "macros/f.sql: CDMQ121"),
    "a socket": (listens, "rules/s.yml: CDMQ121"),
    "too deep": (deep, "rules/" + "d" * 250),
}


@pytest.mark.parametrize("case", ODD)
def test_what_looks_as_if_it_were_read(
    project: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A first parse is kept; what comes later is told all the same."""
    assert told(project, capsys)[0] == 0
    make, place = ODD[case]
    make(project)
    for command in ("parse", "run"):
        code, said = told(project, capsys, command)
        assert code == 2, said
        assert said.startswith(place)
        assert len(said.splitlines()) == 1


def test_a_link_is_followed_where_it_is_named(project: Path) -> None:
    """What the message offers works, also where the folder is allowed by who runs cdmq."""
    (project / "rules/sub").symlink_to("../kept")
    (project / "kept").mkdir()
    (project / "kept/more.yml").write_text(RULES.replace("not_null", "not_blank"), "utf-8")
    (project / "cdmq_project.yml").write_text(
        "name: w\nprofile: w\nrule-paths: [rules, rules/sub]\n", "utf-8"
    )
    assert {"c.email.not_null", "c.email.not_blank"} <= set(cdmq.api.parse(project).rules)


def test_what_an_editor_leaves_is_none_of_it(project: Path) -> None:
    (project / "rules/.#r.yml").symlink_to("ann@host.4711:1")
    assert cdmq.api.parse(project).rules


@pytest.mark.parametrize("path", ["d.csv", "*.csv"])
def test_a_delivery_that_is_no_file(project: Path, path: str) -> None:
    """A part of it that is gone is no part of less."""
    (project / "models/m.yml").write_text(FILES["models/m.yml"].replace("c.csv", path), "utf-8")
    for make, cause in (
        (linked("data/d.csv", "e.csv"), "a link to nothing"),
        (piped("data/d.csv"), "a pipe"),
    ):
        make(project)
        with pytest.raises(CdmqError, match=f"CDMQ121 'data/d.csv' of dataset c is {cause}"):
            cdmq.api.compile(project)
        (project / "data/d.csv").unlink()
    (project / "data/d.csv").symlink_to("/nowhere/d.csv")
    with pytest.raises(CdmqError, match="CDMQ124"):
        cdmq.api.compile(project)


def test_the_log_is_text(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / f"rules/{BYTES}.yml").write_text("x", "utf-8")
    with pytest.raises(SystemExit):
        main(["run", "--project-dir", str(project), "--log-format", "json"])
    problem = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (problem["code"], problem["file"]) == ("CDMQ133", f"rules/{SHOWN}.yml")
