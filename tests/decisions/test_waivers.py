"""Waivers: what is waived is counted apart and never hidden, and is back when they expire."""

from __future__ import annotations

from datetime import timedelta

import pytest
from runner import AS_OF, World

import cdmq.api
from cdmq.problems import CdmqError
from cdmq.project.people import DecisionSpec

PEOPLE = "- {login: ann, roles: [steward]}\n- {login: bob, roles: [steward]}\n"
RULES = """
version: 1
dataset: people
validation:
  - {id: has_mail, column: mail, check: not_null}
  - {id: age_reads, check: expression, must: "age::integer > 17"}
"""
ROWS = [[1, "a@x", "20"], [2, None, "x"], [3, None, "9"], [4, None, "30"], [None, None, "40"]]


def begin(world: World) -> World:
    world.table("src", {"id": "integer", "mail": "text", "age": "text"}, ROWS)
    models = "version: 1\ndatasets: [{name: people, table: src, key: id}]\n"
    world.write({"models/m.yml": models, "rules/r.yml": RULES, "people.yml": PEOPLE})
    return world


def waiver(rule: str, about: str, expires: str = "2026-12-31", **words: str) -> str:
    said = {"by": "ann", "requested_by": "bob", **words}
    told = ", ".join(f"{k}: {v}" for k, v in said.items())
    return (
        f"- {{type: waive, rule: {rule}, {about}, at: 2026-10-01, expires: {expires}, "
        f"reason: known, {told}}}\n"
    )


def counts(world: World, rule: str) -> tuple[str, ...]:
    (row,) = world.audit_rows(
        "rule_results",
        ("status", "failing", "waived", "could_not_judge"),
        f"rule_id = '{rule}' AND run_id = (SELECT max(run_id) FROM {world.audit}.runs)",
    )
    return tuple(map(str, row))


def test_what_is_waived_is_counted_apart_and_stays_a_flag(world: World) -> None:
    begin(world)
    assert world.run().exit_code == 1
    before = world.flags()
    lines = waiver("has_mail", "keys: '2'"), waiver("has_mail", 'where: "age::integer > 10"')
    world.write({"decisions/w.yml": "".join(lines)})
    world.run()
    assert world.flags() == before
    # 2 by its key, 4 and the record without a key by the condition.
    assert counts(world, "has_mail") == ("fail", "1", "3", "0")
    assert counts(world, "age_reads") == ("fail", "1", "0", "1")


def test_a_rule_whose_flags_are_all_waived_passes(world: World) -> None:
    begin(world)
    world.write(
        {
            "decisions/w.yml": waiver("age_reads", "keys: '2'") + waiver("age_reads", "keys: '3'"),
            "rules/r.yml": RULES.replace("  - {id: has_mail, column: mail, check: not_null}\n", ""),
        }
    )
    world.run()
    assert counts(world, "age_reads") == ("pass", "0", "2", "0")


def test_it_is_back_when_the_waiver_has_expired(world: World) -> None:
    begin(world)
    world.write({"decisions/w.yml": waiver("age_reads", "keys: '3'", expires="2026-11-01")})
    world.run()
    assert counts(world, "age_reads") == ("fail", "0", "1", "1")
    world.run(as_of=AS_OF + timedelta(days=1))
    assert counts(world, "age_reads") == ("fail", "1", "0", "1")


def test_a_condition_that_does_not_fit_is_said_and_waives_nothing(world: World) -> None:
    begin(world)
    lines = waiver("age_reads", 'where: "no_such > 1"'), waiver("age_reads", "where: drop table x")
    world.write({"decisions/w.yml": "".join(lines)})
    result = world.run()
    assert counts(world, "age_reads") == ("fail", "1", "0", "1")
    (message,) = [r.message for r in result.results if r.rule.id == "age_reads"]
    assert message.count("does not count") == 1
    (idle,) = result.idle
    assert "its where can't be read" in idle.cause


def test_who_asked_does_not_decide(world: World) -> None:
    begin(world)
    world.run()
    world.sql(
        f"INSERT INTO {world.audit}.decisions (type, rule_id, keys, reason, decided_by, "
        "requested_by, decided_at, expires) VALUES ('waive', 'age_reads', '3', 'x', 'ann', 'ann', "
        "TIMESTAMP '2026-01-01', '2026-12-31')"
    )
    world.run()
    assert counts(world, "age_reads")[2] == "0"
    ((why,),) = world.audit_rows("decision_states", ("why",))
    assert "somebody else decides" in why


def test_what_could_never_count_is_not_kept(world: World) -> None:
    begin(world)
    world.run()
    words = {"by": "ann", "reason": "x", "at": "2026-01-01"}
    waive = {"type": "waive", "rule": "age_reads", "requested_by": "bob", "expires": "2027-01-01"}
    for said in (
        {**waive, "where": "age in (select 1)"},
        {**waive, "where": "read_text('/etc/passwd') = ''"},
        {"type": "override", "dataset": "people", "keys": "1", "column": "mail", "new": "x"},
    ):
        with pytest.raises(CdmqError, match="CDMQ551"):
            cdmq.api.decide([DecisionSpec.model_validate({**words, **said})], world.root)
    assert world.audit_rows("decisions", ("id",)) == []
