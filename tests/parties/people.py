"""A small project for parties: two departments' people, their orders, and what is made of them."""

from __future__ import annotations

from typing import Any

from runner import World

COLUMNS = {
    "id": "integer",
    "first": "text",
    "last": "text",
    "birth": "date",
    "mail": "text",
    "phone": "text",
    "vat": "text",
    "changed": "date",
}
CRM: list[list[Any]] = [
    [1, "Anna", "Meyer", "1980-02-03", "anna@x.com", "+491701", None, "2026-01-01"],
    [2, "Bert", "Schulz", "1975-05-05", "bert@x.com", "+491702", None, "2026-01-02"],
    [3, "Carl", "Huber", "1960-07-01", None, "+491703", "DE1", "2026-01-03"],
]
SHOP: list[list[Any]] = [
    [1, "Ana", "Meyer", "1980-02-03", "anna@x.com", "+491709", None, "2026-03-01"],
    [7, "Doris", "Klein", "1990-01-01", "doris@x.com", None, None, "2026-01-02"],
    [8, "Karl", "Huber", "1960-07-01", "carl@x.com", "+491703", "DE2", "2026-01-03"],
]
ORDERS: list[list[Any]] = [
    [1, "crm", 1, "2025-01-01", 30000, "paid"],
    [2, "shop", 1, "2025-06-01", 80000, "paid"],
    [3, "shop", 7, "2026-02-01", 100, "paid"],
    [4, "shop", 7, "2026-03-01", 100, "cancelled"],
]
ORDER_COLUMNS = {
    "no": "integer",
    "source": "text",
    "customer": "integer",
    "day": "date",
    "amount": "decimal",
    "status": "text",
}
MODELS = """
version: 1
datasets:
  - {name: crm, table: crm_src, key: id, changed_at: changed}
  - {name: shop, table: shop_src, key: id, changed_at: changed}
  - name: people
    stack: {crm: crm, shop: shop}
    key: [source, id]
    changed_at: changed
  - name: orders
    table: orders_src
    key: no
    happened_at: day
    refers_to: {people: [source, customer]}
"""
MATCHING = """
version: 1
dataset: people
owner: stewards
matching:
  - id: same_person
    why: One person, two lists.
    same_if: [[mail]]
    never_if_differs: [vat]
"""
GOLDEN = """
golden:
  - id: golden_person
    from: same_person
    into: persons
    trust: [crm, shop]
    pick: [trusted, newest]
"""
TIERS = """
version: 1
dataset: persons
owner: sales
validation:
  - column: mail
    checks: [not_null]
tiering:
  - id: class
    measures:
      volume: {from: orders, sum: amount, where: "status <> 'cancelled'", per: year,
               over: 24 months, if_none: 0}
      ever: {from: orders, count: rows, if_none: 0}
    levels:
      - prospect: ever = 0
      - core: volume >= 50000
      - ordinary: otherwise
    review: monthly
    keep_unless: {below_by: 10%, for: 2 reviews}
"""


def people(world: World, rules: str = MATCHING, persons: str = "") -> World:
    """Write the project; `rules` of people, `persons` of the golden records. Orders are a dataset
    of it where these ask for them."""
    fill(world, CRM, SHOP)
    world.table("orders_src", ORDER_COLUMNS, ORDERS)
    models = MODELS if "orders" in persons else MODELS[: MODELS.index("  - name: orders")]
    world.write({"models/m.yml": models, "rules/people.yml": rules, "rules/persons.yml": persons})
    return world


def fill(world: World, crm: list[list[Any]], shop: list[list[Any]]) -> None:
    world.table("crm_src", COLUMNS, crm)
    world.table("shop_src", COLUMNS, shop)


def parties(world: World) -> dict[str, set[str]]:
    """Party id -> its records now."""
    found: dict[str, set[str]] = {}
    for key, party in world.audit_rows("xref", ("key", "party_id"), "to_run IS NULL"):
        found.setdefault(party, set()).add(key)
    return found
