"""A project of examples/, run as a user runs it, and what its audit tables say."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from shared_runs import once

import cdmq.api

EXAMPLES = Path(__file__).parents[2] / "examples"
Row = dict[str, str]


@dataclass(frozen=True)
class Figures:
    """What a run must find: rule -> key -> the value in the flag; rule -> key -> (old, new).

    Of the new values of the rules in `folded`, capitals are not compared.
    """

    flags: Mapping[str, Mapping[str, str | None]]
    changes: Mapping[str, Mapping[str, tuple[str | None, str | None]]]
    folded: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Ran:
    """A project that was run, in a folder of its own."""

    name: str
    root: Path
    as_of: dt.datetime
    exit_code: int

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        (file,) = self.root.glob("target/*.duckdb")
        with duckdb.connect(str(file), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def flags(self) -> dict[str, dict[str, str | None]]:
        found: dict[str, dict[str, str | None]] = {}
        for rule, key, value in self.rows(
            "SELECT rule_id, key, value FROM cdmq.flags WHERE to_run IS NULL"
        ):
            found.setdefault(rule, {})[key] = value
        return found

    def changes(self) -> dict[str, dict[str, tuple[str | None, str | None]]]:
        found: dict[str, dict[str, tuple[str | None, str | None]]] = {}
        for rule, key, old, new in self.rows(
            "SELECT rule_id, key, old_value, new_value FROM cdmq.changes WHERE to_run IS NULL"
        ):
            found.setdefault(rule, {})[key] = (old, new)
        return found

    def parties(self, rule: str) -> dict[str, str]:
        """Record -> party."""
        return dict(
            self.rows(
                f"SELECT key, party_id FROM cdmq.xref WHERE to_run IS NULL AND rule_id = '{rule}'"
            )
        )

    def readme(self) -> str:
        return (self.root / "README.md").read_text("utf-8")


def run(name: str, folder: Path, as_of: dt.datetime, factory: pytest.TempPathFactory) -> Ran:
    """A project that was run, in a folder: the run is made once a session and copied."""

    def make(shared: Path) -> int:
        root = shared / name
        shutil.copytree(EXAMPLES / name, root, ignore=shutil.ignore_patterns("target"))
        return cdmq.api.run(root, as_of=as_of).exit_code

    shared, code = once(factory, f"example_{name}", make)
    shutil.copytree(shared / name, folder / name)
    return Ran(name, folder / name, as_of, code)
