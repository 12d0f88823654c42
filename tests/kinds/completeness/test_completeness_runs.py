"""Completeness rules in whole runs: what stands in the warehouse, and what people are told."""

from __future__ import annotations

from typing import Any

import pytest
from runner import World

import cdmq.api
from cdmq.problems import CdmqError
from cdmq.reports.style import Style
from cdmq.reports.text import TextReport
from cdmq.unit_tests.tests import unit_test

MODELS = """
version: 1
datasets:
  - {name: people, table: people, key: id, missing_values: ["", "?"], pii: {email: mask}}
"""
RULES = """
version: 1
dataset: people
owner: ada
defaults:
  - {id: phone_form, column: phone, fill_from: [office], otherwise: {set: none, reason: declined}}
  - {id: tax_unasked, column: tax_id, set: unasked, reason: not_applicable, where: "type = 'person'"}
validation:
  - {column: email, checks: [email]}
  - {id: dear_name, column: full name, check: string_length, max: 20, severity: warn}
completeness:
  - id: profile
    why: Below 60 the next call should ask.
    points:
      full name: 3
      email: 3
      phone|mobile: 2
      tax_id: 1
      born: 1
    not_applicable: {born: "type = 'company'"}
    ask_at_least: 60
    MORE
"""
COLUMNS = {
    "id": "text",
    "type": "text",
    "full name": "text",
    "email": "text",
    "phone": "text",
    "office": "text",
    "mobile": "text",
    "tax_id": "text",
    "born": "date",
}
ROWS: list[list[Any]] = [
    ["all", "company", "Ada & Co", "ada@example.com", "1", None, None, "T1", None],
    ["borrowed", "company", "Ada & Co", None, None, "2", None, "T1", "2001-01-01"],
    ["wrong", "person", "Ada", "ada@@example.com", None, None, "3", None, "1999-01-01"],
    ["blank", "person", " ", "?", None, None, None, None, None],
    ["twice", "person", "Ada", "ada@example.com", "1", None, None, None, None],
    ["twice", "person", "Eve", None, None, None, None, None, None],
    [None, "person", "Eve", None, None, None, None, None, None],
]
SCORES = {
    "all": ("100", None, None),
    "borrowed": ("66.67", "email", "email"),
    "wrong": ("66.67", "email", "email"),
    "blank": ("0", "full name, email, phone|mobile, born", "full name"),
}


def write(world: World, more: str = "severity: warn", models: str = MODELS) -> None:
    rules = RULES.replace("    MORE\n", "".join(f"    {m}\n" for m in more.split("; ") if m))
    world.write({"models/m.yml": models, "rules/people.yml": rules})


def begin(world: World) -> None:
    world.table("people", COLUMNS, ROWS)
    write(world)
    world.run()


def scores(world: World, rule: str = "profile") -> dict[str, tuple[str | None, ...]]:
    return {
        r["key"]: (r["score"], r["missing"], r["ask_next"]) for r in world.view(f"{rule}__scores")
    }


def low(world: World, where: str = "to_run IS NULL") -> list[tuple[Any, ...]]:
    columns = ("key", "column_name", "value", "closed_because")
    return world.audit_rows("flags", columns, f"rule_id = 'profile' AND {where}")


def report(world: World) -> list[str]:
    lines: list[str] = []
    world.run(listen=TextReport(lines.append, Style(False), width=200))
    return lines


def test_scores_stand_in_a_view(left: World) -> None:
    assert scores(left) == SCORES


def test_the_result_counts_whom_the_rule_is_about(left: World) -> None:
    """Two share a key and one has none: tested, and not judged."""
    result = left.results()["profile"]
    told = [result[k] for k in ("status", "tested", "judged", "failing", "could_not_judge")]
    assert told == ["warn", 7, 4, 1, 0]
    ((message,),) = left.sql(
        f"SELECT message FROM {left.audit}.rule_results WHERE rule_id = 'profile'"
    )
    assert message == (
        "4 scored: mean 58.3, median 66.7; 3 not judged: without a key, or it stands twice"
    )


def test_who_is_below_is_flagged(left: World) -> None:
    assert low(left) == [("blank", "", "0", None)]
    assert {r["id"] for r in left.view("people__flagged")} == {"blank", "wrong", None, "twice"}
    assert "blank" in {r["id"] for r in left.view("people__passed")}  # a warning keeps nobody out


def test_figures_of_the_run(left: World) -> None:
    rows = left.sql(
        f"SELECT figure, value FROM {left.audit}.rule_figures WHERE rule_id = 'profile'"
    )
    assert {name: float(value) for name, value in rows} == {
        "mean": 58.335,
        "median": 66.67,
        "share of full name": 75.0,
        "share of email": 25.0,
        "share of phone|mobile": 75.0,
        "share of tax_id": 100.0,
        "share of born": 50.0,
    }


def test_states_are_episodes(begun: World) -> None:
    """Who answers has another score, who leaves has none, who comes has one."""
    rows = [list(r) for r in ROWS if r[0] not in ("borrowed", "twice")]
    rows[1][3] = "ada@example.com"
    begun.table("people", COLUMNS, [*rows, ["new", "person", *([None] * 7)]])
    begun.run()
    closed = begun.audit_rows(
        "completeness_scores", ("key", "score", "closed_because"), "to_run IS NOT NULL"
    )
    assert closed == [("borrowed", "66.67", "gone"), ("wrong", "66.67", "changed")]
    assert scores(begun)["wrong"] == ("100", None, None)
    assert scores(begun)["new"][0] == "0"
    assert [f[0] for f in low(begun)] == ["blank", "new"]


@pytest.mark.parametrize(
    ("rows", "because"),
    [
        ([["blank", "person", "Eve", "e@example.com", "1", None, None, None, None]], "fixed"),
        ([["blank", "person", "Eve", None, None, None, None, None, None]], "changed"),
        ([], "gone"),
    ],
)
def test_why_a_flag_closes(begun: World, rows: list[list[Any]], because: str) -> None:
    begun.table("people", COLUMNS, [*(r for r in ROWS if r[0] != "blank"), *rows])
    begun.run()
    assert low(begun, "to_run IS NOT NULL") == [("blank", "", "0", because)]


def test_a_flag_out_of_scope_closes(begun: World) -> None:
    write(begun, "severity: warn; where: type = 'company'")
    begun.run()
    assert set(scores(begun)) == {"all", "borrowed"}
    assert [f[3] for f in low(begun, "to_run IS NOT NULL")] == ["rule_changed"]
    begun.table("people", COLUMNS, [["all", "company", *([None] * 7)]])
    begun.run()
    assert [f[0] for f in low(begun)] == ["all"]
    begun.table("people", COLUMNS, [["all", "person", *([None] * 7)]])
    begun.run()
    assert low(begun, "key = 'all'") == [("all", "", "0", "out_of_scope")]


def test_flags_that_a_run_does_not_judge_count_as_they_are_open(begun: World) -> None:
    """No rule of an address runs: what they found the last time holds."""
    begun.run(select="profile", exclude="people.email.email")
    assert begun.results()["profile"]["status"] == "warn"
    assert begun.results()["people.email.email"]["status"] == "skipped"
    assert scores(begun) == SCORES


def test_wrong_values_may_count(begun: World) -> None:
    write(begun, "severity: warn; invalid: counts")
    begun.run()
    assert scores(begun)["wrong"] == ("100", None, None)


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ("", "fail"),
        ("severity: warn", "warn"),
        ("severity: info", "pass"),
        ("error_above: 25%", "pass"),
        ("error_above: 20%", "fail"),
        ("warn_above: 0; error_above: 1", "warn"),
        ("severity: warn; warn_above: 1", "pass"),
    ],
)
def test_thresholds_are_those_of_any_check(begun: World, more: str, status: str) -> None:
    write(begun, more)
    begun.run()
    assert begun.results()["profile"]["status"] == status


def test_no_row_is_no_data(world: World) -> None:
    world.table("people", COLUMNS, [])
    write(world, models=MODELS.replace("key: id", "key: id, may_be_empty: true"))
    world.run()
    assert world.results()["profile"]["status"] == "no_data"
    assert scores(world) == {}


def test_without_ask_at_least_nobody_is_flagged(world: World) -> None:
    world.table("people", COLUMNS, ROWS)
    write(world, "")
    rules = (world.root / "rules/people.yml").read_text()
    world.write({"rules/people.yml": rules.replace("    ask_at_least: 60\n", "")})
    world.run()
    assert low(world) == []
    assert world.results()["profile"]["status"] == "pass"
    assert scores(world) == SCORES


def test_a_failed_statement_is_the_rules_own_error(begun: World) -> None:
    """What is not there any more stops what needs it alone; its scores stay."""
    columns = {k: v for k, v in COLUMNS.items() if k != "born"}
    begun.table("people", columns, [r[:-1] for r in ROWS])
    result = begun.run()
    assert begun.results()["profile"]["status"] == "error"
    assert begun.results()["people.email.email"]["status"] == "fail"
    assert result.exit_code == 2
    assert scores(begun) == SCORES
    assert low(begun) == [("blank", "", "0", None)]


def test_the_report_tells_of_the_scores(begun: World) -> None:
    told = report(begun)
    i = told.index("COMPLETENESS")
    assert told[i + 1] == (
        "  profile  4 scored: mean 58.3, median 66.7; 3 not judged: without a key, or it stands twice"
    )
    assert any(line.startswith("  profile ") and "1 of 4 (25.00%)" in line for line in told)


def test_compile_shows_its_statement(left: World) -> None:
    files = cdmq.api.compile(left.root).files
    text = files["people"].read_text("utf-8")
    assert "-- scores by profile (rules/people.yml:" in text
    assert "-- flags of" in text


def test_names_of_its_relations_are_its_own(world: World) -> None:
    write(world)
    world.write({"models/profile__scores.sql": "select 1 as id"})
    with pytest.raises(CdmqError, match="CDMQ205"):
        cdmq.api.parse(world.root)


TESTS = """
version: 1
unit_tests:
  - name: who_is_known
    rule: profile
    given:
      people:
        - {id: a, type: company, full name: Ada, email: a@example.com, phone: "1", tax_id: T}
        - {id: b, type: person, full name: Eve, email: a@@example.com, born: 2001-01-01}
    expect:
      scores: EXPECTED
"""


def differences(world: World, expected: str) -> list[str]:
    world.table("people", COLUMNS, [])
    write(world)
    world.write({"rules/unit_tests/t.yml": TESTS.replace("EXPECTED", expected)})
    found = unit_test(world.root).results
    return [line for r in found for line in [*map(str, r.differences), *r.message.splitlines()]]


def test_a_unit_test_expects_scores(world: World) -> None:
    right = """
        - {key: a, score: 100, missing: [], ask_next: ""}
        - {key: b, score: 44.440, missing: [phone|mobile, email], ask_next: email}"""
    assert differences(world, right) == []


def test_a_unit_test_says_what_differs(world: World) -> None:
    assert differences(world, "[{key: a, score: 90}, {key: c, score: 1}]") == [
        "different score: key 'a'; score should be '90', is '100'",
        "missing score: key 'c', score '1'",
        "unexpected score: key 'b', score '44.44', missing 'email, phone|mobile', ask_next 'email'",
    ]
