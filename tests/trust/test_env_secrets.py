"""What env_var() gave is secret wherever it came from, and a short one garbles no text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from runner import World

from cdmq.cli import main
from cdmq.problems import CdmqError
from cdmq.project.spec import ProjectFile
from cdmq.warehouses._secrets import scrub_given
from cdmq.warehouses.profiles import Target, read_target

PROFILE = """\
p:
  target: dev
  outputs:
    dev:
      type: postgres
      host: "{{ env_var('PG_HOST') }}"
      user: "{{ env_var('PG_USER') }}"
      password: "{{ env_var('PG_PASS_X') }}"
      dbname: "{{ env_var('PG_DB', 'postgres') }}"
      pii_secret: "{{ env_var('PII_KEY_X') }}"
"""
SAID = {
    "PG_HOST": "db7.internal.example",
    "PG_USER": "cdmq",
    "PG_PASS_X": "p@ss/w:rd",
    "PII_KEY_X": "a",
}


def target(tmp_path: Path, **more: str) -> Target:
    (tmp_path / "profiles.yml").write_text(PROFILE)
    return read_target(tmp_path, ProjectFile(name="p"), environment={**SAID, **more})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no route to db7.internal.example:5432", "no route to *****:5432"),
        ("postgres://cdmq:p%40ss%2Fw%3Ard@x/y", "postgres://cdmq:*****@x/y"),
        ('FATAL: no role "cdmq" exists', 'FATAL: no role "*****" exists'),
        ("try: cdmq run; a table of cdmq__stage", "try: cdmq run; a table of cdmq__stage"),
        ("option user=cdmq, pii_secret=a", "option user=*****, pii_secret=*****"),
        ("pii_secret: 'a' is short", "pii_secret: '*****' is short"),
        ("a bar at a place", "a bar at a place"),
        ("database postgres", "database postgres"),  # a default of the file is no secret
    ],
)
def test_scrubbed(tmp_path: Path, text: str, shown: str) -> None:
    assert target(tmp_path).scrub(text) == shown


def test_the_name_of_the_variable_does_not_matter(tmp_path: Path) -> None:
    found = target(tmp_path, PG_DB="warehouse_of_anna")
    assert found.scrub("no database warehouse_of_anna") == "no database *****"
    assert "a" in found.secrets
    assert "p@ss/w:rd" not in repr(found.options)


def test_a_wrong_option_does_not_tell_it(tmp_path: Path) -> None:
    (tmp_path / "profiles.yml").write_text(PROFILE + "      port: \"{{ env_var('PG_PORT_X') }}\"\n")
    with pytest.raises(CdmqError) as told:
        read_target(
            tmp_path, ProjectFile(name="p"), environment={**SAID, "PG_PORT_X": "verysecretport"}
        )
    assert "verysecretport" not in str(told.value)


def test_the_name_of_an_engine_is_no_secret_but_as_a_password(tmp_path: Path) -> None:
    said = "connection postgres 16.4, schema quality"
    assert target(tmp_path, PG_DB="postgres").scrub(said) == said
    (tmp_path / "own").mkdir()
    assert "postgres" not in target(tmp_path / "own", PG_PASS_X="postgres").scrub(
        "no entry for x:postgres@host"
    )


def test_a_failure_of_cdmq_itself_tells_none_of_it(tmp_path: Path) -> None:
    """By what env_var() gave, not by how the variable is called."""
    target(tmp_path, PG_DB="warehouse_of_anna")
    assert scrub_given("KeyError: 'warehouse_of_anna'") == "KeyError: '*****'"


@pytest.mark.parametrize(
    "secret",
    [
        "sekret_schema",
        'sekret "x" y',
        "sekret 'x' y",
        "sekret\\x y",
        "sekret\tx\ny",
        "sekret\x1b ö",
    ],
)
def test_what_is_shown_and_kept_of_a_schema(
    make_world: Callable[[str], World],
    secret: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its letters are written otherwise in SQL, in JSON and in messages: nowhere do they stand."""
    world = make_world("duckdb")
    monkeypatch.setenv("WHERE_IT_IS", secret)
    world.write(
        {
            "profiles.yml": json.dumps(
                {
                    "world": {
                        "target": "it",
                        "outputs": {
                            "it": {
                                "type": "duckdb",
                                "path": "world.duckdb",
                                "schema": "{{ env_var('WHERE_IT_IS') }}",
                            }
                        },
                    }
                }
            ),
            "data/p.csv": "id,mail\n1,\n2,a@x.org\n",
            "models/m.yml": "version: 1\ndatasets:\n  - {name: p, file: data/p.csv, key: id}\n",
            "rules/r.yml": "version: 1\ndataset: p\nvalidation:\n"
            "  - {column: mail, checks: [not_null]}\n",
        }
    )
    told = ""
    for words, code in (
        (["show", "p"], 2),
        (["debug"], 0),
        (["run"], 1),
        (["debug"], 0),
        (["show", "p"], 0),
        (["explain", "--record", "1"], 0),
        (["run", "--log-format", "json"], 1),
        (["debug", "--adopt", "x"], 2),
    ):
        with pytest.raises(SystemExit) as end:
            main([*words, "--project-dir", str(world.root)])
        assert end.value.code == code, words
        told += "".join(capsys.readouterr())
    assert "sekret" not in told
    assert "*****" in told
    kept = (world.root / "target" / "run_results.json").read_text("utf-8")
    assert "sekret" not in kept
    assert "*****" in json.loads(kept)["results"][-1]["relation_name"]
