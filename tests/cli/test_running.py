"""run, build and test: selection, run_results.json, exit codes."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from ran_small import AS_OF, flags, results
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
