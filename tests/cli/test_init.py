"""cdmq init: a project that runs at once, and never a file written over."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import cdmq
from cdmq.cli import main
from cdmq.commands import init as module
from cdmq.commands.init import init
from cdmq.problems import CdmqError
from cdmq.unit_tests.tests import unit_test

ROOT = Path(__file__).parents[2]


def command(*words: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(["init", *words])
    return int(end.value.code or 0)


def test_a_project_made_from_the_reference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "our data"
    assert command(str(folder)) == 0
    out = capsys.readouterr().out
    assert out.startswith("our_data: ")
    assert "Next:" in out
    assert "cdmq run" in out
    assert f"    cd '{folder}'\n" in out
    project = cdmq.parse(folder)
    assert project.config.name == "our_data"
    reference = cdmq.parse(ROOT)
    assert set(project.rules) == set(reference.rules)
    assert {s.name: s.digest for s in project.seeds.values()} == {
        s.name: s.digest for s in reference.seeds.values()
    }
    for part in ("models", "rules"):
        for path in (ROOT / part).rglob("*"):
            if path.is_file():
                assert (folder / path.relative_to(ROOT)).read_bytes() == path.read_bytes()
    assert "reference" not in (folder / "cdmq_project.yml").read_text()
    assert "target/our_data.duckdb" in (folder / "profiles.yml").read_text()
    assert (folder / ".gitignore").read_text() == "target/\n"
    assert "# our_data" in (folder / "README.md").read_text()


def test_its_unit_tests_pass(tmp_path: Path) -> None:
    root = init(tmp_path / "p").root
    assert unit_test(root, select="tag:identity").exit_code == 0


def test_the_minimal_project_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "tiny"
    assert command(str(folder), "--minimal", "--name", "firm") == 0
    files = [p for p in folder.rglob("*") if p.is_file()]
    assert len([p for p in files if p.suffix == ".csv"]) == 1
    for path in files:
        if path.suffix in (".yml", ".csv"):
            assert len(path.read_text().splitlines()) <= 5, path
    result = cdmq.run(folder)
    assert (result.exit_code, [r.rule.id for r in result.results]) == (
        1,
        ["customers.delivered", "customers.email.email", "customers.key", "customers.lines"],
    )
    assert result.project.config.name == "firm"


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "customers.yml").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    assert command(str(tmp_path), "--name", "p") == 2
    assert "CDMQ540 the file is there already" in capsys.readouterr().err
    assert command(str(tmp_path), "--name", "p", "--minimal") == 2
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "models" / "customers.yml").read_text() == "mine"


def test_a_fresh_repository_keeps_its_own_files(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / ".gitignore").write_text("*.tmp\n")
    made = init(tmp_path, name="p", minimal=True)
    assert (tmp_path / "README.md").read_text() == "mine"
    assert (tmp_path / ".gitignore").read_text() == "*.tmp\n"
    assert "README.md" not in made.files


def test_names(tmp_path: Path) -> None:
    with pytest.raises(CdmqError, match="CDMQ541 'my project' is no name for a project"):
        init(tmp_path / "p", name="my project")
    assert not (tmp_path / "p").exists()
    with pytest.raises(CdmqError, match="CDMQ541"):
        init(tmp_path / "2026")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CdmqError, match="CDMQ542"):
        init(tmp_path / "file" / "p")


def test_installed_from_a_wheel_it_reads_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "cdmq"
    (package / "reference").mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(package / "commands" / "init.py"))
    with pytest.raises(CdmqError, match="CDMQ543"):
        init(tmp_path / "p")
    for part in ("cdmq_project.yml", "profiles.yml"):
        shutil.copy(ROOT / part, package / "reference" / part)
    for part in ("models", "rules"):
        shutil.copytree(ROOT / part, package / "reference" / part)
    assert cdmq.parse(init(tmp_path / "p").root).config.name == "p"


def test_git_takes_it_without_what_runs_write(tmp_path: Path) -> None:
    root = init(tmp_path / "p", minimal=True).root
    cdmq.run(root)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    listed = subprocess.run(
        ["git", "status", "--porcelain", "-uall"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "target" not in listed
    assert "rules/customers.yml" in listed
