"""A small project in a git repository of its own, with authors, and the history that it tells."""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import cdmq
from cdmq.explaining.history import history
from cdmq.explaining.history_values import RuleVersion

FILES = {
    ".gitignore": "target/\n",
    "cdmq_project.yml": "name: small\nvars: {most: '500'}\n",
    "profiles.yml": "small:\n  target: dev\n  outputs:\n"
    "    dev: {type: duckdb, path: target/small.duckdb}\n",
    "macros/words.sql": "{% macro low() %}credit <= {{ var('most') }}{% endmacro %}\n",
    "models/customers.yml": """\
version: 1
datasets:
  - name: customers
    file: data/customers.csv
    key: id
    columns: {credit: decimal}
    missing_values: ["", n/a]
  - name: rich
    key: id
""",
    "models/rich.sql": "select id, status from {{ ref('customers') }} where not ({{ low() }})\n",
    "seeds/states.csv": "state,meaning\nactive,buys\nblocked,owes\n",
    "data/customers.csv": "id,email,status,credit\n1,anna@example.com,active,100\n"
    "2,n/a,Activ,2000\n3,jo@@x,active,50\n",
    "rules/rich.yml": "version: 1\ndataset: rich\nvalidation:\n  - column: status\n"
    "    checks: [not_null]\n",
    "rules/customers.yml": """\
version: 1
dataset: customers
owner: stewards

validation:
  - id: state
    check: accepted_values
    column: status
    seed: states
    why: The shop knows no other.

  - id: credit_low
    check: expression
    must: "{{ low() }}"
    where: status <> 'blocked'
    why: More needs a guarantee.

  - id: mail
    column: email
    check: email
    why: We write to them.
""",
}


class Gitted:
    """The project at `root`; `top` is the folder of the repository."""

    def __init__(self, root: Path, top: Path | None = None) -> None:
        self.root, self.top, self.day = root, top or root, 0
        self.write(FILES)

    def copied(self, root: Path) -> Gitted:
        """The same project, history and database in another folder."""
        shutil.copytree(self.root, root)
        other = copy.copy(self)
        other.root = other.top = root
        return other

    def write(self, files: Mapping[str, str | None]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_bytes(text.encode())

    def swap(self, file: str, old: str, new: str) -> None:
        text = (self.root / file).read_text("utf-8")
        assert old in text
        self.write({file: text.replace(old, new)})

    def git(self, *words: str, by: str = "Ada") -> str:
        """A command of git, alone in the world: no settings of the machine, no clock."""
        self.day += 1
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        named = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (
                ("NAME", by),
                ("EMAIL", f"{by.lower()}@example.com"),
                ("DATE", f"2026-01-{self.day % 28 + 1:02}T12:00:00+00:00"),
            )
        }
        done = subprocess.run(
            ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *words],
            cwd=self.top,
            capture_output=True,
            text=True,
            check=True,
            env={**kept, **named, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
        )
        return done.stdout.strip()

    def commit(self, by: str, *swaps: tuple[str, str, str]) -> str:
        for swap in swaps:
            self.swap(*swap)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", f"by {by}", by=by)
        return self.git("rev-parse", "HEAD")

    def run(self, **words: Any) -> str:
        return cdmq.run(self.root, **words).run_id

    def newest(self, rule: str) -> RuleVersion:
        return history(self.root, rule).versions[0]

    def author(self, rule: str) -> str:
        """The first name of the author of a rule's newest version, or why there is none."""
        return self.newest(rule).author.partition(" <")[0]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        import duckdb

        with duckdb.connect(str(self.root / "target/small.duckdb")) as connection:
            return connection.execute(query).fetchall()


@cache
def _committed(folder: Path) -> Gitted:
    project = Gitted(folder / "gitted_committed")
    project.git("init", "-q")
    project.commit("Ada")
    return project


@cache
def _ran(folder: Path) -> Gitted:
    project = _committed(folder).copied(folder / "gitted_ran")
    project.run()
    return project


def gitted(tmp_path: Path) -> Gitted:
    """A project whose first commit is Ada's: a copy of one that all tests share."""
    return _committed(tmp_path.parent).copied(tmp_path / "small")


def ran(tmp_path: Path) -> Gitted:
    """The same after its first run."""
    return _ran(tmp_path.parent).copied(tmp_path / "small")
