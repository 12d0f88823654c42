"""What is said of records that could not be judged, of what is hidden, and of what has no effect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from runner import World

import cdmq
from cdmq.explaining.story import stories
from cdmq.explaining.story_text import told
from cdmq.problems import CdmqError
from cdmq.reports.style import Style
from cdmq.reports.text import TextReport

MODELS = """
version: 1
datasets:
  - {name: people, table: people, key: id, pii: {age: omit, phone: omit}}
"""
RULES = """
version: 1
dataset: people
owner: ada
defaults:
  - {id: place, column: city, set: nowhere, reason: unknown, where: "age::integer < 50"}
  - {id: phones, column: phone, standardise: phone, region: DE}
matching:
  - {id: same, same_if: [[email]], where: "age::integer < 100"}
golden:
  - {id: gold, from: same, into: gp, pick: longest}
validation:
  - {id: ages, column: age, check: accepted_values, values: ['9']}
"""
GOLD = "version: 1\ndataset: gp\nowner: ada\nvalidation: [{id: mails, column: email, check: not_null}]\n"
COLUMNS = dict.fromkeys(("id", "email", "age", "city", "phone"), "text")
PEOPLE = [
    ["1", "a@x", "200", None, "030 1234567"],
    ["2", "a@x", "9", None, None],
    ["3", "b@x", "abc", None, None],
    ["4", "b@x", "9", "Rome", None],
]


def begin(world: World) -> None:
    world.write({"models/m.yml": MODELS, "rules/r.yml": RULES, "rules/g.yml": GOLD})
    world.table("people", COLUMNS, PEOPLE)
    world.run()


@pytest.fixture
def begun(twin: Callable[..., World]) -> World:
    return twin(begin)


def test_tested_are_the_records_that_where_lets_in(begun: World) -> None:
    counts = {r: begun.results()[r] for r in ("same", "place")}
    assert {r: (c["tested"], c["could_not_judge"]) for r, c in counts.items()} == {
        "same": (2, 1),
        "place": (2, 1),
    }


def test_history_of_a_default_counts_the_cells_that_it_changed(begun: World) -> None:
    (told_of,) = cdmq.history(begun.root, "place").versions
    assert told_of.found_after == 1


def test_a_narrowed_run_tells_what_went_wrong_below(begun: World) -> None:
    lines: list[str] = []
    report = TextReport(lines.append, Style(False), quiet=True, width=200)
    assert begun.run(select=["mails"], listen=report).exit_code == 1
    assert ["FAIL     same  1 could not be judged" in line for line in lines] == [False, True]


def test_what_is_hidden_is_not_called_nothing(begun: World) -> None:
    lines = "\n".join(told(stories(cdmq.parse(begun.root), "3", "people")[0]))
    assert "flag    ages  age: hidden" in lines
    lines = "\n".join(told(stories(cdmq.parse(begun.root), "1", "people")[0]))
    assert "change  phones  phone: hidden -> hidden" in lines
    assert "change  place" not in lines
    lines = "\n".join(told(stories(cdmq.parse(begun.root), "2", "people")[0]))
    assert "city: nothing -> '" in lines


def test_where_of_a_golden_rule_is_refused(world: World) -> None:
    begin(world)
    world.write({"rules/r.yml": RULES.replace("pick: longest", "pick: longest, where: nix < 3")})
    with pytest.raises(CdmqError, match="a golden rule takes no where"):
        world.run()


@pytest.mark.parametrize("name", ["nowhere/at/all", "file.csv", "a" * 300])
def test_a_folder_that_is_not_there_is_not_the_one_above(tmp_path: Path, name: str) -> None:
    (tmp_path / "cdmq_project.yml").write_text("name: x\nprofile: x\n", "utf-8")
    (tmp_path / "file.csv").write_text("a\n", "utf-8")
    (tmp_path / "below").mkdir()
    assert cdmq.parse(tmp_path / "below").config.name == "x"
    calls: list[Callable[[Any], Any]] = [cdmq.parse, cdmq.run]
    for call in calls:
        with pytest.raises(CdmqError, match="CDMQ120 there is no such folder"):
            call(tmp_path / name)


def test_a_share_is_of_those_that_could_not_be_judged_too(world: World) -> None:
    """Four of nine are no 80%."""
    begin(world)
    rule = "- {id: IDS, column: email, check: not_null, where: 'age::integer < 100', MORE}"
    shares = {"low": "error_above: 44%", "high": "error_above: 45%"}
    rules = "\n  ".join(rule.replace("IDS", i).replace("MORE", m) for i, m in shares.items())
    world.write({"rules/r.yml": f"version: 1\ndataset: people\nvalidation:\n  {rules}\n"})
    world.write({"rules/g.yml": ""})
    ages = ["1", "2", "3", "4", "5", "a", "b", "c", "d"]
    world.table("people", COLUMNS, [[str(i), "e@x", a, None, None] for i, a in enumerate(ages)])
    world.run()
    found = {r: world.results()[r] for r in shares}
    assert {r: f["status"] for r, f in found.items()} == {"low": "fail", "high": "pass"}


def test_keys_of_records_that_could_not_be_judged_are_named(begun: World) -> None:
    lines: list[str] = []
    begun.run(listen=TextReport(lines.append, Style(False), width=200))
    at = next(i for i, line in enumerate(lines) if line.startswith("  same "))
    assert "keys: 3" in "\n".join(lines[at : at + 3])


def test_two_rules_that_say_the_same_are_both_told(world: World) -> None:
    begin(world)
    points = "points: {name: 1}"
    two = f"- {{id: a, {points}}}\n  - {{id: b, {points}, ask_at_least: 50}}"
    world.write(
        {
            "rules/r.yml": f"version: 1\ndataset: people\ncompleteness:\n  {two}\n".replace(
                "name", "email"
            ),
            "rules/g.yml": "",
        }
    )
    lines: list[str] = []
    world.run(listen=TextReport(lines.append, Style(False), width=200))
    assert not [line for line in lines if "as above" in line]


@pytest.mark.parametrize("chosen", ["same", "gold", "place"])
def test_nothing_to_test_is_not_green(begun: World, chosen: str) -> None:
    with pytest.raises(CdmqError, match="CDMQ510 no rule that cdmq test judges is selected"):
        cdmq.test(begun.root, select=chosen)
    assert cdmq.test(begun.root, select=chosen, allow_empty=True).exit_code == 0
    assert cdmq.test(begun.root, select="mails").exit_code == 0
