"""A small project on disk, runs of it, and the command line called in this process."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

import cdmq
from cdmq.cli import main

FILES = {
    "cdmq_project.yml": "name: small\nrule-paths: [rules, unit_tests]\n",
    "profiles.yml": "small:\n  target: dev\n  outputs:\n"
    "    dev: {type: duckdb, path: target/small.duckdb}\n",
    "models/customers.yml": """\
version: 1
datasets:
  - name: customers
    file: data/customers.csv
    key: id
    columns: {credit: decimal, born: date}
    missing_values: ["", n/a]
    pii: {status: plain, notes: omit}
""",
    "data/customers.csv": """\
id,email,status,credit,born,notes
1,anna@example.com,active,100,1990-01-01,
2,n/a,Activ,2000,1990-01-01,calls often
3,jo@@x,active,50,2090-01-01,
""",
    "rules/customers.yml": """\
version: 1
dataset: customers
owner: stewards

defaults:
  - id: status_form
    column: status
    standardise: casing
    to: lower
    why: One word, one case.

validation:
  - column: email
    checks: [not_null, email]
    why: We write to them.

  - column: status
    checks:
      - accepted_values: {values: [active, blocked], suggest: true}
    why: The shop knows no other.

  - id: credit_low
    check: expression
    must: credit <= 500
    why: More needs a guarantee.
""",
}


@dataclass(frozen=True)
class Told:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Small:
    """The project, with what tests do to it."""

    root: Path
    capsys: pytest.CaptureFixture[str]

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    def swap(self, file: str, *pairs: tuple[str, str]) -> None:
        text = (self.root / file).read_text("utf-8")
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        (self.root / file).write_text(text, "utf-8")

    def run(self, as_of: str = "2026-11-01") -> str:
        """A run; its id."""
        return cdmq.run(self.root, as_of=datetime.fromisoformat(as_of)).run_id

    def git(self, *words: str, author: str = "Ada Steward") -> None:
        mail = author.split()[0].lower() + "@example.com"
        subprocess.run(
            ["git", "-c", f"user.name={author}", "-c", f"user.email={mail}", *words],
            cwd=self.root,
            check=True,
            capture_output=True,
        )

    def commit(self, message: str, author: str = "Ada Steward", on: str = "2026-10-01") -> None:
        """The date is said: who wrote a line last is asked of git by the second."""
        self.git("add", "-A", author=author)
        self.git("commit", "-q", "-m", message, "--date", f"{on}T12:00:00+00:00", author=author)

    def told(self, *words: str) -> Told:
        """`cdmq words --project-dir ...` in this process."""
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([*words, "--project-dir", str(self.root)])
        out, err = self.capsys.readouterr()
        return Told(int(end.value.code or 0), out, err)


def small(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    project = Small(tmp_path / "small", capsys)
    project.write(FILES)
    return project


@cache
def _first_run(folder: Path) -> Path:
    project = Small(folder / f"{__name__}_ran", cast(Any, None))
    project.write(FILES)
    project.run()
    return project.root


def small_ran(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    """The project after its first run: a copy of one that ran once. Tests of other folders know
    this file by another name: each name has a folder of its own."""
    root = shutil.copytree(_first_run(tmp_path.parent), tmp_path / "small")
    return Small(root, capsys)
