"""A warehouse without transactions: a run counts once its row stands in `runs`, and no moment
before or after shows a half of it."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest

import cdmq
import cdmq.api
import cdmq.warehouses
from cdmq.problems import CdmqError

FILES = {
    "cdmq_project.yml": "name: p\nversion: 1.0.0\nprofile: p\n",
    "profiles.yml": "p: {target: dev, outputs: {dev: {type: TYPE, path: p.duckdb}}}\n",
    "models/p.yml": """\
version: 1
datasets:
  - {name: shops, file: shops.csv, key: id}
  - {name: people, file: people.csv, key: id}
  - {name: adults, key: id}
""",
    "models/adults.sql": "SELECT id, name, age FROM {{ ref('people') }} WHERE age >= 18\n",
    "rules/p.yml": """\
version: 1
dataset: people
validation:
  - {column: name, checks: [not_null]}
  - {column: age, checks: [{accepted_range: {max: 100}}]}
defaults:
  - {column: name, standardise: whitespace}
""",
    "rules/s.yml": "version: 1\ndataset: shops\nvalidation: [{column: city, checks: [not_null]}]\n",
    "shops.csv": "id,city\n1,Bonn\n2,\n",
    "people.csv": "id,name,age\n1,Ada,36\n2,,17\n3,  Bo ,140\n4,Cy,20\n",
}
SECOND = {
    "people.csv": "id,name,age,mail\n1,Ada,36,a@x\n2,Di,18,d@x\n3,  Bo ,140,b@x\n5,,200,e@x\n",
    "shops.csv": "id,city\n1,Bonn\n2,Ulm\n",
}
#: Columns of audit tables that differ from run to run, or that say how and not what.
ASIDE = {
    *("started", "finished", "run_by", "target", "versions", "git_note", "seconds", "statement"),
    *("committed", "words_committed"),
}


Rows = dict[str, list[dict[str, Any]]]
Moments = Iterable[Callable[[str], bool]]


@dataclass
class Small:
    """A project on an engine, and what people read of its warehouse."""

    root: Path
    type: str

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("TYPE", self.type))

    def run(self, as_of: str = "2026-11-01", **words: Any) -> int:
        return cdmq.api.run(self.root, as_of=as_of, **words).exit_code

    def read(self) -> Rows:
        """All rows of all relations that bear names for people, runs by their numbers."""
        with duckdb.connect(str(self.root / "p.duckdb"), read_only=True) as con:
            names = con.execute(
                "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal UNION "
                "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL"
            ).fetchall()
            there = ("cdmq", "runs") in names
            ids = con.execute("SELECT run_id FROM cdmq.runs ORDER BY 1").fetchall() if there else []
            numbers = {run: f"run {i}" for i, (run,) in enumerate(ids)}
            found = {}
            for schema, name in names:
                hidden = name in ("register", "schema_version", "pii_key", "statements")
                if schema == "cdmq_rows" or name.startswith("__cdmq") or hidden:
                    continue
                rows = con.execute(f"SELECT * FROM {schema}.{name}")
                columns = [c[0] for c in rows.description or ()]
                aside = ASIDE if schema == "cdmq" else set()
                at = [i for i, c in enumerate(columns) if c not in aside]
                told = [{columns[i]: numbers.get(r[i], r[i]) for i in at} for r in rows.fetchall()]
                found[f"{schema}.{name}"] = sorted(told, key=str)
        return found

    def states(self) -> int:
        with duckdb.connect(str(self.root / "p.duckdb"), read_only=True) as con:
            row = con.execute(
                "SELECT (SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE '\\_\\_cdmq%' "
                "ESCAPE '\\') + (SELECT count(*) FROM duckdb_views() WHERE view_name LIKE "
                "'\\_\\_cdmq%' ESCAPE '\\')"
            ).fetchone()
        return int(row[0]) if row else -1


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    """The module of the engine, where profiles find it."""
    paths = list(cdmq.warehouses.__path__)
    cdmq.warehouses.__path__ = [*paths, str(Path(__file__).with_name("third"))]
    yield importlib.import_module("cdmq.warehouses.refusing")
    cdmq.warehouses.__path__ = paths


@pytest.fixture
def small(engine: Any, tmp_path: Path) -> Small:
    made = Small(tmp_path / "p", "refusing")
    made.write(FILES)
    return made


@pytest.fixture
def usual(tmp_path: Path) -> Small:
    made = Small(tmp_path / "usual", "duckdb")
    made.write(FILES)
    return made


def test_all_is_as_with_transactions(small: Small, usual: Small) -> None:
    for world in (small, usual):
        world.run()
    assert small.read() == usual.read()
    assert small.read()["cdmq.flags"]
    for world in (small, usual):
        world.write(SECOND)
        world.run("2026-11-02")
    assert small.read() == usual.read()
    for world in (small, usual):
        (world.root / "rules/s.yml").unlink()
        world.run("2026-11-03", select="people")
        cdmq.api.test(world.root, as_of="2026-11-04")
        world.run("2026-11-05")
    assert small.read() == usual.read()


def test_a_state_for_each_name_and_no_more(small: Small) -> None:
    small.run()
    first = small.states()
    small.run("2026-11-02")
    assert small.states() == first > 0


def test_a_run_that_fails_leaves_the_last_good_state(
    engine: Any, small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cdmq.warehouses.base import StatementError

    small.run()
    before = small.read()

    def refuse(sql: str) -> None:
        if "INSERT INTO cdmq_rows.runs" in sql.replace('"', "") and len(seen) < 1:
            seen.append(sql)
            raise StatementError("refused")

    seen: list[str] = []
    monkeypatch.setattr(engine, "watch", refuse)
    small.write(SECOND)
    with pytest.raises(CdmqError, match="refused"):
        small.run("2026-11-02")
    assert seen
    after = small.read()
    assert {**after, "cdmq.runs": ()} == {**before, "cdmq.runs": ()}
    assert [r for r in after["cdmq.runs"] if "error" in r.values()]


def killed_at(small: Small, engine: Any, moment: Callable[[str], bool]) -> str:
    """Run, and let the process be killed before the statement for which `moment` says so."""
    at: list[str] = []

    def watch(sql: str) -> None:
        if moment(sql):
            at.append(sql)
            raise engine.Killed

    engine.watch = watch
    try:
        small.run("2026-11-02")
    except (engine.Killed, CdmqError, KeyboardInterrupt):
        pass
    finally:
        engine.watch = engine.unwatched
    return at[0] if at else ""


def nth(number: int, begin: str = "rule_versions") -> Callable[[str], bool]:
    """The nth statement that writes, from the first on that has `begin` in it."""
    seen: list[str] = []

    def moment(sql: str) -> bool:
        writes = sql.split()[0].upper() in ("CREATE", "INSERT", "UPDATE", "DELETE", "DROP", "ALTER")
        if writes and (seen or begin in sql.replace('"', "")):
            seen.append(sql)
        return len(seen) == number

    return moment


def same(before: Rows, after: Rows) -> bool:
    """Equal in all that was there. A column that is to come may be there already, empty."""
    return before.keys() == after.keys() and all(
        sorted([{c: r[c] for c in old} for r in now], key=str) == sorted(rows, key=str)
        and not any(v for r in now for c, v in r.items() if c not in old)
        for name, rows in before.items()
        for now in [after[name]]
        for old in [rows[0].keys() if rows else (now[0].keys() if now else ())]
    )


def kill(engine: Any, small: Small, usual: Small, first: bool, moments: Moments) -> int:
    """Kill a run at each of some moments: nothing of it is seen, or all; and the next run is as
    if it had not been. How many moments there were."""
    if not first:
        for world in (small, usual):
            world.run()
            world.write(SECOND)
    kept = small.root.with_name("kept")
    shutil.copytree(small.root, kept)
    before = {} if first else small.read()
    usual.run("2026-11-02")
    end = usual.read()
    for done, moment in enumerate(moments):
        shutil.rmtree(small.root)
        shutil.copytree(kept, small.root)
        statement = killed_at(small, engine, moment)
        seen = small.read()
        counted = len(seen.get("cdmq.runs", ())) == (1 if first else 2)
        if counted or not statement:
            assert same(end, seen), statement
        elif first:
            assert not any(seen.values()), statement
        else:
            assert same(before, seen), statement
        if not statement:
            return done
        if not counted:
            small.run("2026-11-02")
            assert small.read() == end, statement
    return done + 1


#: In the midst of the audit rows, of the views, of what is put in order; before and behind the
#: row that counts.
SOME = (
    ("INTO cdmq_rows.flag_rows", 1),
    ("OR REPLACE VIEW main.", 1),
    ("OR REPLACE VIEW main.", 8),
    ("INTO cdmq_rows.runs", 1),
    ("INTO cdmq_rows.runs", 2),
    ("INTO cdmq_rows.runs", 20),
)


@pytest.mark.parametrize("first", [True, False])
def test_a_kill_at_some_moments(engine: Any, small: Small, usual: Small, first: bool) -> None:
    moments = [nth(number, begin) for begin, number in SOME]
    assert kill(engine, small, usual, first, moments) == len(SOME)


@pytest.mark.slow
@pytest.mark.parametrize("first", [True, False])
def test_a_kill_at_every_moment(engine: Any, small: Small, usual: Small, first: bool) -> None:
    assert kill(engine, small, usual, first, map(nth, count(1))) > 50
