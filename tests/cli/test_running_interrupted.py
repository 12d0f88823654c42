"""A run that finds the warehouse held, and a run that is interrupted."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ran_small import AS_OF, command, environment, flags
from shared_runs import once
from small_project import Small, small


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    found = small(tmp_path, capsys)
    found.swap("rules/customers.yml", ("credit <= 500", "credit <= 500\n    severity: warn"))
    return found


@pytest.fixture
def ran(project: Small, tmp_path_factory: pytest.TempPathFactory) -> Small:
    """The project after its first run, which is made once."""

    def make(folder: Path) -> None:
        project.run()
        shutil.copytree(project.root, folder, dirs_exist_ok=True)

    folder, _ = once(tmp_path_factory, "small_run", make)
    shutil.copytree(folder, project.root, dirs_exist_ok=True)
    return project


def test_a_held_warehouse(project: Small) -> None:
    file = project.root / "target/small.duckdb"
    file.parent.mkdir()
    hold = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); "
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        told = project.told("run", *AS_OF)
        assert told.code == 2
        assert "CDMQ404 another run holds the warehouse" in told.err
        assert "wait for it to end, or say --wait" in told.err
        waiting = subprocess.Popen(
            command(project, "run", "-q", "--wait", *AS_OF), env=environment()
        )
        time.sleep(1)
        assert waiting.poll() is None
        other.terminate()
    assert waiting.wait(60) == 1


SLOW = """\
{{ config(materialized='table') }}
select count(*) as id from {{ ref('customers') }} a, {{ ref('customers') }} b,
{{ ref('customers') }} c, {{ ref('customers') }} d
where md5(a.id || b.id || c.id || d.id) like 'xx%'
"""


def test_an_interrupt_after_publish_says_that_it_was_published(
    project: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*words: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cdmq.reports.artifacts.write_results", interrupted)
    told = project.told("run", "-q", *AS_OF)
    assert (told.code, told.err) == (
        130,
        "interrupted; the run was published before; what it writes to the target folder may lack\n",
    )
    assert flags(project)


def test_ctrl_c_ends_with_130_and_publishes_nothing(ran: Small) -> None:
    before = flags(ran)
    rows = "".join(f"{i},a@example.com,active,1,1990-01-01,\n" for i in range(4, 1000))
    with (ran.root / "data/customers.csv").open("a", encoding="utf-8") as file:
        file.write(rows)
    ran.write({"models/slow.sql": SLOW})
    started = subprocess.Popen(
        command(ran, "run", "--log-format", "json", *AS_OF),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    for line in started.stdout:
        if json.loads(line).get("dataset") == "slow":
            break
    time.sleep(0.3)  # it takes minutes
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=20)
    assert started.returncode == 130
    assert err == ""
    (last,) = map(json.loads, out.splitlines())
    assert (last["code"], last["cause"], last["remedy"]) == (
        "CDMQ507",
        "interrupted",
        "nothing was published",
    )
    assert flags(ran) == before
    (ran.root / "models/slow.sql").unlink()
    assert ran.told("run", "-q", *AS_OF).code == 1
