"""The parse cache: warm where nothing has changed, never stale."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from small_project import Small, small

import cdmq.commands.cache

REPOSITORY = Path(__file__).resolve().parents[2]
HEAVY = ("pydantic", "sqlglot", "jinja2", "yaml", "duckdb", "typer", "rich")


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    found = small(tmp_path, capsys)
    found.write(
        {
            "seeds/codes.csv": "code\nDE\n",
            "macros/m.sql": "{% macro m() %}1{% endmacro %}",
            "models/extra.sql": "select id from {{ ref('customers') }}",
        }
    )
    return found


def warm(project: Small, *words: str) -> bool:
    told = project.told("parse", *words)
    assert told.code == 0, told.err
    return told.out.endswith("(nothing has changed)\n")


def test_the_second_parse_is_warm_and_says_the_same(project: Small) -> None:
    project.swap(
        "models/customers.yml",
        ("    columns: {credit: decimal, born: date}\n", ""),
        ("file: data/customers.csv", "table: customers"),
    )
    first, second = project.told("parse"), project.told("parse")
    assert second.out == first.out.replace("\n", " (nothing has changed)\n")
    assert second.err == first.err != ""
    assert not warm(project, "--no-partial-parse")


CHANGES: list[Callable[[Small], object]] = [
    lambda p: p.swap("rules/customers.yml", ("We write to them", "We write to us")),
    lambda p: p.swap("models/customers.yml", ("n/a", "N/A")),
    lambda p: p.swap("cdmq_project.yml", ("rule-paths", "version: 2.0\nrule-paths")),
    lambda p: p.write({"seeds/codes.csv": "code\nAT\n"}),
    lambda p: p.write({"seeds/more.csv": "code\nAT\n"}),
    lambda p: p.write({"macros/m.sql": "{% macro m() %}2{% endmacro %}"}),
    lambda p: p.write({"models/extra.sql": "select 1 as id from {{ ref('customers') }}"}),
    lambda p: p.write(
        {
            "rules/deep/down/new.yml": "dataset: customers\n"
            "validation: [{column: status, checks: [not_null]}]\n"
        }
    ),
    lambda p: p.write(
        {
            "unit_tests/new.yml": "unit_tests:\n- {name: n, rule: credit_low, "
            "given: {}, expect: {flags: []}}\n"
        }
    ),
    lambda p: (p.root / "seeds/codes.csv").rename(p.root / "seeds/kodes.csv"),
    lambda p: (p.root / "models/extra.sql").unlink(),
    lambda p: p.write(
        {
            "target/catalog.json": json.dumps(
                {
                    "datasets": {
                        "customers": {
                            "id": "text",
                            "email": "text",
                            "status": "text",
                            "credit": "decimal",
                            "born": "date",
                            "notes": "text",
                        }
                    }
                }
            )
        }
    ),
    lambda p: p.swap("data/customers.csv", ("born,notes\n", "born,notes,more\n")),
    lambda p: p.swap("data/customers.csv", ("credit,born,notes\n", "born,credit,notes\n")),
    lambda p: (p.root / "data/customers.csv").unlink(),
    lambda p: p.write({"target/manifest.json": "{}"}),
    lambda p: (p.root / "target/manifest.json").unlink(),
    lambda p: p.write({"target/parse_cache.json": "not ours"}),
    lambda p: p.write({"target/parse_cache.json": "[]"}),
]


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_a_change_is_seen(project: Small, number: int) -> None:
    project.told("parse")
    assert warm(project)
    CHANGES[number](project)
    assert not warm(project)
    assert warm(project)


def test_a_file_with_the_same_size_and_time_is_read_again(project: Small) -> None:
    file = project.root / "rules/customers.yml"
    project.told("parse")
    times = file.stat()
    project.swap("rules/customers.yml", ("<= 500", "<= 501"))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert not warm(project)


def test_rows_of_a_file_are_not_read(project: Small) -> None:
    project.told("parse")
    project.swap("data/customers.csv", ("jo@@x", "jo@x"))
    assert warm(project)


def test_a_file_that_comes_into_a_pattern_is_seen(project: Small) -> None:
    project.swap("models/customers.yml", ("file: data/customers.csv", "file: data/c*.csv"))
    project.told("parse")
    assert warm(project)
    project.write({"data/c2.csv": "id,other\n1,x\n"})
    assert not warm(project)


def test_a_new_column_of_a_file_needs_no_compile(project: Small) -> None:
    """The header counts, not the catalog of the last run."""
    (project.root / "models/extra.sql").unlink()
    project.run()
    project.swap("data/customers.csv", ("born,notes\n", "born,remarks\n"))
    project.swap("models/customers.yml", ("notes: omit", "remarks: omit"))
    project.swap("rules/customers.yml", ("must: credit <= 500", "must: remarks is null"))
    assert project.told("parse").code == 0
    project.swap("rules/customers.yml", ("must: remarks is null", "must: notes is null"))
    told = project.told("parse")
    assert told.code == 2
    assert "CDMQ203" in told.err or "CDMQ31" in told.err
    assert "CDMQ432" not in told.err


def test_vars_and_target_are_part_of_the_key(project: Small, tmp_path: Path) -> None:
    project.told("parse")
    assert not warm(project, "--vars", "{a: b}")
    assert warm(project, "--vars", "{a: b}")
    assert not warm(project, "--vars", "{a: c}")
    assert not warm(project, "--target-path", str(tmp_path / "other"))


def test_cdmq_and_what_is_installed_are_part_of_the_key(
    project: Small, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project.told("parse")
    assert warm(project)
    (tmp_path / "site/sqlglot-99.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    assert not warm(project)
    assert warm(project)
    monkeypatch.setattr(cdmq.commands.cache, "FORMAT", 99)
    assert not warm(project)


def test_problems_are_not_cached(project: Small) -> None:
    project.told("parse")
    project.swap("rules/customers.yml", ("<= 500", "<="))
    assert project.told("parse").code == project.told("parse").code == 2
    project.swap("rules/customers.yml", ("must: credit <=", "must: credit <= 500"))
    assert warm(project)  # the files are again what the stored parse read


def test_what_changes_while_it_is_read_is_not_stored(
    project: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cdmq.commands.parse

    read = cdmq.commands.parse.read

    def slow(*words: object) -> object:
        found = read(*words)  # type: ignore[arg-type]
        project.swap("rules/customers.yml", ("<= 500", "<= 501"))
        return found

    monkeypatch.setattr(cdmq.commands.parse, "read", slow)
    project.told("parse")
    monkeypatch.undo()
    project.swap("rules/customers.yml", ("<= 501", "<= 500"))
    assert not warm(project)


def loaded(project: Small, *words: str) -> set[str]:
    """The heavy modules that a command loads, in a process of its own."""
    code = (
        "import sys, os\nimport cdmq.cli\n"
        f"heavy = lambda: [m for m in {HEAVY!r} if m in sys.modules]\n"
        "os._exit = lambda code: print(*heavy(), file=sys.stderr)\n"
        f"sys.argv[1:] = {list(words)!r}\ncdmq.cli.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project.root,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        check=False,
    )
    return set(done.stderr.splitlines()[-1].split())


def test_what_is_loaded(project: Small) -> None:
    assert loaded(project, "--help") == {"typer"}
    assert "sqlglot" not in loaded(project, "run", "--help")
    assert loaded(project, "--version") <= {"typer", "pydantic"}
    loaded(project, "parse")
    assert loaded(project, "parse") == set()


def test_a_first_parse_loads_no_engine(project: Small) -> None:
    project.write(
        {
            "rules/people.yml": """
version: 1
dataset: customers
matching: [{id: same, same_if: [[email]]}]
"""
        }
    )
    assert "duckdb" not in loaded(project, "parse", "--no-partial-parse")
    assert "1 matching rule" in project.told("parse").out
