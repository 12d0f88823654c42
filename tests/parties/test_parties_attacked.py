"""Parties, golden records and levels when rules are switched off, left out, renamed or misnamed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from people import CRM, GOLDEN, MATCHING, MODELS, SHOP, TIERS, fill, parties, people
from runner import World

import cdmq.api
from cdmq.problems import CdmqError

BOTH = MATCHING + GOLDEN
COMPARE = "    compare: {first: name, last: name, birth: date}\n"
HOUSEHOLD = """
matching:
  - id: household
    makes: group
    compare: {last: name, phone: phone}
"""


def status(result: Any) -> dict[str, tuple[str, str]]:
    return {r.rule.id: (r.status, r.message or "") for r in result.results}


def begin(world: World) -> None:
    people(world, BOTH, TIERS).run()


@pytest.fixture
def duck(make_world: Any) -> World:
    found: World = make_world("duckdb")
    return found


@pytest.fixture
def duck_begun(made_once: Any, tmp_path: Path) -> World:
    found: World = made_once("duckdb", begin).twin(tmp_path)
    return found


@pytest.mark.parametrize("words", ["golden_person", "persons.mail.not_null", "kind:validation"])
def test_levels_that_are_not_wanted_need_no_facts(duck: World, words: str) -> None:
    people(duck, BOTH, TIERS)
    result = duck.run(select=words)
    assert status(result)["class"] == ("skipped", "not selected")
    assert result.exit_code in (0, 1)


def test_a_renamed_rule_that_goes_closes_what_it_wrote_before(begun: World) -> None:
    begun.write(
        {
            "rules/people.yml": BOTH.replace(
                "id: same_person", "id: one\n    formerly: same_person"
            )
            .replace("from: same_person", "from: one")
            .replace("id: golden_person", "id: best\n    formerly: golden_person"),
            "rules/persons.yml": TIERS.replace("id: class", "id: rank\n    formerly: class"),
        }
    )
    begun.run()
    begun.write({"rules/people.yml": "", "rules/persons.yml": ""})
    begun.run()
    for table in ("xref", "pairs", "golden_cells", "tier_history"):
        assert begun.audit_rows(table, ("rule_id",), "to_run IS NULL") == []
    assert {now for _, now in begun.audit_rows("party_ids", ("party_id", "now_id"))} == {None}


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("    why: One", "    enabled: false\n    why: One", "the rule same_person is disabled"),
        (
            "    from: same",
            "    enabled: false\n    from: same",
            "the rule golden_person is disabled",
        ),
    ],
)
def test_what_a_disabled_rule_would_make_is_no_error(
    duck_begun: World, old: str, new: str, why: str
) -> None:
    duck = duck_begun
    before = duck.view("persons")
    duck.write({"rules/people.yml": BOTH.replace(old, new)})
    result = duck.run()
    assert (result.exit_code, result.failed) == (0, {})
    assert status(result)["persons.mail.not_null"] == ("skipped", why)
    assert status(result)["class"] == ("skipped", why)
    assert duck.view("persons") == before
    assert set(duck.results()) >= {"class"}
    assert duck.audit_rows("golden_cells", ("column_name",), "to_run IS NOT NULL") == []


@pytest.mark.parametrize(
    "rules",
    [
        MATCHING.replace("id: same_person", "id: people"),
        BOTH.replace("into: persons", "into: People"),
        BOTH.replace("into: persons", "into: people__clean"),
        BOTH.replace("into: persons", "into: people__xref"),
        BOTH.replace("into: persons", "into: crm_src"),
    ],
)
def test_names_that_meet_are_told_before_a_run(duck: World, rules: str) -> None:
    with pytest.raises(CdmqError, match="CDMQ205|CDMQ261"):
        people(duck, rules).run()


def test_pii_of_the_golden_dataset_holds_for_its_cells(duck: World) -> None:
    people(duck, BOTH)
    duck.write({"models/m.yml": MODELS + "  - {name: persons, pii: {phone: omit, mail: mask}}\n"})
    duck.run()
    cells = duck.audit_rows(
        "golden_cells", ("column_name", "value", "losers"), "column_name IN ('phone', 'mail')"
    )
    assert {c[1] for c in cells} == {None, "a***", "b***", "c***", "d***"}
    assert ("phone", None, "shop/1: ***") in cells


def test_a_longer_period_begins_after_the_last_review(duck: World) -> None:
    """From daily to monthly in the middle of a month: judged by the new rule, and once."""
    monthly = (
        TIERS.replace("    keep_unless: {below_by: 10%, for: 2 reviews}\n", "")
        .replace("dataset: persons", "dataset: people")
        .replace("50000", "30000")
    )
    people(duck, "", monthly.replace("review: monthly", "review: daily"))
    duck.run(as_of=dt.datetime(2026, 11, 20))
    assert "core" in {r["level"] for r in duck.view("class__levels")}
    duck.write({"rules/persons.yml": monthly.replace("30000", "500000")})
    assert status(duck.run(as_of=dt.datetime(2026, 11, 21)))["class"][0] == "pass"
    assert "core" not in {r["level"] for r in duck.view("class__levels")}
    again = duck.run(as_of=dt.datetime(2026, 11, 25))
    assert "judged already" in status(again)["class"][1]
    late = duck.run(as_of=dt.datetime(2026, 11, 19))
    assert "before the last review" in status(late)["class"][1]
    duck.run(as_of=dt.datetime(2026, 12, 1))
    assert [r[0] for r in duck.audit_rows("tier_reviews", ("review",))] == [
        "2026-11-20",
        "2026-11-20",
        "2026-12-01",
    ]


def test_a_group_of_golden_records_is_trained(duck: World) -> None:
    people(duck, BOTH, TIERS + HOUSEHOLD).run()
    cells = duck.audit_rows("golden_cells", ("party_id", "value", "to_run"))
    fill(duck, CRM, SHOP[:1])
    result = cdmq.api.train(duck.root)
    assert result.exit_code == 0
    assert status(result)["household"][1].startswith("trained on 3 records")
    assert status(result)["same_person"] == ("skipped", "not selected")
    assert duck.audit_rows("golden_cells", ("party_id", "value", "to_run")) == cells
    assert len(parties(duck)) == 10


def test_a_model_of_nothing_is_not_kept(duck: World) -> None:
    people(duck, MATCHING + COMPARE)
    fill(duck, [], [])
    duck.run()
    assert duck.audit_rows("match_models", ("trained_on",)) == []
    fill(duck, CRM, SHOP)
    duck.run()
    assert duck.audit_rows("match_models", ("trained_on",)) == [(6,)]


def test_columns_are_found_without_regard_to_case(duck: World) -> None:
    people(duck, MATCHING.replace("[[mail]]", "[[Mail]]").replace("[vat]", "[VAT]")).run()
    assert {"crm/1", "shop/1"} in parties(duck).values()
    people(duck, MATCHING + "    compare: {Mail: email, First: name}\n")
    with pytest.raises(CdmqError, match="differ by case alone"):
        duck.run()


def test_the_former_id_of_a_matching_rule_is_not_given_away(duck: World) -> None:
    people(duck, MATCHING).run()
    before = parties(duck)
    renamed = MATCHING.replace("id: same_person", "id: one\n    formerly: same_person")
    duck.write({"rules/people.yml": renamed})
    duck.run()
    duck.write(
        {
            "rules/people.yml": MATCHING.replace("id: same_person", "id: one")
            + "  - {id: same_person, makes: group, same_if: [[phone]]}\n"
        }
    )
    with pytest.raises(CdmqError, match="'same_person' was the id of 'one'"):
        duck.run()
    duck.write(
        {"rules/people.yml": MATCHING.replace("same_person", "same_person\n    formerly: one")}
    )
    duck.run()
    assert parties(duck) == before


def test_levels_without_their_facts_say_so(duck_begun: World) -> None:
    duck_begun.sql("DROP TABLE orders_src")
    assert status(duck_begun.run())["class"] == ("skipped", "it reads orders, which failed")
