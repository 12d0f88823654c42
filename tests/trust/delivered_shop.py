"""A project of two files and all that stands on one of them."""

from __future__ import annotations

from typing import Any

from runner import World

SHOP = "id,email,city\n1,a@x.org,Bonn\n2,,Köln\n3,c@x.org,Kiel\n"
CRM = "id,email,city\n7,a@x.org,Bonn\n8,,Ulm\n"
PROJECT = {
    "models/m.yml": """
version: 1
datasets:
  - {name: shop, file: data/shop.csv, key: id}
  - {name: crm, file: data/crm.csv, key: id}
  - {name: people, stack: {shop: shop, crm: crm}, key: [source, id]}
""",
    "models/cities.sql": "select source, id, city from {{ ref('people') }}",
    "models/all.sql": "select s.id, c.id as other from {{ ref('shop') }} s, {{ ref('crm') }} c",
    "rules/shop.yml": "version: 1\ndataset: shop\n"
    "validation:\n  - {column: email, checks: [not_null]}\n",
    "rules/crm.yml": "version: 1\ndataset: crm\n"
    "validation:\n  - {column: email, checks: [not_null]}\n",
    "rules/people.yml": """
version: 1
dataset: people
defaults:
  - {column: city, set: unknown, reason: unknown}
validation:
  - {column: email, checks: [not_null]}
matching:
  - {id: same, makes: party, same_if: [[email]]}
golden:
  - {id: best, from: same, into: best_people, pick: [most_complete]}
""",
    "data/shop.csv": SHOP,
    "data/crm.csv": CRM,
}
#: Where parties are not the point.
SHOPS = PROJECT | dict.fromkeys(("rules/people.yml", "models/cities.sql", "models/all.sql"), "")
OUTPUTS = (
    "shop",
    "shop__clean",
    "shop__passed",
    "shop__flagged",
    "people",
    "people__clean",
    "people__passed",
    "people__xref",
    "best_people",
    "cities",
    "all",
)
AUDIT = ("flags", "changes", "xref", "golden_cells", "party_events")


def begin(world: World) -> None:
    world.write(PROJECT)
    assert world.run().exit_code == 1  # e-mail addresses are missing


def all_kept(world: World) -> dict[str, Any]:
    """All that stands on the shop's file."""
    found: dict[str, Any] = {name: world.view(name) for name in OUTPUTS}
    for table in AUDIT:
        columns = [
            r[0]
            for r in world.sql(
                "SELECT column_name FROM information_schema.columns WHERE table_name = ? "
                "AND table_schema = ?",
                table,
                world.audit,
            )
        ]
        where = "rule_id NOT LIKE 'crm%' AND rule_id NOT LIKE '%delivered' AND rule_id <> 'whole'"
        found[table] = world.audit_rows(table, sorted(columns), where)
    return found


def header(text: str) -> str:
    return text.splitlines()[0] + "\n"
