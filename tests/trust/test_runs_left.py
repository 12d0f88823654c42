"""Every run leaves its row: one that was refused too. Later runs sort later, whatever the clock."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from runner import AS_OF, Twin, World

import cdmq.runs.pipeline
import cdmq.stages.record
from cdmq.problems import CdmqError
from cdmq.runs.interrupts import Interrupted

FILES = {
    "models/m.yml": "version: 1\ndatasets: [{name: people, table: source, key: id}]\n",
    "rules/people.yml": "version: 1\ndataset: people\nvalidation:\n"
    "  - {column: name, checks: [not_null]}\n",
}


def prepare(world: World) -> None:
    world.write(FILES)
    world.table("source", {"id": "integer", "name": "text"}, [[1, "a"], [2, None]])


def run_once(world: World) -> None:
    prepare(world)
    world.run()


@pytest.fixture
def project(world: World) -> World:
    prepare(world)
    return world


@pytest.fixture
def ran(twin: Twin) -> World:
    """The project after its first run."""
    return twin(run_once)


def runs(world: World) -> list[tuple[Any, ...]]:
    return world.sql(
        f"SELECT run_id, status, exit_code, message FROM {world.audit}.runs ORDER BY run_id"
    )


def test_a_clock_set_back(project: World, monkeypatch: pytest.MonkeyPatch) -> None:
    days = iter(
        [dt.timedelta(0), dt.timedelta(days=-1), dt.timedelta(days=-400), dt.timedelta(days=1)]
    )

    class Clock(dt.datetime):
        shift = dt.timedelta(0)

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return dt.datetime.now(tz) + cls.shift

    monkeypatch.setattr(cdmq.runs.pipeline, "datetime", Clock)
    done = []
    for shift in days:
        Clock.shift = shift
        done.append(project.run().run_id)
    assert done == sorted(done)
    assert [r[0] for r in runs(project)] == done
    flags = project.audit_rows("flags", ("from_run", "to_run"))
    assert flags == [(done[0], None)]


def test_a_refused_run_leaves_a_row(ran: World) -> None:
    ran.sql("DROP VIEW people__passed")
    ran.sql("CREATE TABLE people__passed AS SELECT * FROM source")
    with pytest.raises(CdmqError, match="CDMQ440"):
        ran.run()
    first, second = runs(ran)
    assert first[1:] == ("fail", 1, None)
    assert second[1:3] == ("refused", 2)
    assert "people__passed is a table that cdmq did not make" in second[3]
    assert len(ran.flags()) == 1


def test_a_run_with_a_column_lost_leaves_a_row(ran: World) -> None:
    """The delivery changed, not the rules: what needs the column stops, and the run is recorded."""
    ran.sql("ALTER TABLE source RENAME COLUMN name TO named")
    assert ran.run().exit_code == 2
    first, second = runs(ran)
    assert first[1:3] == ("fail", 1)
    assert second[1:3] == ("error", 2)
    assert len(ran.flags()) == 1  # what could not be judged is not closed
    (message,) = {
        m
        for (m,) in ran.audit_rows(
            "rule_results",
            ("message",),
            f"rule_id = 'people.name.not_null' AND run_id = '{second[0]}'",
        )
    }
    assert "has no column 'name'" in message


def test_a_run_that_broke_off_leaves_a_row(project: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cdmq.stages.record, "_add_statements", broken)
    with pytest.raises(Interrupted, match="nothing was published"):
        project.run()
    assert [r[1:3] for r in runs(project)] == [("interrupted", 130)]
    assert project.flags() == []


def test_after_publish_nothing_was_published_is_not_said(
    project: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listen(event: str, value: object) -> None:
        if event == "end":
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="the run was published before"):
        project.run(listen=listen)
    before = runs(project)
    assert [r[1] for r in before] == ["fail"]

    def late(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cdmq.runs.pipeline, "rule_statements", late)
    with pytest.raises(Interrupted, match="the run was published before"):
        project.run()
    assert [r[1] for r in runs(project)] == ["fail", "fail"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_sigterm_ends_a_run_as_ctrl_c_does(ran: World, number: signal.Signals) -> None:
    flags = ran.flags()
    ran.write(
        {
            "models/slow.sql": "{{ config(materialized='table') }}\nSELECT count(*) AS id FROM "
            + ", ".join(f"{{{{ ref('many') }}}} AS t{i}" for i in range(4))
            + " WHERE "
            "md5(t0.id || '-' || t1.id || '-' || t2.id || '-' || t3.id) like 'xx%'",
            "models/many.yml": "version: 1\ndatasets: [{name: many, table: many, key: id}]",
        }
    )
    ran.table("many", {"id": "integer"}, [[i] for i in range(1000)])
    words = [
        sys.executable,
        "-m",
        "cdmq",
        "run",
        "--project-dir",
        str(ran.root),
        "--as-of",
        AS_OF.isoformat(),
        "--log-format",
        "json",
    ]
    started = subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ},
    )
    assert started.stdout is not None
    for line in started.stdout:
        if json.loads(line).get("dataset") == "slow":
            break
    time.sleep(0.3)  # it takes minutes
    started.send_signal(number)
    out, err = started.communicate(timeout=60)
    assert (started.returncode, err) == (130, ""), out
    last = json.loads(out.splitlines()[-1])
    assert (last["code"], last["cause"], last["remedy"]) == (
        "CDMQ507",
        "interrupted",
        "nothing was published",
    )
    assert [r[1] for r in runs(ran)] == ["fail", "interrupted"]
    assert ran.flags() == flags
    ran.write({"models/slow.sql": ""})
    assert ran.run().exit_code == 1
    assert not [r for r in ran.relations() if r.startswith("__cdmq_")]


@pytest.mark.server
@pytest.mark.parametrize("at", [2, 30, 31, 56])
def test_a_signal_while_a_statement_is_sent(
    make_world: Callable[[str], World], monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """It is sent, and nobody waits for its end: the connection is amid a statement."""
    world = make_world("postgres")
    prepare(world)
    sent, wait = itertools.count(1), psycopg.Connection.wait

    def cut(statement: Iterator[Any]) -> Iterator[Any]:
        for step in statement:
            yield step
            break
        raise KeyboardInterrupt

    def waiting(connection: Any, statement: Any, *words: Any, **named: Any) -> Any:
        if next(sent) == at:
            statement = cut(statement)
        return wait(connection, statement, *words, **named)

    def listen(event: str, value: object) -> None:
        if event == "start":
            monkeypatch.setattr(psycopg.Connection, "wait", waiting)

    with pytest.raises(Interrupted, match="nothing was published"):
        world.run(listen=listen)
    monkeypatch.undo()
    assert [r[1:3] for r in runs(world)] == [("interrupted", 130)]
    assert world.run().exit_code == 1
