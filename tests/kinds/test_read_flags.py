"""A rule that reads flags reads those of the records that stand there, though few rules were asked."""

from __future__ import annotations

import pytest
from runner import World

import cdmq
from cdmq.problems import CdmqError

FILES = {
    "models/c.yml": "version: 1\ndatasets: [{name: c, file: c.csv, key: id}]\n",
    "rules/c.yml": """
version: 1
dataset: c
completeness:
  - {id: known, points: {email: 1, id: 1}, ask_at_least: 60}
validation:
  - {column: email, checks: [email]}
  - {id: told, check: expression, must: "known > 50 or email is not null", severity: info}
""",
    "c.csv": "id,email\n1,a@x.pt\n2,b@@x.pt\n",
}


def scores(world: World) -> list[tuple[str, float]]:
    return sorted((k, float(s)) for k, s in world.sql("SELECT key, score FROM known__scores"))


def test_the_rules_whose_flags_are_read_run_along(world: World) -> None:
    world.write(FILES)
    world.run()
    assert scores(world) == [("1", 100.0), ("2", 50.0)]
    world.write({"c.csv": "id,email\n1,a@@x.pt\n2,b@x.pt\n"})
    result = world.run(select="known")
    assert scores(world) == [("1", 50.0), ("2", 100.0)], "by the values that stand there now"
    by = {r.rule.id: r.status for r in result.results}
    assert (by["c.email.email"], by["told"]) == ("fail", "skipped")
    assert sorted(world.audit_rows("flags", ("rule_id", "key"), "to_run IS NULL")) == [
        ("c.email.email", "1"),
        ("known", "1"),
    ]


def test_a_rule_about_two_columns_counts_against_none_of_them(world: World) -> None:
    world.write(FILES)
    assert cdmq.parse(world.root).warnings == (), "told reads known, and known not told"


def test_a_rule_whose_flags_are_read_may_not_read_the_reader(world: World) -> None:
    rules = FILES["rules/c.yml"].replace("checks: [email]", "checks: [email], where: 'known > 50'")
    world.write({**FILES, "rules/c.yml": rules})
    with pytest.raises(CdmqError) as told:
        cdmq.parse(world.root)
    (problem,) = told.value.problems
    assert problem.code == "CDMQ207"
    assert "known" in problem.cause
    assert "c.email.email" in problem.cause
    assert "known reads the error flags on its columns" in problem.remedy


def test_flags_of_a_rule_with_several_judgements_count_in_the_same_run(world: World) -> None:
    """A value that freshness proved wrong is missing to completeness at once, not a run later."""
    world.table("src", {"id": "integer", "mail": "text"}, [[1, "a@x"], [2, "b@x"]])
    tried = [[1, 1, "mail", "a@x", "2026-10-01", "bounced"]]
    types = ("integer", "integer", "text", "text", "date", "text")
    names = ("no", "of", "what", "value", "day", "result")
    world.table("tried", dict(zip(names, types, strict=True)), tried)
    world.write({"models/m.yml": PROVED_MODELS, "rules/r.yml": PROVED_RULES})
    world.run()
    scores = world.audit_rows("completeness_scores", ("key", "score"), "to_run IS NULL")
    assert [(k, float(s)) for k, s in scores] == [("1", 0), ("2", 100)]
    again = world.run()
    assert {k: v for k, v in {**again.opened, **again.closed}.items() if v} == {}


PROVED_MODELS = """
version: 1
datasets:
  - {name: people, table: src, key: id}
  - {name: tried, table: tried, key: no, happened_at: day, refers_to: {people: of}}
"""
PROVED_RULES = """
version: 1
dataset: people
freshness:
  - id: recheck
    columns: [mail]
    recheck_after: {otherwise: 12 months}
    proof: {from: tried, column: what, value: value, at: day, result: result, good: [ok], bad: [bounced]}
completeness:
  - {id: profile, points: {mail: 1}}
"""
