"""Which version judged this record on that day: by command and by the SQL of the docs."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest
from gitted import Gitted, gitted

import cdmq
from cdmq.explaining.history import histories, history
from cdmq.explaining.story import stories
from cdmq.explaining.story_text import told

RULES = "rules/customers.yml"
DOCS = Path(__file__).parents[2] / "docs/auditor.md"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Gitted, list[str]]:
    """Customer 2 stays flagged while Bo changes the limit and Cleo renames the rule."""
    project = gitted(tmp_path_factory.mktemp("three"))
    runs = [project.run(as_of=datetime(2026, 11, 1))]
    project.commit("Bo", ("cdmq_project.yml", "'500'", "'700'"))
    runs.append(project.run(as_of=datetime(2026, 11, 8)))
    project.commit("Cleo", (RULES, "id: credit_low", "id: credit_ok\n    formerly: credit_low"))
    runs.append(project.run(as_of=datetime(2026, 11, 15)))
    return project, runs


@pytest.fixture
def three(made: tuple[Gitted, list[str]], tmp_path: Path) -> tuple[Gitted, list[str]]:
    """A copy of it."""
    return made[0].copied(tmp_path / "small"), made[1]


def began(project: Gitted, run: str) -> str:
    found = project.rows(f"SELECT started FROM cdmq.runs WHERE run_id = '{run}'")
    return str(found[0][0])


def test_by_command(three: tuple[Gitted, list[str]]) -> None:
    project, runs = three
    new, old = (v.version for v in history(project.root, "credit_ok").versions)
    expected = [
        ("credit_low", old, old, "Ada"),
        ("credit_low", new, old, "Bo"),
        ("credit_ok", new, old, "Bo"),
    ]  # a new name is no new meaning
    for run, (rule, version, first, author) in zip(runs, expected, strict=True):
        (story,) = stories(cdmq.parse(project.root), "2", "customers", as_of=began(project, run))
        (flag,) = [e for e in story.episodes if e.rule == rule]
        assert (flag.version, flag.first_version, flag.closed_run) == (version, first, None)
        assert flag.author.startswith(f"{author} <")
        assert flag.last_run == run
        assert rule in story.fails
    (story,) = stories(cdmq.parse(project.root), "2", "customers", as_of=began(project, runs[1]))
    lines = told(story)
    assert lines[1].startswith("As it was known after the run of 20")
    assert any(line.endswith(f"version {new[:10]}") for line in lines)
    assert f"    first seen by version {old[:10]}, Ada <ada@example.com>" in "\n".join(lines)


def test_what_came_later_was_not_known(three: tuple[Gitted, list[str]]) -> None:
    project, runs = three
    project.swap("data/customers.csv", "2,n/a,Activ,2000", "2,n/a,active,20")
    project.swap("data/customers.csv", "3,jo@@x,active,50", "3,jo@x.org,active,5000")
    project.run()
    for key, open_ in (("2", True), ("3", False)):
        (story,) = stories(
            cdmq.parse(project.root), key, "customers", as_of=began(project, runs[2])
        )
        found = [e for e in story.episodes if e.rule == "credit_ok"]
        assert bool(found) == open_
        assert all(e.closed_run is None for e in found)
    assert stories(cdmq.parse(project.root), "2", "customers")[0].episodes[0].closed_run is not None


def test_by_the_sql_of_the_docs(three: tuple[Gitted, list[str]]) -> None:
    project, _ = three
    new, old = (v.version[:10] for v in history(project.root, "credit_ok").versions)
    query = next(
        q
        for q in re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL)
        if "f.key = 'crm/0010274'" in q
    )
    query = query.replace("crm/0010274", "2")
    found = {}
    for day in ("2026-11-05", "2026-11-10", "2026-11-20"):
        rows = project.rows(query.replace("2026-11-05", day))
        found[day] = [(r[0], r[1]) for r in rows if r[0].startswith("credit")]
    assert found == {
        "2026-11-05": [("credit_low", old)],
        "2026-11-10": [("credit_low", new)],
        "2026-11-20": [("credit_ok", new)],
    }


def test_history_of_all_rules_as_of(three: tuple[Gitted, list[str]]) -> None:
    project, runs = three
    project.write({"rules/rich.yml": None})
    project.swap("data/customers.csv", "2,n/a,Activ,2000", "2,n/a,active,20")
    project.run()
    then = {r.rule: r for r in histories(project.root, as_of=began(project, runs[1]))}
    assert {"credit_low", "rich.status.not_null"} <= then.keys()
    assert "credit_ok" not in then
    assert (then["credit_low"].versions, then["credit_low"].open) == (2, 1)
    assert then["credit_low"].author.startswith("Bo <")
    assert not then["rich.status.not_null"].removed
    now = {r.rule: r for r in histories(project.root)}
    assert now["credit_ok"].open == 0
    assert now["rich.status.not_null"].removed
    first = {r.rule: r for r in histories(project.root, as_of=began(project, runs[0]))}
    assert (first["credit_low"].versions, first["credit_low"].author[:3]) == (1, "Ada")
