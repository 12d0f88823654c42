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
