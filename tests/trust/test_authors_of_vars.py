"""What vars of the command line or another cdmq change is the work of who ran it, or of nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitted import Gitted, gitted
from gitted import ran as gitted_ran

from cdmq.explaining.history import history

RULES, MODELS = "rules/customers.yml", "models/customers.yml"


@pytest.fixture
def project(tmp_path: Path) -> Gitted:
    return gitted(tmp_path)


@pytest.fixture
def ran(tmp_path: Path) -> Gitted:
    return gitted_ran(tmp_path)


def test_vars_of_the_command_line_are_the_work_of_who_ran_it(project: Gitted) -> None:
    project.run(variables={"most": "700"})
    mine = project.newest("credit_low")
    assert mine.author.endswith(", by --vars")
    assert "@" in mine.author
    assert mine.commit == "not committed"
    assert project.author("mail") == "Ada"
    project.run()  # they are left out: it means what Ada committed, and what Ada meant
    assert project.author("credit_low") == "Ada"
    assert project.rows(
        "SELECT author_note LIKE '%@% ran it without the --vars of before' FROM "
        "cdmq.rule_versions WHERE rule_id = 'credit_low' AND to_run IS NULL"
    ) == [(True,)]
    assert "; " in project.newest("credit_low").author  # history says it too
    project.run(variables={"most": "500"})
    assert len(history(project.root, "credit_low").versions) == 2
    project.commit("Bo", (RULES, "'blocked'", "'owes'"))
    project.run(variables={"most": "500"})
    assert project.author("credit_low") == "Bo"


def test_vars_that_change_nothing_are_nobodys_work(project: Gitted) -> None:
    """Bo commits the limit that was also given by hand: it would be so without."""
    project.run()
    project.commit("Bo", ("cdmq_project.yml", "'500'", "'700'"))
    project.run(variables={"most": "700"})
    assert project.author("credit_low") == "Bo"
    assert project.rows("SELECT author FROM cdmq.model_versions WHERE to_run IS NULL") == [
        ("Bo <bo@example.com>",)
    ]


def test_vars_of_a_run_that_left_it_out_are_not_those_before(project: Gitted) -> None:
    project.run()
    project.run(variables={"most": "700"}, select="mail")
    project.write({"data/customers.csv": "id,email,status,credit\n"})  # stops what reads it
    project.run(variables={"most": "700"})
    project.write({"data/customers.csv": "id,email,status,credit\n1,a@example.com,active,600\n"})
    project.run(variables={"most": "700"})
    assert project.author("credit_low").endswith(", by --vars")
    assert project.rows(
        "SELECT author LIKE '%, by --vars' FROM cdmq.model_versions WHERE to_run IS NULL"
    ) == [(True,)]


def test_where_a_commit_and_vars_both_made_it_both_stand_there(project: Gitted) -> None:
    project.run(variables={"most": "700"})
    by = project.commit("Bo", (RULES, "'blocked'", "'owes'"))
    project.run(variables={"most": "900"})
    found = project.newest("credit_low")
    assert found.author.startswith("Bo <bo@example.com> and ")
    assert found.author.endswith(", by --vars")
    assert found.commit == by[:10]
    project.commit("Cleo", (RULES, "We write", "One writes"))
    project.run(variables={"most": "800"})
    assert project.author("credit_low").endswith("by --vars")
    assert "Bo" not in project.author("credit_low")


def test_another_cdmq_is_nobodys_work(ran: Gitted, monkeypatch: pytest.MonkeyPatch) -> None:
    from cdmq.checks.email import Email

    project = ran
    monkeypatch.setattr(Email, "SEMANTICS", 99, raising=False)
    project.run()
    assert project.author("mail").startswith("nobody: this cdmq reads it otherwise")
    assert project.author("credit_low") == "Ada"
