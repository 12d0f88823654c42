"""A project with two lists of people, their parties, golden records and levels, for unit tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from small_project import Small

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


def run_all(project: Small, text: str) -> UnitTestRun:
    project.write({"unit_tests/t.yml": "unit_tests:\n" + text})
    return unit_test(project.root)


# matching ---------------------------------------------------------------------------------------


Said = Callable[[str], list[str]]


def people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    found = Small(tmp_path / "small", capsys)
    found.write(FILES)
    return found


def telling(project: Small) -> Said:
    """The differences and messages of tests."""

    def said(text: str) -> list[str]:
        return [
            line
            for r in run_all(project, text).results
            for line in [*map(str, r.differences), *r.message.splitlines()]
        ]

    return said
