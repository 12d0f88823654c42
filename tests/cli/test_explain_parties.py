"""cdmq explain --record: parties, likenesses, questions, golden cells and levels."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from people_project import FILES
from small_project import Small
from told_people import ANNA, BERT, CARL, GONE, MERGED, MOVED, THIRD, told_story


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs: Bert is merged into Anna; then Carl is gone and Anne splits off."""
    folder: Path = tmp_path_factory.mktemp("people")
    project = Small(folder, None)  # type: ignore[arg-type]
    project.write(FILES)
    project.swap(*THIRD)
    project.run("2026-11-01")
    project.swap(*MERGED)
    project.run("2026-11-02")
    project.swap(*GONE)
    project.swap(*MOVED)
    project.run("2026-12-03")
    return folder


@pytest.fixture
def people(root: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    return Small(root, capsys)


def test_a_record_tells_its_party_cells_and_levels(people: Small) -> None:
    assert (
        told_story(people, "crm/2")
        == """\
crm/2 in people
No rule ever flagged it, and no cell of it was changed.

party   same_person  P-ANNA, with crm/1 and shop/2
    since <2026-11-02>

group   namesakes  G-BONN, with crm/1
    since <2026-11-01>

party   same_person  P-BERT, no longer
    from <2026-11-01>
    until <2026-11-02>: it was merged into P-ANNA

alike   namesakes  1 record
    crm/1  the same by same_if
    why: cdmq explain --pair crm/2 crm/1

alike   same_person  1 record
    crm/1  the same by same_if
    why: cdmq explain --pair crm/2 crm/1

golden  golden_person  P-ANNA in persons, 0 of 5 cells from this record
    has the same: last, phone, city
    lost: mail 'bert@example.com' to 'anna@example.com' of crm/1 (first by key, nothing else decided)

level   class  ordinary for P-ANNA
    since the review of 2026-12-01, holds
    because no other level fits: bought 30000
    alone bought >= 50000: core

level   class  core for P-ANNA
    since the review of 2026-11-01, until the review of 2026-12-01
    because bought 60000 >= 50000

passes now (1): people.key
"""
    )  # noqa: E501


def test_a_record_that_was_split_off(people: Small) -> None:
    out = told_story(people, "shop/1")
    assert "party   same_person  P-ANNE, alone\n    since <2026-12-03>\n" in out
    assert (
        "party   same_person  P-ANNA, no longer\n    from <2026-11-01>\n"
        "    until <2026-12-03>: P-ANNE was split out of it\n"
    ) in out
    assert "3 of 3 cells from this record\n    won, no other value: last, mail, vat\n" in out


def test_a_record_that_won_and_is_masked(people: Small) -> None:
    out = told_story(people, "crm/1")
    assert "    won, trusted: city 'Bonn'\n" in out
    assert "    won, first by key, nothing else decided: mail 'anna@example.com'\n" in out
    assert "    won, no other value: last, phone, vat\n" in out
    assert "DE1" not in out


def test_a_record_that_is_gone_is_known_by_its_party(people: Small) -> None:
    out = told_story(people, "crm/3")
    assert out.startswith("crm/3 in people\nIt is no longer in the dataset.\n")
    assert (
        "party   same_person  P-CARL, no longer\n    from <2026-11-01>\n"
        "    until <2026-12-03>: the record is no longer in the dataset\n"
    ) in out


def test_a_party_tells_members_cells_levels_and_events(people: Small) -> None:
    assert (
        told_story(people, ANNA)
        == """\
P-ANNA in persons
It is a party of people by same_person.
No rule ever flagged it, and no cell of it was changed.

members same_person  3 records of people
    crm/1  since <2026-11-01>
    crm/2  since <2026-11-02>
    shop/2  since <2026-11-01>

golden  golden_person  P-ANNA in persons
    last   'Meyer' of crm/1 (no other value)
    mail   'anna@example.com' of crm/1 (first by key, nothing else decided); not 'bert@example.com' of crm/2
    phone  '111' of crm/1 (no other value)
    city   'Bonn' of crm/1 (trusted); not 'Trier' of shop/2
    vat    '***' of crm/1 (no other value)

level   class  ordinary for P-ANNA
    since the review of 2026-12-01, holds
    because no other level fits: bought 30000
    alone bought >= 50000: core

level   class  core for P-ANNA
    since the review of 2026-11-01, until the review of 2026-12-01
    because bought 60000 >= 50000

events  same_person
    <2026-11-01>: P-ANNA began, with 3 records
    <2026-11-02>: P-BERT was merged into P-ANNA, which took 1 record of it
    <2026-12-03>: P-ANNE was split out of P-ANNA, with 1 record

passes now (2): persons.key, persons.vat.not_null
"""
    )  # noqa: E501
    assert "    vat    'DE1' of crm/1" in told_story(people, ANNA, "--unmask")


def test_a_retired_party_leads_to_the_one_it_is_now(people: Small) -> None:
    out = told_story(people, BERT)
    assert "This party ended: it is P-ANNA now. What follows is told of P-ANNA.\n" in out
    assert "members same_person  3 records of people\n" in out
    assert "    <2026-11-01>: P-BERT began, with 1 record\n" in out
    assert "level   class  ordinary for P-BERT\n" in out
    assert "flag    persons.vat.not_null" in out
    assert out.count("members ") == 1


def test_a_party_of_which_nothing_is_left(people: Small) -> None:
    out = told_story(people, CARL)
    assert "This party ended: no record of it is left.\n" in out
    assert "    <2026-12-03>: P-CARL ended: none of its 1 record is left\n" in out
    assert "members" not in out
    assert "passes now" not in out  # of what is not there no rule says that it passes


def test_a_party_that_is_there_again_has_its_id(own: Small) -> None:
    """Most of the records that Bert last held by himself are in the larger part, Anna's in both."""
    own.run("2026-11-01")
    own.swap(*MERGED)
    own.run("2026-11-02")
    own.swap(*MOVED)
    own.run("2026-12-03")
    assert "party   same_person  P-ANNA, alone\n    since <2026-11-01>\n" in told_story(
        own, "shop/1"
    )
    out = told_story(own, "crm/2")
    assert "party   same_person  P-BERT, with crm/1 and shop/2\n    since <2026-12-03>\n" in out
    assert (
        "party   same_person  P-ANNA, no longer\n    from <2026-11-02>\n"
        "    until <2026-12-03>: P-BERT was there again\n"
    ) in out
    assert (
        "alike   same_person  2 records\n    crm/1  the same by same_if\n"
        "    shop/2  the same by same_if\n"
    ) in out
    for party in (ANNA, BERT):
        assert (
            "    <2026-11-02>: P-BERT was merged into P-ANNA, which took 2 records of it\n"
            "    <2026-12-03>: P-BERT was there again, with 3 records, most of them out of "
            "P-ANNA\n"
        ) in told_story(own, party)


def test_a_group_has_no_golden_record(people: Small) -> None:
    assert (
        told_story(people, "P58A33E53612F056F")
        == """\
G-BONN, a group of people by namesakes

members namesakes  2 records of people
    crm/1  since <2026-11-01>
    crm/2  since <2026-11-01>

events  namesakes
    <2026-11-01>: G-BONN began, with 2 records
"""
    )


def test_parties_in_groups_and_a_rule_that_was_renamed(own: Small) -> None:
    own.swap(
        "rules/persons.yml",
        (
            "validation:",
            """\
matching:
  - id: household
    makes: group
    same_if: [[last]]
validation:""",
        ),
    )
    own.run("2026-11-01")
    in_group = r"group   household  P\w+, of which P-ANNA is one, with P-BERT\n    since <2026"
    assert re.search(in_group, told_story(own, "crm/1"))
    assert re.search(r"group   household  P\w+, with P-BERT\n", told_story(own, ANNA))
    own.swap(
        "rules/people.yml",
        ("id: same_person", "id: one_person\n    formerly: same_person"),
        ("from: same_person", "from: one_person"),
    )
    out = told_story(own, "crm/2")
    assert "party   same_person  P-BERT, with shop/2" in out  # not run yet by its new id
    own.run("2026-11-02")
    assert "one_person" in told_story(own, "crm/2")


def test_the_dataset_that_is_asked_for(people: Small) -> None:
    assert told_story(people, ANNA, "--dataset", "persons") == told_story(people, ANNA)
    assert told_story(people, ANNA, "--dataset", "people").startswith(
        "P-ANNA, a party of people by same_person\n"
    )
    told = people.told("explain", "--record", ANNA, "--dataset", "orders")
    assert "CDMQ531 no record with the key" in told.err


def test_an_unknown_key_still_gives_near_ones(people: Small) -> None:
    told = people.told("explain", "--record", "crm/11")
    assert told.code == 2
    assert "CDMQ531 no record with the key 'crm/11'; near it: crm/1 (people)" in told.err


@pytest.fixture
def own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    project = Small(tmp_path / "own", capsys)
    project.write(FILES)
    return project
