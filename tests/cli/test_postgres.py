"""The commands against a real PostgreSQL server, as a person types them."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from runner import postgres_parts
from small_project import Small, small

import cdmq

_SCHEMAS = itertools.count(1)


@pytest.fixture
def project(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], postgres_uri: str
) -> Iterator[Small]:
    found = small(tmp_path, capsys)
    schema = f"cli{next(_SCHEMAS)}"
    output = {"type": "postgres", "schema": schema, **postgres_parts(postgres_uri)}
    found.write(
        {"profiles.yml": json.dumps({"small": {"target": "it", "outputs": {"it": output}}})}
    )
    yield found
    with psycopg.connect(postgres_uri, autocommit=True) as connection:
        for name in (schema, f"{schema}_cdmq"):
            connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")


def test_run_history_and_story(project: Small) -> None:
    told = project.told("run", "--as-of", "2026-11-01")
    assert told.code == 1, told.err
    assert "rule versions: 10 new" in told.out
    project.swap(
        "rules/customers.yml",
        ("credit <= 500", "credit <= 5000"),
        ("One word, one case", "One word"),
    )
    project.swap("data/customers.csv", ("2,n/a,Activ", "2,bo@example.com,Activ"))
    told = project.told("run", "--as-of", "2026-11-02")
    assert "rule versions: 1 new, words: 1 changed" in told.out
    history = project.told("history", "credit_low")
    assert history.code == 0
    assert "credit_low (validation), 2 versions\n" in history.out
    assert "~ must: credit <= [-500-]{+5000+}" in history.out
    assert "judged as of 2026-11-02 00:00" in history.out
    assert "    found    0 records flagged, before it 1\n" in history.out
    table = project.told("history").out
    assert len(table.splitlines()) == 11
    story = project.told("explain", "--record", "2")
    assert story.code == 0
    assert "status: 'Activ' -> 'activ' (standardise)" in story.out
    assert "judged as of 2026-11-02 00:00: it passes now" in story.out
    assert "near it: 2 (customers)" not in project.told("explain", "--record", "999").out
    assert "CDMQ531" in project.told("explain", "--record", "999").err


def test_before_a_run(project: Small) -> None:
    for words in (("history",), ("explain", "--record", "1")):
        told = project.told(*words)
        assert told.code == 2
        assert "CDMQ533 nothing was run on this target yet" in told.err


def test_test_and_selection(project: Small) -> None:
    assert project.told("run", "-s", "credit_low").code == 1
    results = json.loads((project.root / "target/run_results.json").read_text("utf-8"))
    assert {
        r["unique_id"].split(".")[-1] for r in results["results"] if r["status"] != "skipped"
    } == {"credit_low", "delivered", "lines"}
    project.swap("rules/customers.yml", ("credit <= 500", "credit <= 5000"))
    told = project.told("test", "-s", "credit_low")
    assert told.code == 0, told.out + told.err
    assert "flags: 0 opened, 1 closed" in told.out


def test_compile_writes_sql_of_postgres(project: Small) -> None:
    told = project.told("compile")
    assert told.code == 0, told.err
    assert told.out.startswith("10 rules over 1 dataset\n")
    assert (project.root / "target/compiled/customers.sql").is_file()


def test_show_masks(project: Small) -> None:
    project.run()
    told = project.told("show", "customers", "--output", "json")
    rows = [json.loads(line) for line in told.out.splitlines()]
    assert [r["email"] for r in rows] == ["a***", None, "j***"]
    assert [r["id"] for r in rows] == ["1", "2", "3"]
    told = project.told("show", "customers", "--stage", "flagged", "--unmask", "--output", "json")
    assert [json.loads(line)["id"] for line in told.out.splitlines()] == ["2", "3"]


def test_debug(project: Small) -> None:
    told = project.told("debug")
    assert told.code == 0, told.out
    assert "FAIL" not in told.out
    text = (project.root / "profiles.yml").read_text("utf-8")
    profile = json.loads(text)
    profile["small"]["outputs"]["it"]["dbname"] = "no_such_database"
    project.write({"profiles.yml": json.dumps(profile)})
    told = project.told("debug")
    assert told.code == 2
    assert "FAIL" in told.out


class _Holder:
    """A run in a thread of its own that stands still once it holds the warehouse."""

    def __init__(self, project: Small) -> None:
        self.holds, self.may_go = threading.Event(), threading.Event()
        self.code: int | None = None
        self.thread = threading.Thread(target=self._run, args=(project.root,))
        self.thread.start()
        assert self.holds.wait(60)

    def _run(self, root: Path) -> None:
        def listen(event: str, value: object) -> None:
            if event == "start":
                self.holds.set()
                self.may_go.wait(60)

        self.code = cdmq.run(root, as_of=datetime(2026, 11, 1), listen=listen).exit_code

    def let_go(self) -> None:
        self.may_go.set()
        self.thread.join(60)


def test_of_two_runs_at_once_the_second_is_refused(project: Small) -> None:
    holder = _Holder(project)
    try:
        told = project.told("run")
        assert told.code == 2
        assert "CDMQ404" in told.err
    finally:
        holder.let_go()
    assert holder.code == 1
    assert project.told("run").code == 1


def test_with_wait_the_second_waits_and_works(project: Small) -> None:
    holder = _Holder(project)
    timer = threading.Timer(2, holder.may_go.set)
    timer.start()
    try:
        told = project.told("run", "--wait", "60")
        assert (told.code, told.err) == (1, "")
        assert "rule versions: 0 new" in told.out
    finally:
        timer.cancel()
        holder.let_go()
    assert holder.code == 1
