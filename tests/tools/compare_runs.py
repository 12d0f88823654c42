"""Compares what two commits make of the same projects, row for row.

    python tests/tools/compare_runs.py --make COMMIT FOLDER [--projects COMMIT] [--only NAME]
    python tests/tools/compare_runs.py BEFORE AFTER

The first makes the databases of the reference project and the examples with the code of a commit:
each is run twice, the second time with lines that are gone, or by other words. The second prints a
table, names what differs and exits 1 where anything does. Runs are numbered, their times and what
an engine calls things left out. A table or a column that only the later one has is named, and is
no difference; one that only the earlier has is.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[2]
PII_SECRET = "the same for both"
#: Rows of a difference that are shown.
SHOWN = 3
SAME = "the same"

#: Of an audit table: columns that differ from run to run, or that say how and not what.
ASIDE = {
    "runs": {"started", "finished", "git_commit", "git_dirty", "git_note", "run_by", "cdmq_version",
             "versions", "target"},
    "rule_versions": {"author", "commit_id", "committed", "author_note", "words_author",
                      "words_commit", "words_committed", "words_note"},
    "model_versions": {"author", "commit_id", "committed", "author_note"},
    "rule_results": {"seconds", "statement"},
    "judgements": {"finished", "git_commit", "git_dirty", "git_note", "run_by", "cdmq_version"},
    "match_models": {"seconds", "trained"},
    "schema_version": {"cdmq_version", "applied", "shape", "version"},
    "pii_key": {"made"},
    "register": {"identity"},
}  # fmt: skip
#: Tables that hold SQL as it was sent, which may be written better.
NOT_COMPARED = {"statements"}
#: A column's name in the later database, where it is another: (table, earlier) -> later.
RENAMED: dict[tuple[str, str], str] = {
    ("queue", "key_a"): "key",
    ("queue", "key_b"): "other",
    ("queue", "probability"): "sure",
}


@dataclass(frozen=True)
class Project:
    """A project of the repository, and the runs that its databases are made by."""

    name: str
    folder: str
    files: tuple[str, ...]
    runs: tuple[tuple[str, ...], ...]
    #: Whether every 53rd line of its large files is gone after the first run.
    thinned: bool


PROJECTS = (
    Project("reference", ".", ("cdmq_project.yml", "models", "rules"),
            (("--as-of", "2026-11-01"), ("--as-of", "2026-12-01")), True),
    Project("cdnow", "examples/cdnow", ("cdmq_project.yml", "models", "rules", "seeds", "data"),
            (("--as-of", "1997-09-30"), ("--as-of", "1997-10-31")), True),
    Project("febrl", "examples/febrl", ("cdmq_project.yml", "models", "rules", "seeds", "data"),
            (("--as-of", "2026-11-01"),
             ("--as-of", "2026-11-02", "--vars", "{earliest_birth_date: 1920-01-01}")), False),
)  # fmt: skip


# Making


def make(commit: str, to: Path, projects: str, only: str | None) -> None:
    """The databases of a commit, each beside what its runs said."""
    to.mkdir(parents=True, exist_ok=True)
    with checked_out(commit) as code, checked_out(projects) as texts:
        for project in PROJECTS:
            if only in (None, project.name):
                _make(project, code, texts, to)


class checked_out:
    """A commit's files in a folder, while it is asked for."""

    def __init__(self, commit: str) -> None:
        self.commit = commit
        self.folder = Path(tempfile.mkdtemp(prefix="compare_runs_"))

    def __enter__(self) -> Path:
        _git("worktree", "add", "--quiet", "--detach", str(self.folder), self.commit)
        return self.folder

    def __exit__(self, *_: object) -> None:
        _git("worktree", "remove", "--force", str(self.folder))


def _git(*words: str) -> None:
    subprocess.run(["git", *words], cwd=ROOT, check=True)


def _make(project: Project, code: Path, texts: Path, to: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch)
        for name in project.files:
            source = texts / project.folder / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, here / name)
        (here / "profiles.yml").write_text(
            f"{project.name}:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n"
            f"      path: {project.name}.duckdb\n      pii_secret: {PII_SECRET}\n"
        )
        said = []
        for number, words in enumerate(project.runs):
            if number and project.thinned:
                _thin(here)
            said.append(_run(code, here, words))
            print(f"{project.name}: run {number + 1}, {said[-1].splitlines()[-1]}", flush=True)
        shutil.copy(here / f"{project.name}.duckdb", to / f"{project.name}.duckdb")
        (to / f"{project.name}.txt").write_text("\n".join(said))


def _run(code: Path, here: Path, words: tuple[str, ...]) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CDMQ_")}
    environment |= {"PYTHONPATH": str(code), "COLUMNS": "100", "NO_COLOR": "1", "TZ": "UTC"}
    done = subprocess.run(
        [sys.executable, "-m", "cdmq", "run", *words],
        cwd=here,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return f"{done.stdout}exit code {done.returncode}\n"


def _thin(here: Path) -> None:
    for file in (f for f in here.rglob("*.csv") if f.stat().st_size > 10_000):
        lines = file.read_bytes().splitlines(keepends=True)
        file.write_bytes(b"".join(x for n, x in enumerate(lines) if n == 0 or n % 53))


# Comparing


@dataclass(frozen=True)
class Line:
    """A line of the table that is printed."""

    project: str
    what: str
    rows: str
    verdict: str
    differs: bool = False
    shown: tuple[str, ...] = ()


def compare(before: Path, after: Path) -> list[Line]:
    lines: list[Line] = []
    for project in PROJECTS:
        if (before / f"{project.name}.duckdb").exists():
            lines += _databases(project.name, before, after)
            lines.append(_said(project.name, before, after))
    return lines


def _databases(name: str, before: Path, after: Path) -> Iterator[Line]:
    with duckdb.connect() as con:
        for alias, folder in (("a", before), ("b", after)):
            con.execute(f"ATTACH '{folder / name}.duckdb' AS {alias} (READ_ONLY)")
            con.execute(
                f"CREATE TEMP TABLE runs_{alias} AS SELECT run_id, 'run ' || row_number() OVER "
                f"(ORDER BY run_id) AS name FROM {alias}.cdmq.runs"
            )
        old, new = _relations(con, "a"), _relations(con, "b")
        for relation in sorted(old.keys() | new.keys()):
            columns, later = old.get(relation), new.get(relation)
            if columns is None:
                yield Line(name, relation, "", "only in the later one")
            elif later is None:
                yield Line(name, relation, "", "MISSING in the later one", True)
            elif relation.removeprefix("cdmq.") not in NOT_COMPARED:
                yield _rows(con, name, relation, columns, later)


def _relations(con: duckdb.DuckDBPyConnection, alias: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for schema, table, column in con.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
        "WHERE database_name = ? AND NOT internal ORDER BY ALL",
        [alias],
    ).fetchall():
        if not re.fullmatch(r"ref_\w+_[0-9a-f]{10}", table):
            found.setdefault(f"{schema}.{table}", []).append(column)
    return found


def _rows(
    con: duckdb.DuckDBPyConnection, name: str, relation: str, old: list[str], new: list[str]
) -> Line:
    table = relation.removeprefix("cdmq.")
    aside = ASIDE.get(table, set()) if table != relation else set()
    pairs = [(c, RENAMED.get((table, c), c)) for c in old if c not in aside]
    lost = [c for c, later in pairs if later not in new]
    pairs = [pair for pair in pairs if pair[1] in new]
    more = sorted(set(new) - {later for _, later in pairs} - aside)
    if not pairs:
        return Line(name, relation, "", "not compared")
    schema, relation_name = relation.split(".", 1)
    a = _select("a", schema, relation_name, [c for c, _ in pairs])
    b = _select("b", schema, relation_name, [c for _, c in pairs])
    count = con.execute(f"SELECT count(*) FROM ({a})").fetchone()
    gone = con.execute(f"{a} EXCEPT ALL {b}").fetchall()
    come = con.execute(f"{b} EXCEPT ALL {a}").fetchall()
    said = [f"MISSING columns {', '.join(lost)}"] if lost else []
    said += [f"{len(gone)} GONE, {len(come)} NEW"] if gone or come else []
    said += [f"more columns: {', '.join(more)}"] if more else []
    shown = tuple(f"{sign} {row}" for sign, rows in (("-", gone), ("+", come))
                  for row in sorted(rows, key=str)[:SHOWN])  # fmt: skip
    differs = bool(lost or gone or come)
    verdict = "; ".join(said) or SAME
    return Line(name, relation, str(count[0] if count else 0), verdict, differs, shown)


def _select(alias: str, schema: str, table: str, columns: list[str]) -> str:
    """The rows as texts, runs by their numbers."""
    shown = ", ".join(
        f"coalesce((SELECT r.name FROM runs_{alias} AS r WHERE r.run_id = t.{_name(c)}), "
        f"t.{_name(c)}::varchar) AS {_name(c)}"
        if c == "run_id" or c.endswith("_run")
        else f"t.{_name(c)}::varchar AS {_name(c)}"
        for c in columns
    )
    return f"SELECT {shown} FROM {alias}.{_name(schema)}.{_name(table)} AS t"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _said(name: str, before: Path, after: Path) -> Line:
    old, new = (_steady((folder / f"{name}.txt").read_text()) for folder in (before, after))
    gone, come = (list((Counter(x) - Counter(y)).elements()) for x, y in ((old, new), (new, old)))
    shown = tuple([f"- {x}" for x in gone[:SHOWN]] + [f"+ {x}" for x in come[:SHOWN]])
    verdict = f"{len(gone)} lines GONE, {len(come)} NEW" if shown else SAME
    return Line(name, "what the runs said", str(len(old)), verdict, bool(shown), shown)


def _steady(text: str) -> list[str]:
    """The lines without run ids, hours and seconds."""
    text = re.sub(r"\d{8}T\d{9}-[0-9a-f]{6}", "RUN", text)
    text = re.sub(r"(?m)^\d\d:\d\d:\d\d ", "TIME ", text)
    return [re.sub(r" +[\d.]+ ?s\b", " TIME", line) for line in text.splitlines()]


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    words.add_argument("--make", metavar="COMMIT", help="make the databases of this commit")
    words.add_argument("--projects", metavar="COMMIT", help="the commit whose projects are run")
    words.add_argument("--only", choices=[p.name for p in PROJECTS])
    words.add_argument("--all", action="store_true", help="show what is the same too")
    words.add_argument("folders", nargs="+", type=Path)
    given = words.parse_args()
    if given.make:
        make(given.make, given.folders[0], given.projects or given.make, given.only)
        return 0
    if len(given.folders) != 2:
        words.error("two folders are compared")
    lines = compare(*given.folders)
    told = [x for x in lines if given.all or x.verdict != SAME]
    width = max((len(x.what) for x in told), default=0)
    for x in told:
        print(f"{x.project:<10} {x.what:<{width}} {x.rows:>8}  {x.verdict}")
        for row in x.shown:
            print(f"    {row[:240]}")
    differ = [f"{x.project} {x.what}" for x in lines if x.differs]
    same = sum(x.verdict == SAME for x in lines)
    print(f"{same} relations and texts are the same, {len(differ)} differ", *differ, sep="\n    ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
