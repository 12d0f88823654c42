"""run and test: the report, the log, run_results.json, selection, exit codes, locks, Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from shared_runs import once
from small_project import Small, small

REPOSITORY = Path(__file__).resolve().parents[2]
AS_OF = ("--as-of", "2026-11-01")

REPORT = """\
cdmq run: target small.dev (duckdb), as of 2026-11-01 00:00:00 UTC, run ID
TIME   1 of 10  PASS     customers.lines
TIME   2 of 10  PASS     customers.delivered
TIME   3 of 10  PASS     status_form  1 cell changed
TIME   4 of 10  FAIL     customers.email.not_null  1 of 3 (33.33%)
TIME   5 of 10  FAIL     customers.email.email  1 of 2 (50.00%)
TIME   6 of 10  FAIL     customers.status.accepted_values  1 of 3 (33.33%)
TIME   7 of 10  WARN     credit_low  1 of 3 (33.33%)
TIME   8 of 10  PASS     customers.credit.readable
TIME   9 of 10  PASS     customers.born.readable
TIME  10 of 10  PASS     customers.key

ERROR  conformity  2 rules, 2 flags
  customers.email.email                     1 of 2 (50.00%)
      stewards, rules/customers.yml:14
      keys: 3
  customers.status.accepted_values          1 of 3 (33.33%)
      stewards, rules/customers.yml:19
      keys: 2
ERROR  completeness  1 rule, 1 flag
  customers.email.not_null                  1 of 3 (33.33%)
      stewards, rules/customers.yml:14
      keys: 2
WARN  consistency  1 rule, 1 flag
  credit_low                                1 of 3 (33.33%)
      stewards, rules/customers.yml:22
      keys: 2

CHANGED CELLS  1 default, 1 cell
  status_form          1  standardise customers.status

flags: 4 opened, 0 closed; changes: 1 opened, 0 closed; rule versions: 10 new
Results: ROOT/target/run_results.json
Records: ROOT/target/small.duckdb

Done in N s. PASS=6 WARN=1 FAIL=3 NO_DATA=0 SKIPPED=0 ERROR=0 TOTAL=10
"""


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


def stable(text: str, project: Small) -> str:
    """The report without what changes from run to run."""
    text = text.replace(str(project.root), "ROOT")
    text = re.sub(r"run \d{8}T\d{9}-\w{6}", "run ID", text)
    text = re.sub(r"(?m)^\d\d:\d\d:\d\d", "TIME", text)
    return re.sub(r"Done in [\d.]+ s", "Done in N s", text)


def results(project: Small) -> dict[str, Any]:
    content = json.loads((project.root / "target/run_results.json").read_text("utf-8"))
    return {r["unique_id"].split(".", 3)[3]: r for r in content["results"]}


def flags(project: Small) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(project.root / "target/small.duckdb"), read_only=True) as connection:
        return connection.execute(
            "select rule_id, key, closed_because from cdmq.flags order by all"
        ).fetchall()


def test_the_report(project: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = project.told("run", *AS_OF)
    assert (told.code, told.err) == (1, "")
    assert stable(told.out, project) == REPORT
    assert max(map(len, stable(told.out, project).splitlines())) <= 80


def test_a_wide_report_says_owner_and_place_on_the_line(
    project: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    out = project.told("run", *AS_OF).out
    assert (
        "  customers.email.email                     1 of 2 (50.00%)             stewards, "
        "rules/customers.yml:14\n      keys: 3\n"
    ) in out


def test_values_and_control_characters_stay_out(project: Small) -> None:
    project.swap("data/customers.csv", ("3,jo@@x", "\x1b[31m3,jo@@x"))
    out = project.told("run", *AS_OF).out
    assert "\x1b" not in out
    assert "jo@@x" not in out
    assert "keys: �[31m3" in out


def test_quiet_shows_what_fails_alone(project: Small) -> None:
    told = project.told("run", "-q", *AS_OF)
    assert stable(told.out, project) == "".join(
        line for line in REPORT.splitlines(True) if "  FAIL  " in line
    )


def test_a_broken_dataset_is_told_once_in_the_lines(project: Small) -> None:
    project.swap("models/customers.yml", ("data/customers.csv", "data/custmers.csv"))
    lines = project.told("run", *AS_OF).out.splitlines()
    rules = [line for line in lines if "  ERROR  " in line and " of " in line]
    assert len(rules) > 1
    assert ["CDMQ121" in line for line in rules] == [True, *[False] * (len(rules) - 1)]
    assert rules[-1].endswith("  dataset customers: as above")


def test_json_log(project: Small) -> None:
    told = project.told("run", "--log-format", "json", *AS_OF)
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert all({"ts", "level", "event"} <= set(line) for line in lines)
    assert [line["event"] for line in lines] == ["start", "dataset", *["rule"] * 10, "end"]
    rule = next(line for line in lines if line.get("rule") == "customers.email.email")
    assert (rule["level"], rule["failing"], rule["judged"], rule["sample_keys"]) == (
        "error",
        1,
        2,
        ["3"],
    )
    assert lines[-1]["opened"] == {"flags": 4, "changes": 1}
    assert lines[-1]["exit_code"] == told.code == 1


def test_run_results(ran: Small) -> None:
    found = results(ran)["customers.email.email"]
    assert {
        k: found[k]
        for k in (
            "status",
            "failures",
            "rows_tested",
            "rows_judged",
            "failures_percent",
            "waived",
            "severity",
            "owner",
            "dimension",
            "file",
            "line",
            "sample_keys",
            "compiled",
            "relation_name",
        )
    } == {
        "status": "fail",
        "failures": 1,
        "rows_tested": 3,
        "rows_judged": 2,
        "failures_percent": 50.0,
        "waived": 0,
        "severity": "error",
        "owner": "stewards",
        "dimension": "conformity",
        "file": "rules/customers.yml",
        "line": 14,
        "sample_keys": ["3"],
        "compiled": True,
        "relation_name": "main.customers__stage",
    }
    assert [t["name"] for t in found["timing"]] == ["execute"]
    assert len(found["rule_version"]) == 64
    assert results(ran)["status_form"]["cells_changed"] == 1


def test_compiled_code_finds_the_same_rows(ran: Small) -> None:
    found = {name: r for name, r in results(ran).items() if r["kind"] == "validation"}
    with duckdb.connect(str(ran.root / "target/small.duckdb"), read_only=True) as connection:
        assert {n for n, r in found.items() if r["compiled_code"] is None} == {
            "customers.delivered",
            "customers.lines",
        }  # counted, not asked by SQL
        for name, r in found.items():
            if r["compiled_code"] is None:
                continue
            rows = connection.execute(r["compiled_code"]).fetchall()
            assert len(rows) == r["failures"], name


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 1),
        (("--fail-on", "never"), 0),
        (("--fail-on", "error"), 1),
        (("-s", "credit_low"), 0),
        (("-s", "credit_low", "--fail-on", "warn"), 1),
        (("-s", "credit_low", "--fail-on", "warn,no_data"), 1),
        (("-s", "customers.born.readable"), 0),
        (("-s", "zz*", "--allow-empty"), 0),
    ],
)
def test_exit_codes(project: Small, words: tuple[str, ...], code: int) -> None:
    assert project.told("run", "-q", *AS_OF, *words).code == code


def test_no_data_is_not_green(project: Small) -> None:
    head = (project.root / "data/customers.csv").read_text("utf-8").splitlines()[0]
    project.write({"data/customers.csv": head + "\n"})
    assert project.told("run", "-q", *AS_OF).code == 0
    assert results(project)["customers.email.email"]["status"] == "no_data"
    assert project.told("run", "-q", "--fail-on", "no_data", *AS_OF).code == 1


def test_build_is_run(project: Small) -> None:
    assert project.told("build", "-q", *AS_OF).code == 1
    assert len(flags(project)) == 4


def test_selection_leaves_the_other_rules_alone(ran: Small) -> None:
    before = flags(ran)
    ran.swap("data/customers.csv", ("2,n/a", "2,eve@example.com"), ("jo@@x", "jo@example.com"))
    told = ran.told("run", "-s", "customers.email.not_null", *AS_OF)
    assert told.code == 0
    assert "PASS=3 WARN=0 FAIL=0 NO_DATA=0 SKIPPED=7" in told.out
    assert results(ran)["customers.email.email"]["message"] == "not selected"
    after = flags(ran)
    assert len(before) == len(after) == 4
    assert [f for f in after if f[2]] == [("customers.email.not_null", "2", "fixed")]


def test_a_rule_that_is_gone_is_closed_by_a_whole_run_alone(ran: Small) -> None:
    ran.swap("rules/customers.yml", ("checks: [not_null, email]", "checks: [not_null]"))
    ran.told("run", "-s", "credit_low", *AS_OF)
    assert ("customers.email.email", "3", None) in flags(ran)
    ran.told("run", *AS_OF)
    assert ("customers.email.email", "3", "rule_removed") in flags(ran)


def test_datasets_that_are_not_selected_are_not_looked_at(project: Small) -> None:
    project.write({"models/more.yml": "datasets:\n  - {name: gone, table: not.there, key: id}\n"})
    told = project.told("run", "-q", *AS_OF)
    assert told.code == 2
    assert "\nCOULD NOT BE RUN\n  dataset gone: models/more.yml:2:12: CDMQ204 the table " in (
        told.out
    )
    assert project.told("run", "-q", "-s", "customers", *AS_OF).code == 1


def test_fail_fast(project: Small) -> None:
    project.write(
        {
            "models/more.yml": "datasets:\n  - {name: more, file: data/customers.csv, key: id}\n",
            "rules/more.yml": "dataset: more\nvalidation:\n  - {column: id, checks: [not_null]}\n",
        }
    )
    told = project.told("run", "-x", *AS_OF)
    assert told.code == 1
    assert results(project)["more.id.not_null"]["message"] == "not run: --fail-fast"


def test_test_before_a_run(project: Small) -> None:
    told = project.told("test", *AS_OF)
    assert told.code == 2
    assert told.err.startswith(
        "models/customers.yml:3:11: CDMQ430 main.customers is not in the "
        "warehouse; make it first: cdmq run\n"
    )


def test_test_judges_what_was_made(ran: Small) -> None:
    project = ran
    before = flags(project)
    project.swap("data/customers.csv", ("jo@@x", "jo@example.com"))
    told = project.told("test", *AS_OF)
    assert told.code == 1
    assert flags(project) == before
    assert results(project)["status_form"]["status"] == "skipped"
    assert results(project)["customers.email.email"]["failures"] == 1


def test_test_says_when_the_rules_need_another_stage(ran: Small) -> None:
    ran.swap("rules/customers.yml", ("must: credit <= 500", "must: raw(email) is not null"))
    told = ran.told("test", *AS_OF)
    assert told.code == 2
    assert told.err == (
        "models/customers.yml:3:11: CDMQ430 main.customers__stage was made by "
        "other rules: it has no column '__raw_email'; make it first: cdmq run\n"
    )


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


def command(project: Small, *words: str) -> list[str]:
    return [sys.executable, "-m", "cdmq", *words, "--project-dir", str(project.root)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY)}


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
