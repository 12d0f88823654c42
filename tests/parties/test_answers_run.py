"""What people say of pairs, in runs: it goes before the model, and holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from people import CRM, MATCHING, SHOP, fill, parties, people
from runner import AS_OF, Twin, World
from test_parties_run import COMPARING, begin_comparing, members

import cdmq.api
from cdmq.problems import CdmqError
from cdmq.project.people import DecisionSpec

PEOPLE = """
- {login: ann, name: Ann, roles: [steward], standing: 2}
- {login: bob, roles: [steward]}
- {login: bot, kind: agent}
"""


@pytest.fixture
def compared(twin: Twin) -> World:
    return twin(begin_comparing)


def yesterday(hours: int = 0) -> str:
    """The day before the one by which worlds judge."""
    return (AS_OF - timedelta(days=1, hours=-hours)).isoformat(timespec="seconds")


def line(type: str, a: str, b: str, by: str = "ann", hours: int = 0, **words: str) -> str:
    more = "".join(f", {k}: {v}" for k, v in words.items())
    return (
        f"- {{type: {type}, rule: same_person, keys: [{a}, {b}], by: {by}, at: '{yesterday(hours)}', "
        f"reason: seen{more}}}\n"
    )


def decide(world: World, *lines: str, people: str = PEOPLE) -> None:
    world.write({"people.yml": people, "decisions/pairs.yml": "".join(lines)})
    result = world.run()
    assert result.exit_code == 0


def asked(world: World) -> set[tuple[str, str, str]]:
    return set(world.audit_rows("queue", ("key", "other", "why"), "to_run IS NULL"))


def test_same_beats_what_may_never_differ(compared: World) -> None:
    assert frozenset({"crm/3", "shop/8"}) not in members(compared)
    decide(compared, line("same", "shop/8", "crm/3"))
    assert frozenset({"crm/3", "shop/8"}) in members(compared)
    assert asked(compared) == set()
    assert ("same", None, "false") in compared.audit_rows(
        "answers", ("answer", "gave_way", "changed")
    )


def test_not_same_beats_same_if_and_asks_no_more(compared: World) -> None:
    decide(compared, line("not_same", "crm/1", "shop/1"))
    assert frozenset({"crm/1"}) in members(compared)
    assert not [q for q in asked(compared) if "crm/1" in q]


def test_a_second_run_changes_nothing(compared: World) -> None:
    decide(compared, line("same", "shop/8", "crm/3"), line("not_same", "crm/1", "shop/1"))
    again = compared.run()
    assert {k: v for k, v in {**again.opened, **again.closed}.items() if v} == {}
    for table in ("decisions", "decision_states"):
        assert len(compared.audit_rows(table, ("id",))) == 2


def test_answers_hold_when_the_model_is_trained_anew_and_the_rule_renamed(compared: World) -> None:
    decide(compared, line("same", "shop/8", "crm/3"), line("not_same", "crm/1", "shop/1"))
    before = parties(compared)
    cdmq.api.train(compared.root)
    renamed = COMPARING.replace("id: same_person", "id: one\n    formerly: same_person")
    compared.write({"rules/people.yml": renamed})
    assert compared.run().exit_code == 0
    assert parties(compared) == before


def test_what_is_taken_out_of_the_file_still_counts_until_it_is_withdrawn(compared: World) -> None:
    decide(compared, line("same", "shop/8", "crm/3"))
    compared.write({"decisions/pairs.yml": "[]\n"})
    compared.run()
    assert frozenset({"crm/3", "shop/8"}) in members(compared)
    ((own,),) = compared.audit_rows("decisions", ("id",))
    back = f"- {{type: withdraw, withdraws: {own}, by: ann, at: '{yesterday(2)}', reason: wrong}}\n"
    decide(compared, back)
    assert frozenset({"crm/3", "shop/8"}) not in members(compared)
    assert asked(compared) == {("crm/3", "shop/8", "veto")}


def test_changed_values_are_asked_once_more_and_the_answer_stands(compared: World) -> None:
    decide(compared, line("same", "shop/8", "crm/3"))
    changed = [[*r[:5], "+4999", *r[6:]] if r[0] == 8 else r for r in SHOP]
    fill(compared, CRM, changed)
    compared.run()
    assert frozenset({"crm/3", "shop/8"}) in members(compared)
    assert asked(compared) == {("crm/3", "shop/8", "changed")}
    decide(compared, line("same", "crm/3", "shop/8", hours=3))
    assert asked(compared) == set()


def test_the_weaker_of_two_that_contradict_gives_way_and_is_asked_again(compared: World) -> None:
    decide(
        compared,
        line("same", "crm/3", "shop/8"),
        line("same", "crm/2", "crm/3", hours=1),
        line("not_same", "crm/2", "shop/8", by="bob", hours=2),
    )
    assert frozenset({"crm/2", "crm/3", "shop/8"}) in members(compared)
    assert asked(compared) == {("crm/2", "shop/8", "contradicted")}


def test_who_may_not_decide_decides_nothing(compared: World) -> None:
    decide(
        compared,
        line("same", "shop/8", "crm/3", by="bot"),
        line("same", "shop/7", "crm/2", by="joe"),
        line("same", "shop/7", "nobody"),
    )
    assert frozenset({"crm/2"}) in members(compared)
    whys = {why for (why,) in compared.audit_rows("decision_states", ("why",), "to_run IS NULL")}
    assert whys == {
        "bot is an agent: it proposes, and a person decides",
        "'joe' is not in people.yml",
        None,
    }
    assert ("nobody", None) in compared.audit_rows("answers", ("key_a", "evidence"))


def test_decide_writes_at_once_and_refuses_what_could_never_count(compared: World) -> None:
    compared.write({"people.yml": PEOPLE})
    words = {"type": "same", "rule": "same_person", "keys": ["crm/3", "shop/8"], "reason": "seen"}
    spec = DecisionSpec.model_validate({**words, "by": "bob", "at": yesterday()})
    told = cdmq.api.decide([spec], compared.root)
    assert [(t.aside, t.known) for t in told] == [(None, False)]
    assert [t.known for t in cdmq.api.decide([spec], compared.root)] == [True]
    compared.run()
    assert frozenset({"crm/3", "shop/8"}) in members(compared)
    for wrong in ({"by": "joe"}, {"rule": "no_rule"}):
        bad = DecisionSpec.model_validate({**words, "by": "bob", "at": yesterday(), **wrong})
        with pytest.raises(CdmqError):
            cdmq.api.decide([bad], compared.root)
    assert len(compared.audit_rows("decisions", ("id",))) == 1


def test_a_row_that_sql_inserted_counts_and_rubbish_says_why_not(compared: World) -> None:
    compared.write({"people.yml": PEOPLE})
    schema = "cdmq" if compared.engine == "duckdb" else f"{compared.schema}_cdmq"
    for type, keys in (("same", '["crm/3", "shop/8"]'), ("sme", "x")):
        compared.sql(
            f"INSERT INTO {schema}.decisions (type, rule_id, keys, reason, decided_by, decided_at) "
            f"VALUES ('{type}', 'same_person', '{keys}', 'seen', 'ann', TIMESTAMP '2026-01-01')"
        )
    assert compared.run().exit_code == 0
    assert frozenset({"crm/3", "shop/8"}) in members(compared)
    whys = [w for (w,) in compared.audit_rows("decision_states", ("why",)) if w]
    assert len(whys) == 1
    assert whys[0].startswith("it can't be read: Input should be 'same'")


def test_pairs_of_a_rule_that_compares_nothing(world: World) -> None:
    people(world, MATCHING)
    decide(world, line("same", "crm/2", "crm/3"), line("not_same", "shop/1", "crm/1"))
    assert frozenset({"crm/2", "crm/3"}) in members(world)
    assert frozenset({"crm/1"}) in members(world)
