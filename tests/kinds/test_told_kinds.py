"""What a rule of any kind says is told: in the report of a run, in the story of a record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import duckdb
import made_up
import pytest
from cli.small_project import small_ran
from runner import World

import cdmq
from cdmq.explaining.story import stories
from cdmq.explaining.story_text import told
from cdmq.outcomes import Outcome
from cdmq.reports.style import Style
from cdmq.reports.text import TextReport
from cdmq.stages.judge import judge

STORY = """\
    from cdmq.audit.chapters import Chapter, Party


    def party(id_, at):
        if id_ == "P1":
            return Party("praise", "P1", "P2", "well_done", "choir", "customers", ())


    def parties(dataset, key, at):
        if key == "2":
            return [Party("praise", "P2", "P2", "well_done", "choir", dataset, ())]
        return []


    def chapters(record, at):
        for p in record.parties:
            yield Chapter("record", 3, (f"praise  {record.key} of {record.dataset} sings in {p.id}",))


    def party_chapters(party, at):
        yield Chapter("past", 5, ("events  of old",))
        yield Chapter("party", 4, (f"praise  {party.now}", "    and nothing else"))
"""


@pytest.fixture
def _praised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    made_up.praise(tmp_path / "kinds", monkeypatch, {"story.py": STORY})
    yield
    monkeypatch.undo()
    made_up.forget()


@pytest.fixture
def _plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    made_up.praise(tmp_path / "kinds", monkeypatch, {})
    yield
    monkeypatch.undo()
    made_up.forget()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return small_ran(tmp_path, cast(Any, None)).root


def report(root: Path, **outcomes: dict[str, Any]) -> list[str]:
    """What a run prints whose rules are praise, each with its outcome."""
    ran = cdmq.run(root)
    like = ran.project.rules["credit_low"]
    results = tuple(
        judge(
            Outcome(
                replace(like, id=name, kind="praise", dimension=None), tested=10, judged=10, **words
            )
        )
        for name, words in outcomes.items()
    )
    lines: list[str] = []
    listen = TextReport(lines.append, Style(False), width=100)
    for result in results:
        listen("rule", result.outcome)
    listen("end", replace(ran, results=results))
    return [line.partition("  ")[2] if line[2:3] == ":" else line for line in lines]


@pytest.mark.usefixtures("_plain")
def test_a_note_flags_both_and_neither(root: Path) -> None:
    lines = report(
        root,
        a_note={"note": "mean 61"},
        b_flags={"failing": 2, "could_not_judge": 1, "samples": ("1", "3")},
        c_both={"note": "mean 60", "failing": 4},
        d_neither={},
        e_changed={"changed": 7},
        f_broken={"error": "it broke"},
    )
    assert [line[8:] for line in lines[:6]] == [
        "PASS     a_note  mean 61",
        "FAIL     b_flags  2 of 10 (20.00%), 1 could not be judged",
        "FAIL     c_both  4 of 10 (40.00%); mean 60",
        "PASS     d_neither",
        "PASS     e_changed",
        "ERROR    f_broken  it broke",
    ]
    text = "\n".join(lines[6:])
    assert "\nERROR  no dimension  2 rules, 7 flags\n" in text
    assert "\nCHANGED CELLS  1 praise rule, 7 cells\n" in text
    assert "\nPRAISE\n  a_note  mean 61\n  c_both  mean 60\n\n" in text
    assert "PASS=3 WARN=0 FAIL=2 NO_DATA=0 SKIPPED=0 ERROR=1 TOTAL=6" in text


@pytest.mark.usefixtures("_praised")
def test_a_story_has_the_chapters_of_every_kind(root: Path) -> None:
    (story,) = stories(cdmq.parse(root), "2")
    assert [c.data for c in story.chapters] == [3]
    lines = told(story)
    assert lines[:3] == ["2 in customers", "", "praise  2 of customers sings in P2"]
    assert any(line.startswith("flag    ") for line in lines[3:])


@pytest.mark.usefixtures("_praised")
def test_an_id_that_a_rule_of_any_kind_gave_has_a_story(root: Path) -> None:
    (story,) = stories(cdmq.parse(root), "P1")
    assert told(story) == [
        "P1, a choir of customers by well_done",
        "This choir ended: it is P2 now. What follows is told of P2.",
        "",
        "praise  P2",
        "    and nothing else",
        "",
        "events  of old",
    ]


@pytest.mark.usefixtures("_plain")
def test_a_kind_without_a_story_adds_nothing(root: Path) -> None:
    (story,) = stories(cdmq.parse(root), "2")
    assert story.chapters == ()
    with pytest.raises(cdmq.CdmqError, match="no record with the key 'P1'"):
        stories(cdmq.parse(root), "P1")


def test_what_people_are_asked_by_a_rule_of_any_kind(root: Path) -> None:
    rows = """
        ('credit_low', 'record', '2', NULL, 'unchanged for a year', NULL, 1, NULL, NULL),
        ('credit_low', 'cell', '2', 'email', 'is it still so', 0.5, 9, '2026-12-24', NULL),
        ('credit_low', 'cell', '2', 'email', 'answered', 0.5, 9, NULL, '3'),
        ('credit_low', 'cell', '3', 'email', 'of another', 0.5, 9, NULL, NULL),
        ('credit_low', 'pair', '2', NULL, 'review', 0.5, 9, NULL, NULL),
        ('other', 'record', '2', NULL, 'of another dataset', NULL, 1, NULL, NULL)
    """
    with duckdb.connect(str(root / "target/small.duckdb")) as connection:
        ((run,),) = connection.execute("SELECT run_id FROM cdmq.runs").fetchall()
        names = "rule_id, about, key, column_name, why, sure, first, due, to_run"
        connection.execute(
            f"INSERT INTO cdmq.queue ({names}, from_run) "
            f"SELECT *, '{run}' FROM (VALUES {rows}) AS asked({names})"
        )
    (story,) = stories(cdmq.parse(root), "2")
    lines = told(story)
    since = next(line for line in lines if "open since" in line)
    assert f"(run {run}, judged as of " in since
    assert since.endswith("), to be answered until 2026-12-24")
    since = since.partition(", to be")[0]
    assert lines[1:7] == [
        "",
        "asked   credit_low  cell email: is it still so; 50.0% sure",
        f"{since}, to be answered until 2026-12-24",
        "",
        "asked   credit_low  the record: unchanged for a year",
        since,
    ]


def test_a_rule_of_any_kind_that_flags_is_passed_or_failed(world: World) -> None:
    world.write(
        {
            "models/m.yml": "datasets:\n  - {name: people, file: people.csv, key: id}\n",
            "people.csv": "id,name,phone\n1,Ann,111\n2,Bo,\n3,,\n",
            "rules/people.yml": "dataset: people\ncompleteness:\n"
            "  - {id: known, points: {name: 3, phone: 1}, ask_at_least: 60}\n"
            "  - {id: scored, points: {name: 1}}\n",
        }
    )
    world.run()
    own = {"known", "scored"}
    told = {k: stories(cdmq.parse(world.root), k)[0] for k in "123"}
    assert [own & set(told[k].passes) for k in "123"] == [{"known"}, {"known"}, set()]
    assert [own & set(told[k].fails) for k in "123"] == [set(), set(), {"known"}]
    assert not any(own & {*s.not_judged, *s.not_run} for s in told.values())
