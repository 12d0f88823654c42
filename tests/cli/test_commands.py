"""parse, compile, ls, debug, clean: what they print, their files and exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from small_project import Small, small

import cdmq
from cdmq.cli import main


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    return small(tmp_path, capsys)


PARSED = "small: 1 dataset, 9 validation rules, 1 default, 0 seeds, 0 unit tests"


def test_parse_needs_no_connection(project: Small) -> None:
    (project.root / "profiles.yml").unlink()
    told = project.told("parse")
    assert (told.code, told.out, told.err) == (0, f"{PARSED}\n", "")
    manifest = json.loads((project.root / "target/manifest.json").read_text("utf-8"))
    rule = manifest["nodes"]["rule.small.customers.credit_low"]
    assert (rule["original_file_path"], rule["line"]) == ("rules/customers.yml", 22)
    assert rule["expressions"] == {"must": "credit <= 500"}
    assert rule["depends_on"] == {"nodes": ["dataset.small.customers"]}
    assert "rule.small.customers.credit_low" in manifest["child_map"]["dataset.small.customers"]
    assert set(manifest["metadata"]) >= {
        "cdmq_schema_version",
        "cdmq_version",
        "generated_at",
        "invocation_id",
    }


def test_parse_says_all_problems_in_order_of_place(project: Small) -> None:
    project.swap(
        "rules/customers.yml",
        ("owner: stewards", "ownr: stewards"),
        ("must: credit <= 500", "must: credit <="),
    )
    told = project.told("parse")
    assert (told.code, told.out) == (2, "")
    assert told.err.splitlines() == [
        "rules/customers.yml:3:1: CDMQ113 unknown section 'ownr'; did you mean 'owner'?",
        "rules/customers.yml:24:11: CDMQ301 something is missing after '<=' (at column 10 of the "
        "SQL: credit <=); finish the expression",
    ]


def test_parse_checks_the_columns_that_are_known(project: Small) -> None:
    project.swap("rules/customers.yml", ("credit <= 500", "lower(credit) = 'x'"))
    told = project.told("parse")
    assert told.code == 2
    assert told.err == (
        "rules/customers.yml:24:11: CDMQ313 credit is a number; lower needs text (at column 7 of "
        "the SQL: lower(credit) = 'x'); write: credit::text\n"
    )
    project.swap("rules/customers.yml", ("lower(credit) = 'x'", "credti <= 500"))
    assert "CDMQ312" in project.told("parse").err  # the file is there, and has no such column
    project.swap("models/customers.yml", ("data/customers.csv", "data/later.csv"))
    assert project.told("parse").code == 0  # an undeclared column may be in the file
    project.swap("models/customers.yml", ("data/later.csv", "data/customers.csv"))
    project.swap("rules/customers.yml", ("credti <= 500", "credit <= 500"))
    assert project.told("compile", "-q").code == 0
    project.swap("models/customers.yml", ("data/customers.csv", "data/later.csv"))
    project.swap("rules/customers.yml", ("credit <= 500", "credti <= 500"))
    told = project.told("parse")
    assert told.code == 2
    assert "'credti'" in told.err
    assert "did you mean 'credit'?" in told.err
    assert "CDMQ432 warning: columns are as the last compile saw them" in told.err


def test_parse_warns_of_columns_that_are_not_known(project: Small) -> None:
    project.swap(
        "models/customers.yml",
        ("    columns: {credit: decimal, born: date}\n", ""),
        ("data/customers.csv", "data/later.csv"),
    )
    told = project.told("parse")
    assert told.code == 0
    assert told.err == (
        "catalog.json: CDMQ431 warning: the columns of customers are not known: they were not "
        "checked; run cdmq compile, or declare columns:\n"
    )


def test_compile_writes_the_sql(project: Small) -> None:
    told = project.told("compile")
    assert told.code == 0
    assert told.out.startswith("10 rules over 1 dataset\n")
    text = (project.root / "target/compiled/customers.sql").read_text("utf-8")
    assert "-- dataset customers (models/customers.yml:3:11)" in text
    assert '"customers__stage"' in text
    assert "500" in text
    catalog = json.loads((project.root / "target/catalog.json").read_text("utf-8"))
    assert catalog["datasets"]["customers"]["credit"] == "decimal"
    assert not [p for p in (project.root / "target").rglob(".*")]


def test_compile_takes_the_selected_rules_alone(project: Small) -> None:
    project.told("compile", "-s", "customers.email.email")
    text = (project.root / "target/compiled/customers.sql").read_text("utf-8")
    assert "flags of customers.email.email" in text
    assert "credit_low" not in text


def test_ls(project: Small) -> None:
    assert project.told("ls", "-s", "customers.email").out.splitlines() == [
        "customers.email.email",
        "customers.email.not_null",
    ]
    assert project.told("ls", "--resource-type", "dataset").out == "customers\n"
    assert project.told("ls", "-s", "rule:credit_low", "--output", "path").out == (
        "rules/customers.yml:22\n"
    )
    line = json.loads(project.told("ls", "-s", "credit_low", "--output", "json").out)
    assert line["unique_id"] == "rule.small.customers.credit_low"
    assert (line["severity"], line["why"]) == ("error", "More needs a guarantee.")


def test_select_takes_several_words_as_dbt_does(project: Small) -> None:
    out = project.told("ls", "-s", "credit_low", "status_form", "--exclude", "kind:defaults").out
    assert out == "credit_low\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("ls", "-s", "credit_lo"),
            "--select: CDMQ513 no rule or dataset is named 'credit_lo'; "
            "did you mean 'credit_low'?\n",
        ),
        (
            ("run", "-s", "zz*"),
            "--select: CDMQ510 nothing is selected by --select 'zz*'; try it with: "
            "cdmq ls, or say --allow-empty\n",
        ),
        (
            ("show", "custom"),
            "show: CDMQ513 no dataset is named 'custom'; did you mean 'customers'?\n",
        ),
        (
            ("show", "customers"),
            "models/customers.yml:3:11: CDMQ430 main.customers__clean is not in "
            "the warehouse; make it first: cdmq run\n",
        ),
        (
            ("run", "-t", "prod"),
            "profiles.yml:4:5: CDMQ402 the profile 'small' has no target 'prod'; known here: dev\n",
        ),
        (
            ("run", "--vars", "[1]"),
            "--vars: CDMQ501 --vars must be keys with values; write --vars '{name: value}'\n",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_line(project: Small, words: tuple[str, ...], said: str) -> None:
    told = project.told(*words)
    assert (told.code, told.out, told.err) == (2, "", said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("run", "--as-of", "soon"),
            "Invalid value for --as-of: 'soon' is no time: write 2026-11-01 or 2026-11-01T06:00:00",
        ),
        (
            ("run", "--as-of", "9999-12-31T23:00:00-12:00"),
            "Invalid value for --as-of: '9999-12-31T23:00:00-12:00' is no time in UTC",
        ),
        (
            ("run", "--fail-on", "warning"),
            "Invalid value for --fail-on: 'warning' is not known; did you mean 'warn'?",
        ),
        (
            ("ls", "--output", "jsn"),
            "Invalid value for --output: 'jsn' is not known; did you mean 'json'?",
        ),
        (("run", "--log-format", "xml"), "Invalid value for --log-format: 'xml' is not known"),
        (("run", "--bogus"), "No such option: --bogus"),
    ],
)
def test_wrong_usage_ends_with_2(project: Small, words: tuple[str, ...], said: str) -> None:
    told = project.told(*words)
    assert told.code == 2
    assert said in re.sub(r"\s+", " ", told.err)


def test_help_says_each_command_in_a_whole_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main(["--help"])
    lines = capsys.readouterr().out.partition("Commands:")[2].splitlines()
    assert len(lines) > 10
    assert not [line for line in lines if line.endswith("...")]


def test_debug(project: Small) -> None:
    told = project.told("debug")
    assert told.code == 0
    lines = told.out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["OK", "cdmq"],
        ["OK", "project"],
        ["OK", "profile"],
        ["OK", "connection"],
        ["OK", "rights"],
        ["OK", "register"],
    ]
    assert lines[2] == "OK    profile     small.dev, type duckdb (profiles.yml:4:10)"
    assert lines[0].startswith(f"OK    cdmq        {cdmq.__version__}, python ")


def test_debug_says_what_to_do(project: Small) -> None:
    (project.root / "profiles.yml").unlink()
    told = project.told("debug", "--profiles-dir", str(project.root))
    assert told.code == 2
    assert told.out.splitlines()[-2:] == [
        f"FAIL  profile     {project.root}/profiles.yml: CDMQ401 no profiles.yml was found",
        "      write one, or say where it is with --profiles-dir",
    ]


def test_clean_leaves_the_database_and_what_is_not_ours(project: Small) -> None:
    project.run()
    project.told("compile", "-q")
    project.write({"target/mine.txt": "keep", "target/compiled/mine.txt": "keep"})
    told = project.told("clean")
    assert told.code == 0
    left = {
        p.relative_to(project.root / "target").as_posix()
        for p in (project.root / "target").rglob("*")
        if p.is_file()
    }
    assert left == {"small.duckdb", "mine.txt", "compiled/mine.txt"}


def test_target_path(project: Small, tmp_path: Path) -> None:
    project.told("parse", "--target-path", str(tmp_path / "out"))
    assert (tmp_path / "out/manifest.json").is_file()
    assert not (project.root / "target").exists()


def test_flags_by_environment(
    project: Small, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CDMQ_SELECT", "credit_low")
    assert project.told("ls").out == "credit_low\n"
    assert project.told("ls", "-s", "status_form").out == "status_form\n"
    monkeypatch.setenv("CDMQ_TARGET", "prod")
    assert "no target 'prod'" in project.told("run").err
    assert project.told("run", "-t", "dev", "-q").code == 1


def test_no_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = Small(tmp_path, capsys).told("run")
    assert told.code == 2
    assert told.err == (
        f"{tmp_path}: CDMQ120 no cdmq_project.yml here or in a folder above; go to your project, "
        "name it with --project-dir, or make one with: cdmq init\n"
    )


def test_what_cdmq_does_wrong_is_a_line_and_a_log(
    project: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*words: object, **more: object) -> None:
        raise ZeroDivisionError("by hunter2")

    monkeypatch.setenv("DB_PASSWORD", "hunter2")
    monkeypatch.setattr("cdmq.api.ls", broken)
    told = project.told("ls")
    log = project.root / "target/cdmq.log"
    assert (told.code, told.out) == (2, "")
    assert told.err == (
        f"CDMQ500 cdmq itself failed: ZeroDivisionError: by *****; report this with {log}\n"
    )
    assert "Traceback" in log.read_text("utf-8")
    assert "hunter2" not in log.read_text("utf-8")
