"""Nothing that stands in a project leads out of it; who runs cdmq may allow more."""

from __future__ import annotations

from pathlib import Path

import pytest

import cdmq.api
from cdmq.problems import CdmqError

MODELS = "version: 1\ndatasets: [{name: c, file: data/c.csv, key: id}]\n"
RULES = "version: 1\ndataset: c\nvalidation: [{column: email, checks: [not_null]}]\n"
FILES = {
    "cdmq_project.yml": "name: w\nprofile: w\n",
    "profiles.yml": "w: {target: it, outputs: {it: {type: duckdb, path: w.duckdb}}}\n",
    "data/c.csv": "id,email\n1,a@x.de\n2,\n",
    "models/m.yml": MODELS,
    "rules/r.yml": RULES,
}
PLACES = ("../out", "/tmp/out", "/", "rules/../../out", "link", "link/deeper")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name, text in FILES.items():
        file = root / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(text, "utf-8")
    out = tmp_path / "out"
    (out / "deeper").mkdir(parents=True)
    (out / "c.csv").write_text("id,email\n7,SECRET\n", "utf-8")
    (out / "r.yml").write_text("root:SECRET:0:0\n", "utf-8")
    (root / "link").symlink_to(out)
    return root


def codes(project: Path) -> set[str]:
    with pytest.raises(CdmqError) as told:
        cdmq.api.run(project)
    assert "SECRET" not in str(told.value)
    return {p.code for p in told.value.problems}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "key", ["model-paths", "rule-paths", "seed-paths", "macro-paths", "target-path"]
)
def test_folders_of_the_project_file(project: Path, key: str, place: str) -> None:
    before = {p for p in project.parent.rglob("*") if not p.is_relative_to(project)}
    value = place if key == "target-path" else f"[{place}]"
    (project / "cdmq_project.yml").write_text(f"name: w\nprofile: w\n{key}: {value}\n", "utf-8")
    assert codes(project) == {"CDMQ124"}
    assert {p for p in project.parent.rglob("*") if not p.is_relative_to(project)} == before


@pytest.mark.parametrize("path", ["../out/c.csv", "/etc/passwd", "link/c.csv", "link/*.csv"])
def test_files_of_a_dataset(project: Path, path: str) -> None:
    (project / "models/m.yml").write_text(MODELS.replace("data/c.csv", path), "utf-8")
    assert codes(project) == {"CDMQ124"}


def test_a_rule_file_that_is_a_link(project: Path) -> None:
    """Its text is not shown either, as the line that is wrong."""
    (project / "rules/x.yml").symlink_to(project.parent / "out/r.yml")
    assert codes(project) == {"CDMQ124"}


def test_who_runs_cdmq_may_allow_a_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "models/m.yml").write_text(MODELS.replace("data/c.csv", "link/c.csv"), "utf-8")
    monkeypatch.setenv("CDMQ_FILES_FROM", str(project.parent / "out"))
    assert cdmq.api.run(project).exit_code == 0


@pytest.mark.parametrize("name", ["../../evil", "a/b", "a\\b", "..", ".", "a\tb", "x" * 201])
def test_a_dataset_is_no_path(project: Path, name: str) -> None:
    import json

    (project / "models/m.yml").write_text(
        json.dumps(
            {"version": "1", "datasets": [{"name": name, "file": "data/c.csv", "key": "id"}]}
        ),
        "utf-8",
    )
    (project / "rules/r.yml").unlink()
    with pytest.raises(CdmqError, match="a dataset's name has at most 200 bytes"):
        cdmq.api.compile(project)
    assert not list(project.parent.rglob("evil*"))
