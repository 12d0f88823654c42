"""Unit tests of matching, golden and tiering rules: real runs in memory, and what they tell."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from small_project import Small

from cdmq.problems import CdmqError
from cdmq.unit_tests.tests import UnitTestRun, unit_test

FILES = {
    "cdmq_project.yml": "name: small\n",
    "models/customers.yml": """\
datasets:
  - name: crm
    table: raw.crm
    key: no
    columns: &columns {no: text, first: text, last: text, mail: text, tax_id: text, born: date,
                       changed_on: date}
  - name: shop
    table: raw.shop
    key: no
    columns: {no: text, first: text, last: text, mail: text, tax_id: text, born: date,
              changed_on: date}
  - name: customers
    stack: {crm: crm, shop: shop}
    key: [source, no]
    changed_at: changed_on
    missing_values: ["", n/a]
    pii: {no: mask, mail: mask}
  - name: orders
    table: raw.orders
    key: no
    happened_at: day
    refers_to: {customers: [source, customer], shop: [customer]}
""".replace("&columns ", ""),
    "rules/customers.yml": """\
dataset: customers
defaults:
  - {id: mail_form, column: mail, standardise: email}
matching:
  - id: same_customer
    same_if: [[mail]]
    compare: {first: name, last: name, born: date}
    never_if_differs: [tax_id]
    ignore_values: {shared_by_more_than: {mail: 3}}
    review_above: 30%
  - id: household
    makes: group
    same_if: [[last]]
golden:
  - id: golden_customer
    from: same_customer
    into: golden
    trust: [crm, shop]
    pick: [trusted, newest]
    together: {name: [first, last]}
    columns: {mail: [newest]}
""",
    "rules/golden.yml": """\
dataset: golden
validation:
  - {column: mail, checks: [not_null, email]}
tiering:
  - id: customer_class
    measures:
      volume: {from: orders, sum: amount, per: year, over: 24 months, if_none: 0}
      ever: {from: orders, count: rows, if_none: 0}
    levels:
      - prospect: ever = 0
      - core: volume >= 50000
      - ordinary: otherwise
    review: monthly
    keep_unless: {below_by: 10%, for: 2 reviews}
""",
    "rules/shop.yml": """\
dataset: shop
tiering:
  - id: shop_class
    where: last <> 'Nobody'
    measures: {ever: {from: orders, count: rows, if_none: 0}}
    new_for: 3 months
    levels:
      - regular: ever >= 2
      - once: otherwise
""",
}

ANNA = "{source: crm, no: 1, first: Anna, mail: a@x.com, changed_on: 2026-01-01}"
ANA = "{source: shop, no: 9, first: Ana, last: Muster, mail: A@X.com, changed_on: 2026-02-01}"
BERT = "{source: shop, no: 10, first: Bert, last: Muster, born: 1990-01-01, mail: b@x.com}"
ORDERS = """\
      orders:
        - {no: 1, source: crm, customer: 1, day: 2025-01-01, amount: "40000"}
        - {no: 2, source: shop, customer: 9, day: 2025-01-02, amount: "80000.50"}
        - {no: 3, source: shop, customer: 10, day: 2025-01-02, amount: "1"}
"""


def one(rule: str, rows: str, expect: str, name: str = "t", more: str = "") -> str:
    """A unit test in YAML that gives customers."""
    return (
        f"  - name: {name}\n    rule: {rule}\n    as_of: 2026-11-01\n    given:\n"
        f"      customers: [{rows}]\n{more}    expect: {{{expect}}}\n"
    )


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    found = Small(tmp_path / "small", capsys)
    found.write(FILES)
    return found


Said = Callable[[str], list[str]]


@pytest.fixture
def said(project: Small) -> Said:
    """The differences and messages of tests."""

    def run(text: str) -> list[str]:
        return [
            line
            for r in run_all(project, text).results
            for line in [*map(str, r.differences), *r.message.splitlines()]
        ]

    return run


def run_all(project: Small, text: str) -> UnitTestRun:
    project.write({"unit_tests/t.yml": "unit_tests:\n" + text})
    return unit_test(project.root)


# matching ---------------------------------------------------------------------------------------


def test_pairs_and_parties_as_expected(said: Said) -> None:
    rows = f"{ANNA}, {ANA}, {BERT}"
    text = one(
        "same_customer",
        rows,
        "pairs: [{a: shop/9, b: crm/1, verdict: same_if}], parties: [[shop/9, crm/1]]",
        "a",
    )
    text += one("same_customer", rows, "parties: [[crm/1, shop/9]]", "b")
    text += one("same_customer", rows, "pairs: [{a: crm/1, b: shop/9}]", "c")
    text += one(
        "household", rows, "pairs: [{a: shop/10, b: shop/9}], parties: [[shop/9, shop/10]]", "d"
    )
    text += one("same_customer", "", "pairs: [], parties: []", "e")
    assert said(text) == []


def test_what_is_not_as_expected(said: Said) -> None:
    rows = f"{ANNA}, {ANA}, {BERT}"
    assert said(one("same_customer", rows, "pairs: [{a: shop/9, b: shop/10}]")) == [
        "missing pair: a 'shop/10', b 'shop/9'",
        "unexpected pair: a 'crm/1', b 'shop/9', verdict 'same_if'",
    ]
    assert said(
        one("household", rows, "pairs: [{a: shop/9, b: shop/10, verdict: score}], parties: []")
    ) == [
        "different pair: a 'shop/10', b 'shop/9'; verdict should be 'score', is 'same_if'",
        "unexpected party: [shop/10, shop/9]",
    ]
    assert said(
        one(
            "same_customer",
            rows,
            "parties: [[shop/9, shop/10], [crm/1, shop/9]]".replace("], [crm/1, shop/9", ", crm/1"),
        )
    ) == ["different party: should be [crm/1, shop/10, shop/9], is [crm/1, shop/9]"]


def test_vetoes_and_placeholders_and_crowds(said: Said) -> None:
    apart = f"{ANNA[:-1]}, tax_id: 1}}, {ANA[:-1]}, tax_id: 2}}"
    text = one("same_customer", apart, "pairs: [{a: crm/1, b: shop/9, verdict: veto}], parties: []")
    assert said(text) == []
    assert said(one("same_customer", apart, "parties: [[crm/1, shop/9]]")) == [
        "missing party: [crm/1, shop/9] (crm/1 and shop/9: veto)"
    ]
    missing = "{source: crm, no: 1, mail: n/a}, {source: crm, no: 2, mail: n/a}"
    crowd = ", ".join(f"{{source: crm, no: {i}, mail: info@x.com}}" for i in range(4))
    text = one("same_customer", missing, "pairs: []", "missing")
    text += one("same_customer", crowd, "parties: []", "crowd")
    assert said(text) == []


def test_a_pair_for_review(said: Said) -> None:
    """What the score says hangs on the weights that training begins with: only its word is told."""
    rows = (
        "{source: crm, no: 1, first: Anna, last: Muster, born: 1990-01-01}, "
        "{source: crm, no: 2, first: Anna, last: Muster, born: 1990-01-01}, "
        "{source: crm, no: 3, first: Carl, last: Other, born: 1955-05-05}"
    )
    (told,) = said(one("same_customer", rows, "pairs: []"))
    verdict, _, sure = told.removeprefix(
        "unexpected pair: a 'crm/1', b 'crm/2', verdict '"
    ).partition("', probability '")
    merged = float(sure.rstrip("%'")) >= 99
    assert verdict == ("score" if merged else "review")
    text = one(
        "same_customer",
        rows,
        f"pairs: [{{a: crm/1, b: crm/2, verdict: {verdict}}}], "
        f"parties: {'[[crm/1, crm/2]]' if merged else '[]'}",
    )
    assert said(text) == []


def test_the_parts_of_a_stack_may_be_given(said: Said) -> None:
    text = (
        "  - name: parts\n    rule: same_customer\n    given:\n"
        "      crm: [{no: 1, mail: a@x.com}]\n      shop: [{no: a/b, mail: A@x.com}]\n"
        "    expect: {parties: [['crm/1', 'shop/a\\/b']]}\n"
    )
    assert said(text) == []
    assert said(text.replace("['crm/1', 'shop/a\\/b']", "")) == [
        'unexpected party: [crm/1, "shop/a\\/b"]'
    ]


# golden -----------------------------------------------------------------------------------------


def test_golden_cells(said: Said) -> None:
    good = one(
        "golden_customer",
        f"{ANNA}, {ANA}, {BERT}",
        """parties: [[crm/1, shop/9]], cells: [
        {of: shop/9, column: first, value: Anna, winner: crm/1, because: trusted},
        {of: crm/1, column: last, value: null},
        {of: crm/1, column: mail, value: a@x.com, winner: shop/9},
        {of: shop/10, column: born, value: 1990-01-01},
        {of: shop/10, column: born, winner: shop/10}]""",
    )
    assert said(good) == []
    bad = one(
        "golden_customer",
        f"{ANNA}, {ANA}",
        """cells: [
        {of: crm/1, column: first, value: Ana}, {of: crm/1, column: last, value: Muster},
        {of: crm/1, column: mail, value: null, winner: crm/1}]""",
    )
    assert said(bad) == [
        "different cell: of 'crm/1', column 'first'; value should be 'Ana', is 'Anna' "
        "(of crm/1, trusted)",
        "different cell: of 'crm/1', column 'last'; value should be 'Muster', is NULL",
        "different cell: of 'crm/1', column 'mail'; value should be NULL, is 'a@x.com'; winner "
        "should be 'crm/1', is 'shop/9' (only value)",
    ]


def test_a_golden_dataset_may_be_given_to_its_checks(project: Small) -> None:
    text = "".join(
        f"  - name: {check}\n    rule: golden.mail.{check}\n    expect: {{flags: [{{key: 1}}]}}\n"
        f"    given: {{golden: [{{party_id: 1{mail}}}, {{party_id: 2, mail: c@x.com}}]}}\n"
        for check, mail in (("not_null", ""), ("email", ", mail: x"))
    )
    assert [r.status for r in run_all(project, text).results] == ["pass", "pass"]
    by_records = one("golden.mail.not_null", f"{ANNA}, {ANA}", "flags: []")
    assert run_all(project, by_records).exit_code == 0


# tiering ----------------------------------------------------------------------------------------


def test_levels_of_parties(said: Said) -> None:
    rows = f"{ANNA}, {ANA}, {BERT}"
    good = "levels: [{of: crm/1, level: core}, {of: shop/10, level: ordinary}]"
    text = one("customer_class", rows, good, "a", ORDERS)
    text += one(
        "customer_class",
        rows,
        "parties: [[crm/1, shop/9]], levels: [{of: crm/1, level: "
        "core}, {of: shop/9, level: core}, {of: shop/10, level: ordinary}]",
        "b",
        ORDERS,
    )
    text += one(
        "customer_class",
        rows,
        "levels: [{of: crm/1, level: prospect}, {of: shop/10, level: prospect}]",
        "no_orders",
    )
    assert said(text) == []
    bad = one("customer_class", rows, "levels: [{of: shop/9, level: prospect}]", "bad", ORDERS)
    assert said(bad) == [
        "different level: of 'shop/9'; level should be 'prospect', is 'core' "
        "(volume 65471.1248 >= 50000)",
        "unexpected level: of 'shop/10', level 'ordinary' (no other level fits: volume 0.5464, "
        "ever 1)",
    ]


def test_levels_of_records(said: Said) -> None:
    text = """\
  - name: shop
    rule: shop_class
    as_of: 2026-11-01
    given:
      shop: [{no: 1, last: A}, {no: 2, last: B}, {no: 3, last: C}, {no: 4, last: Nobody}]
      orders:
        - {no: 1, customer: 1, day: 2025-01-01}
        - {no: 2, customer: 1, day: 2025-01-02}
        - {no: 3, customer: 2, day: 2026-10-31}
    expect: {levels: [{key: 1, level: regular}, {key: 2, level: new}, {key: 3, level: once}]}
"""
    assert said(text) == []
    assert said(text.replace("{key: 3, level: once}", "{key: 4, level: once}")) == [
        "missing level: key '4', level 'once'",
        "unexpected level: key '3', level 'once' (no other level fits: ever 0)",
    ]


def test_several_rules_in_one_test(said: Said) -> None:
    text = one(
        "x",
        f"{ANNA}, {ANA}",
        "pairs: [{a: crm/1, b: shop/9}], changes: [{key: shop/9}], "
        "cells: [{of: crm/1, column: first, value: Anna}], "
        "levels: [{of: crm/1, level: core}]",
        more=ORDERS,
    )
    rules = "rules: [mail_form, same_customer, golden_customer, customer_class]"
    assert said(text.replace("rule: x", rules)) == []


# mistakes ---------------------------------------------------------------------------------------


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
