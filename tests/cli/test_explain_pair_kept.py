"""cdmq explain --pair: what was kept of two records, and what speaks for nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from people_project import FILES
from small_project import Small
from told_pairs import told_pair

from cdmq.audit.telling_text import sure
from cdmq.kinds.matching.pair_story_text import strength


@pytest.fixture
def own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    project = Small(tmp_path / "own", capsys)
    project.write(FILES)
    return project


def test_one_party_through_others(own: Small) -> None:
    own.swap("data/crm.csv", ("bert@example.com,222", "bert@example.com,111"))
    own.run()
    out = told_pair(own, "crm/1", "shop/2")
    by_rule = out.split("\n\ncrm/1 and shop/2 in people, by namesakes\n")
    assert len(by_rule) == 2
    assert (
        "verdict  two: this rule weighs nothing, and in no list of same_if are they equal\n"
        "now  both are in the party P5C1A6F5EAAC83891, through others: crm/1 and crm/2 "
        "(same_if), crm/2 and shop/2 (same_if)"
    ) in by_rule[0]
    assert "now  crm/1 is in the group P58" in by_rule[1]
    assert told_pair(own, "crm/1", "shop/2", "--rule", "namesakes").startswith(
        "crm/1 and shop/2 in people, by namesakes\n"
    )


def test_what_was_kept_before(own: Small) -> None:
    own.run("2026-11-01")
    own.swap("data/shop.csv", ("anna@example.com", "anne@example.com"))
    own.swap("data/crm.csv", ("3,Huber,carl@example.com,333,Köln,\n", ""))
    own.run("2026-11-02")
    out = told_pair(own, "crm/1", "shop/1", "--rule", "same_person")
    assert "  until <2026-11-02> they were kept as the same by same_if\n" in out
    out = told_pair(own, "crm/1", "crm/3", "--rule", "same_person")
    assert "\ncrm/3 is no longer in the dataset.\n" in out
    assert "crm/3 is in no party\n" in out


def test_what_is_no_evidence(own: Small) -> None:
    own.swap(
        "rules/people.yml",
        (
            "same_if: [[mail], [phone]]",
            "same_if: [[mail], [phone], [city]]\n    "
            "ignore_values: {shared_by_more_than: {phone: 1}}\n    where: last <> 'Huber'",
        ),
    )
    own.swap(
        "rules/people.yml",
        (
            "matching:",
            """\
defaults:
  - id: city_of
    column: city
    fill_from: [last]
matching:""",
        ),
    )
    own.swap("data/crm.csv", ("bert@example.com,222", "bert@example.com,111"))
    own.run()
    out = told_pair(own, "crm/1", "crm/2", "--rule", "same_person")
    assert (
        "  phone  too common  '111' = '111'  no evidence: too many records share it, "
        "named by same_if\n"
    ) in out.replace("|", "=")
    out = told_pair(own, "crm/1", "shop/1", "--rule", "same_person")
    assert (
        "  city  borrowed  'Bonn' | 'Maier'  no evidence: a default filled it in, "
        "named by same_if\n"
    ) in out
    out = told_pair(own, "crm/2", "crm/3", "--rule", "same_person")
    assert "  the rule looks only at records with: last <> 'Huber'\n" in out


def test_questions_about_two_parties_and_a_review(own: Small) -> None:
    own.run()
    import duckdb

    with duckdb.connect(str(own.root / "target/small.duckdb")) as connection:
        run = connection.execute("SELECT run_id FROM cdmq.runs").fetchall()[0][0]
        connection.execute(
            "INSERT INTO cdmq.queue (rule_id, version, about, key, other, why, sure, more, from_run) "
            f"VALUES ('same_person', 'v', 'pair', 'shop/1', 'shop/2', 'bridge', 0.93, 0, '{run}')"
        )
        connection.execute(
            "INSERT INTO cdmq.pairs VALUES ('same_person', 'v', 'crm/1', 'crm/3', 'score', 0.98999,"
            f" 6.6, '{json.dumps({'city': -1.4})}', '{run}', NULL, NULL)"
        )
    out = told_pair(own, "crm/1", "crm/2", "--rule", "same_person")
    assert out.endswith(
        "\nasked  same_person  are shop/1 and shop/2 one? 93.0% sure; alike, but most others of "
        "the two groups are not\n  open since <2026-11-01>\n"
        "  what is said of them is said of the two parties\n".replace("93.0%", "S%")
    )
    out = own.told("explain", "--pair", "crm/1", "crm/3", "--rule", "same_person").out
    assert "verdict  not sure enough to be one: 98.9%, and merge_above is 99%\n" in out
    assert "to begin with  +8.0  for any two records" in re.sub(" {2,}", "  ", out)


def test_words_for_weights_and_chances() -> None:
    assert [strength(w) for w in (11.2, 3, 0.4, 0, -0.4, -3.1, -6)] == [
        "strongly for",
        "for",
        "slightly for",
        "no evidence",
        "slightly against",
        "against",
        "strongly against",
    ]
    assert [sure(p) for p in (1, 0.99998, 0.98999, 0.99, 0.712, 0.5, 0.0012, 0.00001)] == [
        "100%",
        ">99.99%",
        "98.9%",
        "99.00%",
        "71.2%",
        "50.0%",
        "0.12%",
        "<0.01%",
    ]
