"""kill -9 at random moments: the last good state stands, the next run equals one never killed.

python -m pytest -m slow tests/laws/test_kill.py     50 moments a warehouse, or CDMQ_KILLS
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from laws.small import small
from runner import AS_OF, ENGINES, Twin, World

from cdmq.problems import CdmqError

ROWS = 800
MODELS = """
version: 1
datasets:
  - name: crm
    file: data/crm.csv
    key: id
    columns: {age: integer, born: date}
    missing_values: [n/a]
  - {name: shop, file: data/shop.csv, key: id}
  - {name: both, stack: {crm: crm, shop: shop}, key: [source, id]}
"""
CRM = """
version: 1
dataset: crm
defaults:
  - {column: email, standardise: email, otherwise: {set: unavailable, reason: invalid}}
  - {column: city, standardise: whitespace}
validation:
  - {column: email, checks: [not_null, unique]}
  - {column: age, checks: [{accepted_range: {min: 0, max: 110}}]}
"""
BOTH = """
version: 1
dataset: both
validation:
  - {column: email, checks: [not_null, email, unique]}
  - {id: enough, check: row_count, min: 1}
matching:
  - {id: same_mail, same_if: [[email]], never_if_differs: [city]}
golden:
  - {id: best, from: same_mail, into: golden, pick: [longest]}
"""


def data(state: int) -> dict[str, str]:
    chance = random.Random(state)
    crm = ["id,email,city,age,born"]
    for i in range(ROWS + 50 * state):
        email = chance.choice([f"P{i}@x.de", f"p{i}@x.de", "n/a", "bad", f"p{i // 2}@x.de"])
        city = chance.choice(["Bonn", " Bonn", "New  York"])
        born = chance.choice(["1990-01-01", "x", ""])
        crm.append(f"{i},{email},{city},{chance.randint(-20, 130)},{born}")
    shop = ["id,email", *(f"{i},{chance.choice(['', f's{i}@y.de', 'bad'])}" for i in range(ROWS))]
    return {"data/crm.csv": "\n".join(crm) + "\n", "data/shop.csv": "\n".join(shop) + "\n"}


def prepare(world: World) -> None:
    world.write({"models/m.yml": MODELS, "rules/crm.yml": CRM, "rules/both.yml": BOTH, **data(1)})
    world.run()


def snapshot(world: World) -> dict[str, Any]:
    """All that a run leaves, without times; runs by their number."""
    runs = [r[0] for r in world.sql(f"SELECT run_id FROM {world.audit}.runs ORDER BY run_id")]
    number = {run: i for i, run in enumerate(runs, start=1)}

    def rows(table: str, columns: str) -> list[Any]:
        names = [*columns.split(), "from_run", "to_run"]
        found = world.audit_rows(table, names)
        return sorted([(*r[:-2], number[r[-2]], number.get(r[-1])) for r in found], key=repr)

    views = [
        f"{d}__{v}" for d in ("crm", "both") for v in ("clean", "defaulted", "flagged", "passed")
    ]
    return {
        "flags": rows("flags", "rule_id key column_name value state records closed_because"),
        "changes": rows(
            "changes",
            "rule_id key column_name old_value new_value act reason records closed_because",
        ),
        "xref": rows("xref", "rule_id key party_id closed_because"),
        "pairs": rows("pairs", "key_a key_b verdict closed_because"),
        "queue": rows("queue", "about key other why closed_because"),
        "cells": rows(
            "golden_cells", "party_id column_name value winner because losers closed_because"
        ),
        "events": sorted(
            (*r[:-1], number[r[-1]])
            for r in world.audit_rows("party_events", ("event", "party_id", "records", "run_id"))
        ),
        "versions": rows("rule_versions", "rule_id version meta_version"),
        "results": world.results(),
        **{v: world.view(v) for v in ["crm", "shop", "both", "golden", *views]},
    }


@contextmanager
def started(world: World) -> Iterator[subprocess.Popen[bytes]]:
    words = [
        sys.executable,
        "-m",
        "cdmq",
        "run",
        "--project-dir",
        str(world.root),
        "--as-of",
        AS_OF.isoformat(),
        "-q",
    ]
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=Path(__file__).parents[2]
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def server_is_done(world: World) -> None:
    """PostgreSQL notices within two seconds that its client is gone."""
    if world.engine != "postgres":
        return
    for _ in range(100):
        if not world.sql(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'cdmq' "
            "AND datname = current_database()"
        ):
            return
        time.sleep(0.1)
    raise AssertionError("the server still works for a client that is gone")


@pytest.fixture(scope="module")
def stage(made_once: Twin, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """For an engine: what copies a world before its second run; old and new state; its seconds."""
    kept: dict[str, Any] = {}

    def make(engine: str) -> Any:
        if engine not in kept:

            def copy() -> World:
                return world.twin(tmp_path_factory.mktemp("copy"))

            world = made_once(engine, prepare).twin(tmp_path_factory.mktemp("stage"))
            world.write(data(2))
            old, control = snapshot(world), copy()
            begun = time.monotonic()
            with started(control) as process:
                said = process.communicate()[0]
                assert process.returncode == 1, said.decode()
            seconds = time.monotonic() - begun
            new = snapshot(control)
            assert new["flags"] != old["flags"]
            assert new["crm"] != old["crm"]
            control.away()
            kept[engine] = copy, old, new, seconds
        return kept[engine]

    return make


def kill_once(stage: Any, part: float) -> str:
    copy, old, new, seconds = stage
    world = copy()
    with started(world) as process:
        time.sleep(part * seconds)
        ended = process.poll() is not None
        process.send_signal(signal.SIGKILL)
        process.wait()
        server_is_done(world)
        found = snapshot(world)
        assert found in (old, new), f"a mixture after {part:.3f} of it: {differing(found, old)}"
        state = "new" if found == new else "old"
    world.run(wait=20)
    assert snapshot(world) == new
    assert not [n for n in world.relations() if n.startswith("__cdmq")]
    world.away()
    return "ended" if ended else state


def differing(found: dict[str, Any], old: dict[str, Any]) -> list[str]:
    return [k for k in found if found[k] != old[k]]


def test_killed_once(stage: Any) -> None:
    kill_once(stage("duckdb"), 0.8)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_killed_at_three_moments(engine: str, stage: Any) -> None:
    for part in (0.55, 0.8, 0.92):
        kill_once(stage(engine), part)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_killed_at_random_moments(engine: str, stage: Any) -> None:
    times = int(os.environ.get("CDMQ_KILLS", "50"))
    seed = int(os.environ.get("CDMQ_KILL_SEED", "0")) or random.randrange(10**6)
    chance = random.Random(seed)
    told: dict[str, int] = {}
    for number in range(times):
        # Every second one late, where most is written.
        part = chance.uniform(0.75, 1.05) if number % 2 else chance.uniform(0.1, 1.05)
        try:
            state = kill_once(stage(engine), part)
        except AssertionError as error:
            raise AssertionError(f"CDMQ_KILL_SEED={seed}, moment {number}: {error}") from error
        told[state] = told.get(state, 0) + 1
    print(f"{engine}: {times} kills, seed {seed}: {told}")
    assert told.get("old"), "no kill came before the end"


# two runs at once ----------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from cdmq.api import parse
from cdmq.warehouses.connecting import connect
from cdmq.warehouses.profiles import read_target
project = parse(sys.argv[1])
warehouse = connect(read_target(project.root, project.config), project.root)
with warehouse.lock():
    print("held", flush=True)
    sys.stdin.readline()
warehouse.close()
"""


@contextmanager
def held(world: World) -> Iterator[Callable[[], None]]:
    """Another process that holds the warehouse, as a run does."""
    words = [sys.executable, "-c", HOLD, str(world.root)]
    with subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == "held\n"

        def let_go() -> None:
            process.stdin.write("\n")
            process.stdin.flush()

        try:
            yield let_go
        finally:
            if process.poll() is None:
                let_go()


def begin(world: World) -> None:
    small(world).run()


def test_two_runs_at_once_is_an_error(begun: World) -> None:
    with held(begun):
        with pytest.raises(CdmqError, match="CDMQ404") as told:
            begun.run()
        assert "another run holds the warehouse" in str(told.value)
        with started(begun) as process:
            said = process.communicate()[0].decode()
        assert process.returncode == 2, said
        assert "CDMQ404" in said
    assert begun.run().exit_code == 1


def test_wait_waits(begun: World) -> None:
    with held(begun) as let_go:
        threading.Timer(1.0, let_go).start()
        since = time.monotonic()
        begun.run(wait=20)
        assert time.monotonic() - since >= 0.9
