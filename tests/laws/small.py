"""A small project for the laws: people with orders, a default, a seed, rules of every scope."""

from __future__ import annotations

from typing import Any

from runner import World

PEOPLE = {"id": "integer", "email": "text", "country": "text", "age": "integer", "live": "boolean"}
ROWS: list[list[Any]] = [
    [1, "anna@b.de", "Deutschland", 30, True],
    [2, "anna@b.de", "DE", -1, True],
    [3, None, "XX", 200, True],
    [4, "broken", None, 40, False],
    [5, "n/a", "DE", 50, None],
]
ORDER_COLUMNS = {"no": "text", "person": "integer"}
ORDERED: list[list[Any]] = [["a", 1], ["b", 9], ["c", None]]
MODELS = """
version: 1
datasets:
  - name: people
    table: people_src
    key: id
    missing_values: [n/a]
  - name: orders
    table: orders_src
    key: no
"""
RULES = """
version: 1
dataset: people
owner: stewards
tags: [customer]
defaults:
  - id: country_code
    column: country
    map: {seed: countries, from: name, to: code}
    otherwise: {set: unavailable, reason: invalid}
validation:
  - column: email
    checks: [not_null, email, unique]
    why: Mail must arrive.
  - id: age_range
    column: age
    check: accepted_range
    min: 0
    max: 120
    where: live
  - id: two_or_more
    check: row_count
    min: 2
"""
ORDERS = """
version: 1
dataset: orders
validation:
  - column: person
    checks: [{relationships: {to: people}}]
"""
SEED = "name,code\nDeutschland,DE\nDE,DE\n"


def small(world: World) -> World:
    """The project written and its tables filled; nothing has run."""
    world.write(
        {
            "models/m.yml": MODELS,
            "rules/people.yml": RULES,
            "rules/orders.yml": ORDERS,
            "seeds/countries.csv": SEED,
        }
    )
    world.table("people_src", PEOPLE, ROWS)
    world.table("orders_src", ORDER_COLUMNS, ORDERED)
    return world


def people(world: World, rows: list[list[Any]]) -> None:
    world.table("people_src", PEOPLE, rows)
