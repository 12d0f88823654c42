"""A project with rules of all kinds on tables, for servers of any version."""

from __future__ import annotations

from typing import Any

from runner import World

MODELS = """
version: 1
datasets:
  - {name: firms, file: data/firms.csv, key: firm_id, columns: {firm_id: integer}}
  - name: customers
    table: customer_source
    key: id
    changed_at: changed_on
    missing_values: [n/a]
  - name: orders
    table: order_source
    key: order_id
    happened_at: ordered_on
    refers_to: {customers: customer}
"""
RULES = """
version: 1
dataset: customers
defaults:
  - {id: name_form, column: name, standardise: name}
  - id: email_form
    column: email
    standardise: email
    otherwise: {set: unavailable, reason: invalid}
  - {id: phone_form, column: phone, standardise: phone, region: state}
validation:
  - {column: name, checks: [not_null, not_blank, unique, {string_length: {max: 8}}]}
  - {column: email, checks: [email, unique, {regex: {pattern: '^c[0-9]+'}}]}
  - {column: state, checks: [{accepted_values: {values: [US, DE], suggest: true}}]}
  - {column: amount, checks: [{accepted_range: {min: 0, max: 30}}]}
  - {column: firm, checks: [{relationships: {to: firms}}]}
  - {id: read, check: expression, must: "born::date > '1950-01-01' or code::integer > 3"}
  - {id: part, check: expression, must: "regexp_extract(email, '^c([0-9])', 1) <> '3'"}
  - {id: like, check: expression, must: "regexp_matches(phone, '10[0-3]')"}
  - {id: fair, check: expression, must: "round(amount / 3.0, 1) < 12 or upper(state) = 'DE'"}
matching:
  - {id: same, makes: party, same_if: [[email]], compare: {name: name, phone: phone}}
golden:
  - {id: best, from: same, into: golden, pick: [newest, most_complete]}
"""
#: What is about rights alone, where how much is judged is not the point.
FEW_RULES = """
version: 1
dataset: customers
validation:
  - {column: name, checks: [not_null]}
  - {id: read, check: expression, must: "born::date > '1950-01-01' or code::integer > 3"}
"""
TIERS = """
version: 1
dataset: golden
tiering:
  - id: class
    measures: {volume: {from: orders, sum: amount, per: year, over: 24 months, if_none: 0}}
    levels: [{core: "volume >= 20"}, {ordinary: otherwise}]
    review: monthly
"""
TABLES: dict[str, tuple[dict[str, str], list[list[Any]]]] = {
    "customer_source": (
        {
            "id": "integer",
            "name": "text",
            "email": "text",
            "phone": "text",
            "state": "text",
            "amount": "decimal",
            "firm": "integer",
            "changed_on": "date",
            "born": "text",
            "code": "text",
        },
        [
            [
                i,
                None if i % 9 == 0 else f" käte  o'b{i % 30} ",
                f"C{i % 35}@Example.COM" if i % 7 else "none",
                f"(212) 555-{1000 + i % 35}",
                ["US", "DE", "Us", "n/a"][i % 4],
                i,
                i,
                f"2025-0{i % 9 + 1}-11",
                ["1960-02-30", "1940-01-02", "x", "0001-01-01"][i % 4],
                ["7", "2", "9" * 30, "ä"][i % 4],
            ]
            for i in range(1, 41)
        ],
    ),
    "order_source": (
        {"order_id": "integer", "customer": "integer", "amount": "decimal", "ordered_on": "date"},
        [[i, i % 40 + 1, i, f"2026-0{i % 9 + 1}-02"] for i in range(1, 81)],
    ),
}


def made(world: World) -> World:
    for name, (columns, rows) in TABLES.items():
        world.table(name, columns, rows)
    world.write(
        {
            "models/m.yml": MODELS,
            "rules/r.yml": RULES,
            "rules/t.yml": TIERS,
            "data/firms.csv": "firm_id\n" + "\n".join(map(str, range(1, 38))) + "\n",
        }
    )
    return world
