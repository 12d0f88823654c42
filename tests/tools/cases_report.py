"""Runs the small projects of tests/cases and prints what each must show and what it shows.

    python tests/tools/cases_report.py [NAME...]        (make cases)

tests/cases/README.md says how a case is written.
"""

from __future__ import annotations

import io
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases"
PROJECT = "name: cases\n"
PROFILES = "cases: {target: dev, outputs: {dev: {type: duckdb, path: target/case.duckdb}}}\n"


@dataclass(frozen=True)
class Line:
    """One thing that a case must show."""

    case: str
    step: int
    expected: str
    seen: str
    ok: bool


@dataclass
class Case:
    """A copy of a case's project, in a folder where nothing else is."""

    name: str
    root: Path
    remembered: dict[str, Any] = field(default_factory=dict)
    output: str = ""
    code: int = 0

    def show(self) -> Iterator[Line]:
        folder = CASES / self.name
        shutil.copytree(folder, self.root, dirs_exist_ok=True)
        for name, text in (("cdmq_project.yml", PROJECT), ("profiles.yml", PROFILES)):
            (self.root / name).write_text(text, "utf-8")
        steps = yaml.safe_load((folder / "expected.yml").read_text("utf-8"))["steps"]
        for number, step in enumerate(steps, 1):
            for to, text in step.get("write", {}).items():
                (self.root / to).write_text(text, "utf-8")
            for to, source in step.get("copy", {}).items():
                shutil.copy(self.root / source, self.root / to)
            for name in step.get("remove", ()):
                (self.root / name).unlink()
            self.command(step["do"])
            for expected, seen, ok in self.met(step):
                yield Line(self.name, number, expected, seen, ok)

    def command(self, words: str) -> None:
        """`cdmq words` in this process: one of its own takes as long again to begin."""
        from cdmq.cli import main

        said = io.StringIO()
        with (
            chdir(self.root),
            patch.dict(os.environ, {"NO_COLOR": "1", "COLUMNS": "200"}),
            redirect_stdout(said),
            redirect_stderr(said),
        ):
            try:
                main(shlex.split(words))
            except SystemExit as end:
                self.code = int(end.code or 0)
        self.output = said.getvalue()

    def met(self, step: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
        """What a step must show: in words, what it shows, and whether that is it."""
        if "exit" in step:
            codes = _list(step["exit"])
            yield f"exit {' or '.join(map(str, codes))}", self._ended(), self.code in codes
        for text in _list(step.get("says", ())):
            yield f"says '{text}'", self._ended(text), text in self.output
        for text in _list(step.get("says_not", ())):
            yield f"does not say '{text}'", self._ended(), text not in self.output
        for rule, keys in step.get("flags", {}).items():
            rows = self.rows(
                "SELECT key FROM cdmq.flags WHERE to_run IS NULL AND rule_id = "
                f"'{rule}' ORDER BY key"
            )
            yield f"{rule} flags {keys}", _told(rows), rows == [[str(k)] for k in keys]
        for rule, status in step.get("status", {}).items():
            rows = self.rows(
                f"SELECT status FROM cdmq.rule_results WHERE rule_id = '{rule}' "
                "AND run_id = (SELECT max(run_id) FROM cdmq.runs)"
            )
            yield f"{rule} is {status}", _told(rows), rows in [[[s]] for s in _list(status)]
        for query, expected in step.get("rows", ()):
            rows = self.rows(query)
            yield f"{query} gives {_told(expected)}", _told(rows), rows == expected
        for name, query in step.get("remember", {}).items():
            self.remembered[name] = rows = self.rows(query)
            yield f"there are {name}", _told(rows), isinstance(rows, list) and bool(rows)
        for name, query in step.get("again", {}).items():
            rows = self.rows(query)
            yield f"{name} as before", _told(rows), rows == self.remembered[name]
        if "one_of" in step:
            ways = [list(self.met(way)) for way in step["one_of"]]
            met = next((w for w in ways if all(ok for *_, ok in w)), None)
            yield (
                " or else ".join(" and ".join(e for e, *_ in way) for way in ways),
                "; ".join(dict.fromkeys(s for way in ([met] if met else ways) for _, s, _ in way)),
                met is not None,
            )

    def rows(self, query: str) -> Any:
        """The rows of a query; where there are none to ask, the reason."""
        import duckdb

        file = self.root / "target" / "case.duckdb"
        if not file.exists():
            return "no database"
        with duckdb.connect(str(file), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            try:
                found = connection.execute(query).fetchall()
            except duckdb.Error as error:
                return str(error).splitlines()[0]
        return [
            [c if c is None or isinstance(c, (str, int)) else _plain(c) for c in r] for r in found
        ]

    def _ended(self, text: str = "") -> str:
        """The exit code and the line of the output that tells most."""
        lines = [
            line.strip()
            for line in self.output.splitlines()
            if line.strip() and not line.startswith("cdmq run:")
        ]
        told = next((line for line in lines if text and text in line), "; ".join(lines[:2]))
        return f"exit {self.code}: {told or 'nothing said'}"


def _plain(value: Any) -> Any:
    return int(value) if hasattr(value, "__int__") and int(value) == value else str(value)


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _told(rows: Any) -> str:
    return (
        rows
        if isinstance(rows, str)
        else ", ".join(" ".join(str(c) for c in row) for row in rows) or "nothing"
    )


def names() -> list[str]:
    return sorted(f.parent.name for f in CASES.glob("*/expected.yml"))


def report(wanted: list[str]) -> int:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.ASCII, show_lines=False)
    for head in ("case", "expected", "seen", "ok"):
        table.add_column(head, overflow="fold", no_wrap=head == "ok")
    wrong = []
    for name in wanted:
        with tempfile.TemporaryDirectory() as folder:
            lines = list(Case(name, Path(folder)).show())
        for n, line in enumerate(lines):
            table.add_row(
                name if n == 0 else "",
                f"{line.step}. {line.expected}",
                line.seen if len(line.seen) < 300 else line.seen[:300] + " ...",
                "yes" if line.ok else "NO",
            )
        if not all(line.ok for line in lines):
            wrong.append(name)
    Console(width=150).print(table)
    print(
        f"{len(wanted) - len(wrong)} of {len(wanted)} cases show what they must"
        + (f"; not: {', '.join(wrong)}" if wrong else "")
    )
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(report(sys.argv[1:] or names()))
