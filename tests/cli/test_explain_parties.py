"""cdmq explain --record: parties, likenesses, questions, golden cells and levels."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg
import pytest
from people_project import FILES, steady
from runner import postgres_parts
from small_project import Small

MERGED = ("data/crm.csv", ("bert@example.com,222", "bert@example.com,111"))
GONE = ("data/crm.csv", ("3,Huber,carl@example.com,333,Köln,\n", ""))
MOVED = ("data/shop.csv", ("1,Maier,anna@example.com", "1,Maier,anne@example.com"))
#: Anna has three records then: the most of what is left of the merged party when Anne leaves it.
THIRD = ("data/shop.csv", ("2,Meyer,bert@example.com", "2,Meyer,anna@example.com"))
#: Ids are made of the rule and the smallest key.
ANNA, BERT, CARL, ANNE = (
    "P5C1A6F5EAAC83891",
    "PA986B7169EE2C0D1",
    "P2B810D886A4960D6",
    "PF84141BF62A8A051",
)
IDS = {
    ANNA: "P-ANNA",
    BERT: "P-BERT",
    CARL: "P-CARL",
    ANNE: "P-ANNE",
    "P58A33E53612F056F": "G-BONN",
    "P27E0936049AFA135": "G-MAIER",
}


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


def _story(project: Small, *words: str) -> str:
    told = project.told("explain", "--record", *words)
    assert (told.code, told.err) == (0, "")
    return steady(told.out, IDS)


def test_a_record_tells_its_party_cells_and_levels(people: Small) -> None:
    assert (
        _story(people, "crm/2")
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

level   class  core for P-ANNA
    since the review of 2026-11-01, until the review of 2026-12-01
    because bought 60000 >= 50000

passes now (1): people.key
"""
    )  # noqa: E501


def test_a_record_that_was_split_off(people: Small) -> None:
    out = _story(people, "shop/1")
    assert "party   same_person  P-ANNE, alone\n    since <2026-12-03>\n" in out
    assert (
        "party   same_person  P-ANNA, no longer\n    from <2026-11-01>\n"
        "    until <2026-12-03>: P-ANNE was split out of it\n"
    ) in out
    assert "3 of 3 cells from this record\n    won, no other value: last, mail, vat\n" in out


def test_a_record_that_won_and_is_masked(people: Small) -> None:
    out = _story(people, "crm/1")
    assert "    won, trusted: city 'Bonn'\n" in out
    assert "    won, first by key, nothing else decided: mail 'anna@example.com'\n" in out
    assert "    won, no other value: last, phone, vat\n" in out
    assert "DE1" not in out


def test_a_record_that_is_gone_is_known_by_its_party(people: Small) -> None:
    out = _story(people, "crm/3")
    assert out.startswith("crm/3 in people\nIt is no longer in the dataset.\n")
    assert (
        "party   same_person  P-CARL, no longer\n    from <2026-11-01>\n"
        "    until <2026-12-03>: the record is no longer in the dataset\n"
    ) in out


def test_a_party_tells_members_cells_levels_and_events(people: Small) -> None:
    assert (
        _story(people, ANNA)
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
    assert "    vat    'DE1' of crm/1" in _story(people, ANNA, "--unmask")


def test_a_retired_party_leads_to_the_one_it_is_now(people: Small) -> None:
    out = _story(people, BERT)
    assert "This party ended: it is P-ANNA now. What follows is told of P-ANNA.\n" in out
    assert "members same_person  3 records of people\n" in out
    assert "    <2026-11-01>: P-BERT began, with 1 record\n" in out
    assert "level   class  ordinary for P-BERT\n" in out
    assert "flag    persons.vat.not_null" in out
    assert out.count("members ") == 1


def test_a_party_of_which_nothing_is_left(people: Small) -> None:
    out = _story(people, CARL)
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
    assert "party   same_person  P-ANNA, alone\n    since <2026-11-01>\n" in _story(own, "shop/1")
    out = _story(own, "crm/2")
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
        ) in _story(own, party)


def test_a_group_has_no_golden_record(people: Small) -> None:
    assert (
        _story(people, "P58A33E53612F056F")
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
    assert re.search(in_group, _story(own, "crm/1"))
    assert re.search(r"group   household  P\w+, with P-BERT\n", _story(own, ANNA))
    own.swap(
        "rules/people.yml",
        ("id: same_person", "id: one_person\n    formerly: same_person"),
        ("from: same_person", "from: one_person"),
    )
    out = _story(own, "crm/2")
    assert "party   same_person  P-BERT, with shop/2" in out  # not run yet by its new id
    own.run("2026-11-02")
    assert "one_person" in _story(own, "crm/2")


def test_the_dataset_that_is_asked_for(people: Small) -> None:
    assert _story(people, ANNA, "--dataset", "persons") == _story(people, ANNA)
    assert _story(people, ANNA, "--dataset", "people").startswith(
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


def test_keys_that_pii_names_are_masked(own: Small) -> None:
    own.swap("models/people.yml", ("vat: mask}", "vat: mask, id: mask}"))
    own.run()
    out = _story(own, "crm/1")
    assert "party   same_person  P-ANNA, with s***\n" in out
    assert "    s***  the same by same_if\n" in out
    assert "    lost: vat '***' to 'D***' of s*** (longest)\n" in out
    assert "shop/1" not in out
    assert "shop/1" in _story(own, "crm/1", "--unmask")
    assert "    c***  since <2026-11-01>\n" in _story(own, ANNA)


def test_losers_are_told_apart_and_masked(own: Small) -> None:
    """The values and keys of losers stand in one text."""
    own.swap(
        "data/crm.csv",
        (
            "1,Meyer,anna@example.com,111,Bonn,DE1",
            '1,"Meyer; shop/1: x",anna@example.com,111,Bonn,DE1',
        ),
    )
    own.swap("rules/people.yml", ("trust: [crm, shop]", "trust: [shop, crm]"))
    own.run()
    assert "    last   'Maier' of shop/1 (trusted); not 'Meyer' of crm/1, 'x' of shop/1\n" in (
        _story(own, ANNA)
    )
    assert "    vat    'D***' of shop/1 (longest); not '***' of crm/1\n" in _story(own, ANNA)
    own.swap("models/people.yml", ("last: plain, ", ""))
    out = _story(own, ANNA)
    assert "    last   'M***' of shop/1 (trusted); not 'M***' of crm/1, '***' of shop/1\n" in out


def test_nothing_of_a_value_writes_on_the_terminal(own: Small) -> None:
    own.swap("data/crm.csv", ("1,Meyer,", "1,Me\x1b[31myer,"))
    own.run()
    out = _story(own, ANNA)
    assert "\x1b" not in out
    assert "'Me\N{REPLACEMENT CHARACTER}[31myer' of crm/1" in out


def test_many_members_and_likenesses_are_counted(own: Small) -> None:
    own.write(
        {
            "data/crm.csv": "id,last,mail,phone,city,vat\n"
            + "".join(f"{i},Meyer,anna@example.com,{i},Bonn,\n" for i in range(1, 31))
        }
    )
    own.run()
    out = _story(own, "crm/1")
    assert "with crm/10, crm/11, crm/12, crm/13, crm/14 and 25 more\n" in out
    assert "alike   same_person  30 records, the nearest 5\n" in out
    told = _story(own, ANNA)
    assert "members same_person  31 records of people\n" in told
    assert "    and 11 more\n" in told


def test_audit_tables_of_an_older_cdmq(own: Small) -> None:
    """A reading command makes no tables: what is not there is empty."""
    own.run()
    with contextlib.closing(duckdb.connect(str(own.root / "target/small.duckdb"))) as connection:
        connection.execute("DROP VIEW cdmq.party_ids")
        for table in ("xref", "pairs", "party_events", "golden_cells", "tier_history", "queue"):
            for view in connection.execute(
                "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal "
                f"AND contains(sql, 'cdmq.{table}')"
            ).fetchall():
                connection.execute(f'DROP VIEW IF EXISTS "{view[0]}"."{view[1]}" CASCADE')
            connection.execute(f"DROP TABLE cdmq.{table}")
    assert _story(own, "crm/1") == (
        "crm/1 in people\nNo rule ever flagged it, and no cell of it was changed.\n\n"
        "passes now (1): people.key\n"
    )
    told = own.told("explain", "--pair", "crm/1", "shop/1", "--rule", "same_person")
    assert told.code == 0
    assert "verdict  none" in told.out


def test_on_postgres(own: Small, postgres_uri: str) -> None:
    output = {"type": "postgres", "schema": "parties", **postgres_parts(postgres_uri)}
    own.write({"profiles.yml": json.dumps({"small": {"target": "it", "outputs": {"it": output}}})})
    with _dropped(postgres_uri, "parties", "parties_cdmq"):
        own.run("2026-11-01")
        own.swap(*MERGED)
        own.run("2026-11-02")
        out = _story(own, "crm/2")
        assert "    until <2026-11-02>: it was merged into P-ANNA\n" in out
        assert "    lost: mail 'bert@example.com' to 'anna@example.com' of crm/1" in out
        out = _story(own, BERT)
        assert "This party ended: it is P-ANNA now." in out
        assert "    vat    'D***' of shop/1 (longest); not '***' of crm/1\n" in out
        out = steady(own.told("explain", "--pair", "crm/1", "shop/2").out, IDS)
        assert (
            "now      both are in the party P-ANNA, through others: crm/1 and crm/2 "
            "(same_if), crm/2 and shop/2 (same_if)\n"
        ) in out


@contextlib.contextmanager
def _dropped(uri: str, *schemas: str) -> Iterator[None]:
    try:
        yield
    finally:
        with psycopg.connect(uri, autocommit=True) as connection:
            for name in schemas:
                connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")
