"""What a rule's results hang on beside its own words: models, macros, data; and --vars of runs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from gitted import Gitted, ran
from runner import World

from cdmq.cli import main
from cdmq.explaining.history import history
from cdmq.explaining.upstream import DataChange

RULE = "rich.status.not_null"


@pytest.fixture
def project(tmp_path: Path) -> Gitted:
    """After its first run."""
    return ran(tmp_path)


def told(project: Gitted, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main([*words, "--project-dir", str(project.root)])
    return capsys.readouterr().out


def test_a_changed_model_is_seen_in_every_rule_below(
    project: Gitted, capsys: pytest.CaptureFixture[str]
) -> None:
    by = project.commit(
        "Bo",
        ("models/rich.sql", "select id, status", "select id, nullif(status, 'Activ') as status"),
    )
    after = project.run()
    (version,) = history(project.root, RULE).versions
    (change,) = version.models
    assert (change.dataset, change.author, change.commit, change.run) == (
        "rich",
        "Bo <bo@example.com>",
        by[:10],
        after,
    )
    assert (change.found_before, change.found_after) == (0, 1)
    assert change.changed == (
        "- select id, status from customers where not (credit <= 500)",
        "+ select id, nullif(status, 'Activ') as status from customers where not (credit <= 500)",
    )
    assert history(project.root, "mail").versions[0].models == ()
    out = told(project, capsys, "history", RULE)
    assert "    rich changed, from which its records come, not the rule\n" in out
    assert "        author   Bo <bo@example.com>\n" in out
    assert "        found    1, before it 0\n" in out


def test_a_macro_in_a_model_counts_layout_and_comments_do_not(project: Gitted) -> None:
    project.commit("Bo", ("models/rich.sql", "select id,", "-- who spends\nselect   id,"))
    project.run()
    assert history(project.root, RULE).versions[0].models == ()
    project.commit("Cleo", ("macros/words.sql", "<=", "<"))
    project.run()
    (change,) = history(project.root, RULE).versions[0].models
    assert change.author == "Cleo <cleo@example.com>"
    assert project.rows("SELECT count(*), count(to_run) FROM cdmq.model_versions") == [(2, 1)]


def test_where_rule_and_data_changed_history_says_that_both_did(
    project: Gitted, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = ("rules/customers.yml", "check: email", "check: not_blank")
    project.commit("Bo", rule)
    project.run()
    assert history(project.root, "mail").versions[0].data == ()
    assert "data   " not in told(project, capsys, "history", "mail")
    project.commit("Bo", ("data/customers.csv", "jo@@x", ""))
    project.swap("rules/customers.yml", "check: not_blank", "check: not_null")
    with (project.root / "data/customers.csv").open("a") as file:
        file.write("4,,active,1\n")
    project.run()
    newest = history(project.root, "mail").versions[0]
    assert newest.data == (DataChange("customers", 3, 4),)
    out = told(project, capsys, "history", "mail")
    assert "    data     it changed too, in the same run: customers (3 rows before, 4 after)\n" in (
        out
    )


def test_a_file_has_the_digest_of_its_bytes(project: Gitted) -> None:
    content = (project.root / "data/customers.csv").read_bytes()
    found = {
        r[0]: r[1:]
        for r in project.rows("SELECT dataset, source, rows, digest, reads FROM cdmq.run_inputs")
    }
    assert found["customers"] == ("file", 3, f"sha256:{hashlib.sha256(content).hexdigest()}", None)
    assert found["rich"] == ("model", None, None, "customers")


def test_a_table_has_a_digest_that_its_order_does_not_move(world: World) -> None:
    columns = {"id": "integer", "name": "text"}
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: people, table: raw, key: id}\n",
            "rules/r.yml": "version: 1\ndataset: people\nvalidation:\n"
            "  - {column: name, checks: [not_null]}\n",
        }
    )
    digests = []
    for rows in ([[1, "a"], [2, None]], [[2, None], [1, "a"]], [[1, "a"], [2, "b"]]):
        world.table("raw", columns, rows)
        world.run()
        digests.append(
            world.sql(f"SELECT rows, digest FROM {world.audit}.run_inputs ORDER BY run_id DESC")[0]
        )
    assert digests[0] == digests[1]
    assert [d[0] for d in digests] == [2, 2, 2]
    assert digests[1] != digests[2]


def test_vars_are_recorded_without_secrets(
    project: Gitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run(variables={"most": "700", "api_token": "abc", "list": ["x", {"y": "1"}]})
    first, second = project.rows("SELECT vars FROM cdmq.runs ORDER BY run_id")
    assert first == ("{}",)
    assert json.loads(second[0]) == {"most": "700", "api_token": "*****", "list": ["x", {"y": "1"}]}


def test_history_of_an_older_database_says_what_it_does_not_know(project: Gitted) -> None:
    import duckdb

    with duckdb.connect(str(project.root / "target/small.duckdb")) as connection:
        connection.execute("UPDATE cdmq.schema_version SET shape = NULL")
        connection.execute("DROP TABLE cdmq.run_inputs")
        connection.execute("DROP TABLE cdmq.model_versions")
        connection.execute("ALTER TABLE cdmq.rule_versions DROP COLUMN author_note")
        connection.execute("ALTER TABLE cdmq.rule_versions DROP COLUMN reads")
    assert project.author("mail") == "Ada"
    project.commit("Bo", ("rules/customers.yml", "check: email", "check: not_blank"))
    project.run()
    newest = history(project.root, "mail").versions[0]
    assert (newest.author, newest.data) == ("Bo <bo@example.com>", None)
