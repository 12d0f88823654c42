"""Cells that `where` or `not_applicable` can't read: the record is flagged could_not_judge."""

from __future__ import annotations

from typing import Any

import pytest
from kinds.completeness.test_completeness_runs import report, scores
from runner import World

import cdmq
from cdmq.explaining.story import stories
from cdmq.explaining.story_text import told
from cdmq.problems import CdmqError

MODELS = "version: 1\ndatasets:\n  - {name: people, table: people, key: id, pii: {age: mask}}\n"
RULES = """
version: 1
dataset: people
owner: ada
completeness:
  - {id: profile, points: {name: 1, note: 1}, MORE}
"""
COLUMNS = {"id": "text", "name": "text", "note": "text", "age": "text"}
ROWS = [
    ["1", "a", "x", "5"],
    ["2", None, "x", "abc"],
    ["3", None, None, "50"],
    ["4", None, "x", None],
    [None, "c", None, "old"],
]
WHERE = 'where: "age::integer < 10"'
OUT = 'not_applicable: {name: "age::integer < 10"}'


def begin(world: World, more: str = f"{OUT}, ask_at_least: 60") -> None:
    world.write({"models/m.yml": MODELS})
    deliver(world, ROWS, more)


def deliver(world: World, rows: list[list[Any]], more: str) -> None:
    world.table("people", COLUMNS, rows)
    world.write({"rules/people.yml": RULES.replace("MORE", more)})
    world.run()


def flags(world: World, where: str = "to_run IS NULL") -> list[tuple[Any, ...]]:
    columns = ("key", "column_name", "value", "state", "closed_because")
    found = world.audit_rows("flags", columns, f"rule_id = 'profile' AND {where}")
    return [(str(key)[:5], *rest) for key, *rest in found]


def result(world: World) -> list[Any]:
    told = world.results()["profile"]
    return [told[k] for k in ("status", "tested", "judged", "failing", "could_not_judge")]


@pytest.mark.parametrize("more", ["", ", severity: warn", ", ask_at_least: 100"])
def test_a_where_that_can_not_be_read(twin: Any, more: str) -> None:
    world = twin(begin, WHERE + more)
    assert scores(world) == {"1": ("100", None, None)}
    assert [f[3] for f in flags(world)] == ["could_not_judge"] * 2
    assert result(world) == ["warn" if "warn" in more else "fail", 1, 1, 0, 2]


@pytest.mark.parametrize("more", ["", ", ask_at_least: 60"])
def test_a_point_of_which_it_is_not_known_whether_it_applies(twin: Any, more: str) -> None:
    """Neither is taken for granted: there is no score."""
    world = twin(begin, OUT + more)
    assert scores(world) == {
        "1": ("100", None, None),
        "3": ("0", "name, note", "name"),
        "4": ("50", "name", "name"),
    }
    low = 2 if more else 0
    assert result(world) == ["fail", 5, 3, low, 2]
    assert sum(f[3] == "could_not_judge" for f in flags(world)) == 2
    ((message,),) = world.sql(
        f"SELECT message FROM {world.audit}.rule_results WHERE rule_id = 'profile'"
    )
    assert message == "3 scored: mean 50.0, median 50.0"


def test_its_flag_shows_the_cell_by_pii(begun: World) -> None:
    assert flags(begun)[0] == ("2", "age", "***", "could_not_judge", None)


def test_the_report_says_so(begun: World) -> None:
    assert any("2 could not be judged" in line for line in report(begun))


def test_who_is_kept_out_is_flagged_as_such(begun: World) -> None:
    assert {r["name"] for r in begun.view("people__flagged")} == {None, "c"}


def test_what_was_low_and_can_not_be_judged_now_has_changed(begun: World) -> None:
    """And what is mended closes; what leaves where is out of scope."""
    deliver(begun, [["3", None, None, "fifty"], ["2", None, "x", "7"]], f"{OUT}, ask_at_least: 60")
    assert [f for f in flags(begun, "key = '3'") if f[1] == ""] == [
        ("3", "", "0", "failed", "changed")
    ]
    assert [f[3] for f in flags(begun)] == ["could_not_judge"]
    assert [f[4] for f in flags(begun, "key = '2'")] == ["fixed"]


def test_what_can_not_fail_flags_nobody(world: World) -> None:
    """It has no flags, and so no severity."""
    begin(world, "where: \"try_cast(age as integer) < 10 or age = 'abc'\"")
    assert flags(world) == []
    assert result(world) == ["pass", 2, 2, 0, 0]
    with pytest.raises(CdmqError, match="severity has no effect"):
        deliver(world, ROWS, 'severity: warn, where: "try_cast(age as integer) < 10"')


def test_the_story_of_a_key_that_stands_twice_says_so(begun: World) -> None:
    rows = [["5", "a", "x", "5"], ["5", "b", None, "50"], ["6", "c", "x", "5"]]
    deliver(begun, rows, f"{OUT}, ask_at_least: 10")
    for key, why in (("5", "as its key stands twice, outside of where"), ("6", None)):
        lines = told(stories(cdmq.parse(begun.root), key, "people")[0])
        silent = [line for line in lines if line.startswith("not judged")]
        assert [why in line and "profile" in line for line in silent] == ([True] if why else [])
