"""What cdmq did not write in its target folder is neither replaced nor removed, nor waited for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cdmq.api
from cdmq.cli import main
from cdmq.commands.clean import clean
from cdmq.problems import CdmqError

FILES = {
    "cdmq_project.yml": "name: w\nprofile: w\n",
    "profiles.yml": "w: {target: it, outputs: {it: {type: duckdb, path: w.duckdb}}}\n",
    "data/c.csv": "id,email\n1,a@x.de\n2,\n",
    "models/m.yml": "version: 1\ndatasets: [{name: c, file: data/c.csv, key: id}]\n",
    "rules/r.yml": "version: 1\ndataset: c\nvalidation: [{column: email, checks: [not_null]}]\n",
}
DBT = json.dumps(
    {
        "metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"},
        "nodes": {},
    }
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "target/compiled/shop").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def told(project: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[str], Any]]:
    """Runs a command: its exit code, and what it says. One that waits without end is cut off."""

    def command(word: str) -> tuple[int, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([word, "--project-dir", str(project)])
        return int(end.value.code or 0), capsys.readouterr().err

    def hangs(*_: object) -> None:
        pytest.fail("it waits without end")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(60)
    yield command
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("name", ["manifest.json", "run_results.json", "catalog.json"])
def test_a_file_of_another_tool(project: Path, told: Callable[[str], Any], name: str) -> None:
    file = project / "target" / name
    file.write_text(DBT, "utf-8")
    for command in (cdmq.api.compile, cdmq.api.run, cdmq.api.test):
        with pytest.raises(CdmqError, match=rf"target/{name}: CDMQ508 .* replace it"):
            command(project)
    assert told("parse")[0] == 2
    (project / "rules/r.yml").write_text("version: 1\n", "utf-8")
    assert told("run")[0] == 2  # also where it could not begin
    assert file not in clean(project, None)
    assert file.read_text("utf-8") == DBT


def test_the_remedy(project: Path) -> None:
    (project / "target/manifest.json").write_text(DBT, "utf-8")
    (project / "cdmq_project.yml").write_text(
        "name: w\nprofile: w\ntarget-path: target/cdmq\n", "utf-8"
    )
    assert cdmq.api.run(project).exit_code == 1
    cdmq.api.compile(project)
    assert cdmq.api.run(project).exit_code == 1
    removed = {p.relative_to(project / "target/cdmq").as_posix() for p in clean(project, None)}
    assert removed == {"manifest.json", "run_results.json", "catalog.json", "compiled/c.sql"}
    assert [p.name for p in (project / "target").iterdir() if p.is_file()] == ["manifest.json"]


def test_sql_of_the_users(project: Path) -> None:
    own, sub = project / "target/compiled/own.sql", project / "target/compiled/shop/x.sql"
    for file in (own, sub):
        file.write_text("select 1", "utf-8")
    cdmq.api.compile(project)
    (project / "models/m.yml").write_text(FILES["models/m.yml"].replace("name: c", "name: d"))
    (project / "rules/r.yml").write_text(FILES["rules/r.yml"].replace("dataset: c", "dataset: d"))
    cdmq.api.compile(project)
    left = {p.name for p in (project / "target/compiled").glob("*.sql")}
    assert left == {"d.sql", "own.sql"}
    clean(project, None)
    assert own.read_text("utf-8") == sub.read_text("utf-8") == "select 1"
    (project / "target/compiled/d.sql").write_text("select 2", "utf-8")
    with pytest.raises(CdmqError, match="target/compiled/d.sql: CDMQ508"):
        cdmq.api.compile(project)
    assert (project / "target/compiled/d.sql").read_text("utf-8") == "select 2"


def test_what_a_link_leads_to(project: Path) -> None:
    kept = project / "kept.json"
    kept.write_text("precious", "utf-8")
    (project / "target/run_results.json").symlink_to(kept)
    (project / "target/manifest.json").symlink_to("nowhere.json")
    with pytest.raises(CdmqError) as error:
        cdmq.api.run(project)
    assert [p.code for p in error.value.problems] == ["CDMQ508"] * 2
    clean(project, None)
    assert kept.read_text("utf-8") == "precious"
    assert (project / "target/run_results.json").is_symlink()


@pytest.mark.parametrize("name", ["manifest", "run_results", "catalog", "parse_cache"])
def test_a_pipe_is_not_waited_for(project: Path, told: Callable[[str], Any], name: str) -> None:
    os.mkfifo(project / f"target/{name}.json")
    for command in ("parse", "run"):
        code, said = told(command)
        assert (code, f"target/{name}.json: CDMQ508" in said) == (2, True), said
    assert told("clean")[0] == told("ls")[0] == 0


@pytest.mark.parametrize("command", ["run", "debug"])
def test_a_pipe_as_database(project: Path, command: str) -> None:
    """In a process of its own: DuckDB would wait where no signal is heeded."""
    os.mkfifo(project / "w.duckdb")
    done = subprocess.run(
        [sys.executable, "-m", "cdmq", command, "--project-dir", str(project)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "CDMQ403 the warehouse cannot be reached" in done.stdout + done.stderr
    assert "w.duckdb is no file" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("parse_cache", ""),
        ("catalog", '{"datasets": '),
        ("manifest", '{"metadata": {"cdmq_schema_version": '),
    ],
)
def test_a_file_nested_without_end(
    project: Path, told: Callable[[str], Any], name: str, begins: str
) -> None:
    (project / f"target/{name}.json").write_text(begins + "[" * 100_000, "utf-8")
    assert [told(command)[0] for command in ("parse", "ls", "run")] == [0, 0, 1]
