"""Unit tests of matching, golden and tiering rules that say something wrong, and the command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from small_project import Small
from unit_people import ANA, ANNA, Said, one, people, run_all, telling

from cdmq.problems import CdmqError


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    return people(tmp_path, capsys)


@pytest.fixture
def said(project: Small) -> Said:
    return telling(project)


@pytest.mark.parametrize(
    ("rule", "expect", "message"),
    [
        (
            "same_customer",
            "parties: [[crm/1, shop/99]]",
            "CDMQ527 expect: customers has no record "
            "'shop/99' in unit test t; did you mean 'shop/9'?",
        ),
        (
            "golden_customer",
            "cells: [{of: crm/1, column: frist, value: x}]",
            "CDMQ527 expect: a golden "
            "record has no column 'frist' in unit test t; did you mean 'first'?",
        ),
        (
            "customer_class",
            "levels: [{of: crm/1, level: cor}]",
            "CDMQ527 expect: customer_class has no "
            "level 'cor' in unit test t; did you mean 'core'?",
        ),
        (
            "shop_class",
            "levels: [{of: shop/9, level: once}]",
            "CDMQ527 expect: shop_class judges the "
            "records of shop, no parties (unit test t); write key: shop/9 in place of of",
        ),
        (
            "same_customer",
            "cells: [{of: crm/1, column: first, value: x}]",
            "CDMQ526 expect: cells are "
            "made by golden rules, the unit test t names none; name one of them in rules: "
            "golden_customer",
        ),
        ("customers.x", "pairs: []", ""),
        (
            "mail_form",
            "changes: [], parties: []",
            "CDMQ526 expect: parties are made by matching rules, "
            "the unit test t names none; name one of them in rules: household, same_customer",
        ),
        (
            "golden_customer",
            "parties: []",
            "CDMQ525 the unit test t expects nothing of the rules it "
            "names; add expect: {cells: [{of: KEY, column: NAME, value: TEXT}]}",
        ),
        ("golden_customer", "cells: []", "CDMQ525"),
        ("customer_class", "", "add expect: {levels: [{of: KEY, level: NAME}]}"),
        ("same_customer", "", "add expect: {parties: []}"),
    ],
)
def test_mistakes_are_told(project: Small, rule: str, expect: str, message: str) -> None:
    if not message:
        with pytest.raises(CdmqError, match="CDMQ212 unknown rule 'customers.x'"):
            run_all(project, one(rule, ANNA, expect))
        return
    done = run_all(project, one(rule, f"{ANNA}, {ANA}", expect))
    assert (done.exit_code, done.results[0].status) == (2, "error")
    assert message in done.results[0].message


def test_two_matching_rules_are_tested_apart(said: Said) -> None:
    text = one("x", ANNA, "pairs: []").replace("rule: x", "rules: [same_customer, household]")
    assert said(text) == [
        "unit_tests/t.yml:2:5: CDMQ526 the unit test t could not tell what is of same_customer and "
        "what of household; write a unit test for each"
    ]


@pytest.mark.parametrize(
    ("rule", "expect", "message"),
    [
        (
            "golden_customer",
            "cells: [{of: a, column: first, value: x}]",
            "CDMQ528 given golden: "
            "golden_customer makes it of customers (unit test t); give customers in place of golden",
        ),
        (
            "customer_class",
            "levels: [{key: 1, level: core}]",
            "CDMQ528 given golden: orders finds a "
            "party by the records of customers (unit test t); give customers in place of golden",
        ),
    ],
)
def test_a_golden_dataset_is_not_given_where_it_is_made(
    said: Said, rule: str, expect: str, message: str
) -> None:
    text = one(rule, "", expect).replace("customers: []", "golden: [{party_id: 1}]")
    assert said(text) == [f"unit_tests/t.yml:2:5: {message}"]


@pytest.mark.parametrize(
    ("rule", "expect", "messages"),
    [
        (
            "same_customer",
            "pairs: [{a: x, c: y}]",
            [
                "7:22: CDMQ111 'b' is missing in unit test t; add b: ...",
                "7:29: CDMQ110 unknown key 'c' in unit test t; known here: a, b, verdict",
            ],
        ),
        (
            "same_customer",
            "pairs: [{a: x, b: y, verdict: same}]",
            ["7:44: CDMQ112 'verdict' in unit test t cannot be 'same'; did you mean 'same_if'?"],
        ),
        (
            "same_customer",
            "pairs: [{a: x, b: x}]",
            ["7:22: CDMQ112 'pairs' in unit test t: a pair is two records, here is x twice"],
        ),
        (
            "same_customer",
            "partys: []",
            ["7:14: CDMQ110 unknown key 'partys' in unit test t; did you mean 'parties'?"],
        ),
        (
            "same_customer",
            "parties: [[x]]",
            [
                "7:13: CDMQ112 'expect' in unit test t: a party in parties has two or more records; who is "
                "alone is left out"
            ],
        ),
        (
            "same_customer",
            "parties: [[x, y], [y, z]]",
            ["7:13: CDMQ112 'expect' in unit test t: y stands in two parties"],
        ),
        (
            "golden_customer",
            "cells: [{of: x, column: y}]",
            ["7:22: CDMQ112 'cells' in unit test t: say what y of x is: value, winner or because"],
        ),
        (
            "customer_class",
            "levels: [{level: core}]",
            [
                "7:23: CDMQ112 'levels' in unit test t: say whose level it is: by of (any record of the "
                "party) or by key"
            ],
        ),
        (
            "customer_class",
            "levels: [{of: a, levle: core}]",
            ["7:31: CDMQ110 unknown key 'levle' in unit test t; did you mean 'level'?"],
        ),
    ],
)
def test_bad_keys_have_their_place(
    project: Small, rule: str, expect: str, messages: list[str]
) -> None:
    with pytest.raises(CdmqError) as error:
        run_all(project, one(rule, "", expect))
    told = [line for line in str(error.value).splitlines() if "write:" not in line]
    assert [line.partition("t.yml:")[2] for line in told] == messages


def test_the_command_and_its_coverage(project: Small) -> None:
    project.write(
        {
            "unit_tests/t.yml": "unit_tests:\n"
            + one("customer_class", ANNA, "levels: [{of: crm/1, level: core}]", "core_at_once")
            + one("same_customer", ANNA, "parties: []", "alone")
        }
    )
    told = project.told("unit-test", "--coverage")
    lines = told.out.splitlines()
    assert told.code == 1
    assert lines[:3] == [
        "fail     core_at_once  (customer_class)  unit_tests/t.yml:2",
        "         different level: of 'crm/1'; level should be 'core', is 'prospect' (ever 0 = 0)",
        "pass     alone",
    ]
    assert [line.split()[0] for line in lines[5:]] == [
        "mail_form",
        "household",
        "golden_customer",
        "golden.mail.not_null",
        "golden.mail.email",
        "shop_class",
    ]
    assert project.told("unit-test", "-s", "kind:matching").code == 0
    assert not (project.root / "target").exists()


def test_splink_is_left_alone_where_nothing_is_compared(project: Small) -> None:
    text = one("mail_form", ANA, "changes: [{key: shop/9}]", "a") + one(
        "household", ANA, "parties: []", "b"
    )
    project.write({"unit_tests/t.yml": "unit_tests:\n" + text})
    code = (
        "import sys; from cdmq import unit_test; "
        f"print(unit_test({str(project.root)!r}).exit_code, 'splink' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "0 False\n"
