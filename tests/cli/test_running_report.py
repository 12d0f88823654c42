"""What run prints: the report, what stays out of it, the log as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ran_small import AS_OF, stable
from small_project import Small, small

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
