"""What ends a run has a code, in the log and in run_results.json; one cause is told once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from runner import World

import cdmq.api
import cdmq.cli
from cdmq.problems import CdmqError

MODELS = """
version: 1
datasets:
  - {name: a, table: people, key: id}
  - {name: b, table: people, key: id, missing_values: [x]}
  - {name: c, table: people, key: id, missing_values: [x]}
"""
RULES = """
version: 1
dataset: DATASET
validation: [{column: email, checks: [not_null]}]
"""


@pytest.fixture
def ready(world: World) -> World:
    world.table("people", {"id": "integer", "email": "text"}, [[1, "x"], [2, None]])
    world.write(
        {"models/m.yml": MODELS, **{f"rules/{d}.yml": RULES.replace("DATASET", d) for d in "abc"}}
    )
    return world


def logged(world: World, capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    with pytest.raises(SystemExit) as end:
        cdmq.cli.main(["run", "--log-format", "json", "--project-dir", str(world.root), *words])
    assert end.value.code == 2
    out, err = capsys.readouterr()
    assert err == ""
    return [json.loads(line) for line in out.splitlines()]


def kept(world: World) -> list[str]:
    content = json.loads((world.root / "target/run_results.json").read_text("utf-8"))
    assert content["args"]["exit_code"] == 2
    return [p["code"] for p in content["problems"]]


def test_a_broken_project(ready: World, capsys: pytest.CaptureFixture[str]) -> None:
    ready.write({"rules/a.yml": "dataset: a\nvalidaton: []\nx: ["})
    (problem,) = logged(ready, capsys)
    assert (problem["event"], problem["code"], problem["file"]) == (
        "problem",
        "CDMQ101",
        "rules/a.yml",
    )
    assert kept(ready) == ["CDMQ101"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--slect", "a"], "CDMQ506"),
        (["--threads", "x"], "CDMQ506"),
        (["-s", "nope"], "CDMQ513"),
        (["--as-of", "x"], "CDMQ506"),
        (["-t", "nope"], "CDMQ402"),
        (["--vars", "["], "CDMQ101"),
    ],
)
def test_usage(
    ready: World, capsys: pytest.CaptureFixture[str], words: list[str], code: str
) -> None:
    assert [p["code"] for p in logged(ready, capsys, *words)] == [code]


def test_the_environment_asks_for_the_log(
    ready: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDMQ_LOG_FORMAT", "json")
    with pytest.raises(SystemExit):
        cdmq.cli.main(["run", "--project-dir", str(ready.root), "-s", "nope"])
    assert json.loads(capsys.readouterr().out)["code"] == "CDMQ513"


def test_a_server_that_is_not_there(ready: World, capsys: pytest.CaptureFixture[str]) -> None:
    ready.write(
        {
            "profiles.yml": json.dumps(
                {
                    "world": {
                        "target": "it",
                        "outputs": {
                            "it": {
                                "type": "postgres",
                                "host": "127.0.0.1",
                                "port": 1,
                                "dbname": "x",
                                "retries": 0,
                            }
                        },
                    }
                }
            )
        }
    )
    assert [p["code"] for p in logged(ready, capsys)] == ["CDMQ403"]
    assert kept(ready) == ["CDMQ403"]


def test_a_lock(ready: World, capsys: pytest.CaptureFixture[str]) -> None:
    codes = []

    def inside(event: str, value: object) -> None:
        if event == "start":
            codes.extend(p["code"] for p in logged(ready, capsys))

    ready.run(listen=inside)
    assert codes == ["CDMQ404"]


def test_a_rule_that_cannot_be_run(ready: World, capsys: pytest.CaptureFixture[str]) -> None:
    ready.write({"rules/a.yml": RULES.replace("DATASET", "a").replace("email", "phone")})
    events = logged(ready, capsys)
    assert {e["code"] for e in events if e.get("status") == "error" or e["event"] == "problem"}
    assert all(e["code"].startswith("CDMQ") for e in events if e.get("status") == "error")


def test_a_lost_connection_is_told_once(make_world: Callable[..., World]) -> None:
    world = make_world("postgres")
    world.table("people", {"id": "integer", "email": "text"}, [[1, "x"], [2, None]])
    world.write(
        {"models/m.yml": MODELS, **{f"rules/{d}.yml": RULES.replace("DATASET", d) for d in "abc"}}
    )
    world.run()
    before = world.flags()

    def cut(event: str, value: object) -> None:
        if event == "dataset" and getattr(value, "name", "") == "b":
            with psycopg.connect(world.uri, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                    "application_name = 'cdmq' AND pid <> pg_backend_pid()"
                )

    with pytest.raises(CdmqError) as told:
        world.run(listen=cut)
    (problem,) = told.value.problems
    assert problem.code == "CDMQ421"
    assert "terminating connection" in problem.cause
    assert "nothing was published" in problem.remedy
    assert world.flags() == before
    assert not world.run().failed


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
def test_a_full_disk_is_told_once(make_world: Callable[..., World]) -> None:
    """A file that may not grow stands for a disk without space."""
    world = make_world("duckdb")
    world.table("people", {"id": "integer", "email": "text"}, [[1, "x"], [2, None]])
    world.write(
        {"models/m.yml": MODELS, **{f"rules/{d}.yml": RULES.replace("DATASET", d) for d in "abc"}}
    )
    world.run()
    before = world.flags()
    world.sql("INSERT INTO people SELECT i, md5(i::text) FROM range(3, 400000) AS t (i)")
    size = os.path.getsize(world.root / "world.duckdb")
    limited = (
        "import resource, signal, sys, cdmq.cli\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
        f"cdmq.cli.main(['run', '--project-dir', {str(world.root)!r}])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=Path(cdmq.api.__file__).parents[1],
    )
    assert done.returncode == 2, done.stdout
    assert done.stderr.count("CDMQ421") == 1, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert world.flags() == before
    assert not world.run().failed
