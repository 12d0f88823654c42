"""Nothing that others wrote turns the text on a screen around, and each value has its column."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cdmq.cli import main

TURNS = "\u202e"
NAME = f"x{TURNS}y"
FILES = {
    "cdmq_project.yml": "name: w\nprofile: w\n",
    "profiles.yml": "w: {target: it, outputs: {it: {type: duckdb, path: w.duckdb}}}\n",
    "data/c.csv": "id,name,city\n1,=cmd|x,\n2,a=b,Ulm\n",
    "models/m.yml": "version: 1\ndatasets: [{name: c, file: data/c.csv, key: id, "
    "pii: {name: plain, city: plain}}]\n",
    "rules/r.yml": json.dumps(
        {
            "version": "1",
            "dataset": "c",
            "owner": NAME,
            "validation": [
                {
                    "id": f"known{TURNS}",
                    "column": "name",
                    "check": "accepted_values",
                    "values": [NAME],
                    "why": NAME,
                    "dimension": "conformity",
                    "tags": [NAME],
                },
                {"id": "both", "check": "expression", "must": "name = city", "missing": "fail"},
            ],
            "defaults": [{"id": f"d{TURNS}", "column": "city", "set": NAME, "reason": "unknown"}],
        }
    ),
    "rules/u.yml": json.dumps(
        {
            "version": "1",
            "unit_tests": [
                {
                    "name": NAME,
                    "rule": f"known{TURNS}",
                    "given": {"c": [{"id": "1", "name": NAME}]},
                    "expect": {"flags": [{"key": "1"}]},
                }
            ],
        }
    ),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def told(project: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit):
        main([*words, "--project-dir", str(project)])
    return "".join(capsys.readouterr())


def test_what_turns_the_text_around(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["run"],
        ["test"],
        ["compile"],
        ["ls"],
        ["ls", "--output", "path"],
        ["history"],
        ["history", f"known{TURNS}", "--full"],
        ["unit-test", "--coverage"],
        ["explain", "--record", "1"],
        ["debug"],
        ["show", "c"],
        ["parse"],
        ["run", "-s", f"no{TURNS}"],
    ):
        said = told(project, capsys, *words)
        assert said, words
        assert TURNS not in said, words
    assert "x\N{REPLACEMENT CHARACTER}y, rules/r.yml" in told(project, capsys, "run")


def test_each_value_has_its_column(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(project, capsys, "run")
    said = told(project, capsys, "explain", "--record", "1", "--unmask")
    assert "name: '=cmd|x'" in said
    assert "'name==cmd|x, city=" in said
    said = told(project, capsys, "explain", "--record", "2", "--unmask")
    assert "name: 'a=b'" in said
    assert "both  'name=a=b, city=Ulm'" in said
