"""A project that makes one of everything, on which tests look at what is whose.

`ran` (in conftest.py) is a world in which it was run once.
"""

from __future__ import annotations

from typing import Any

import pytest
from runner import World

from cdmq.problems import CdmqError

MODELS = """
version: 1
datasets:
  - name: customers
    file: data/customers.csv
    key: id
    missing_values: [n/a]
  - {name: orders, file: data/orders.csv, key: id, happened_at: day, columns: {day: date},
     refers_to: {customers: customer}}
"""
MODEL = "SELECT id, name FROM {{ ref('customers') }}"
RULES = """
version: 1
dataset: customers
defaults:
  - {id: tidy, column: name, standardise: whitespace}
validation:
  - {column: name, checks: [not_null]}
matching:
  - {id: same, same_if: [[name]]}
golden:
  - {id: best, from: same, into: people, pick: [longest]}
"""
PEOPLE = """
version: 1
dataset: people
tiering:
  - id: class
    measures: {n: {from: orders, count: rows, if_none: 0}}
    levels: [{some: "n > 0"}, {none: otherwise}]
"""
FILES = {
    "models/m.yml": MODELS,
    "models/short.sql": MODEL,
    "rules/customers.yml": RULES,
    "rules/people.yml": PEOPLE,
    "data/customers.csv": "id,name\n1,Anna\n2,Bo\n3,Anna\n4,n/a\n",
    "data/orders.csv": "id,customer,day\n1,1,2026-01-01\n",
}
#: The same without parties: about a table and its rules alone; and of one table alone.
PLAIN = {**FILES, "rules/people.yml": "", "rules/customers.yml": RULES.partition("matching:")[0]}
TINY = {
    **PLAIN,
    "models/m.yml": MODELS.partition("  - {name: orders")[0],
    "models/short.sql": "",
    "data/orders.csv": "",
}
#: Everything that this project makes.
NAMES = (
    "customers",
    "customers__stage",
    "customers__clean",
    "customers__defaulted",
    "customers__flagged",
    "customers__passed",
    "orders",
    "short",
    "same__xref",
    "customers__xref",
    "people",
    "people__clean",
    "best__flags",
    "class__levels",
)


def identity(world: World, name: str, schema: str | None = None) -> Any:
    """What changes when a relation is made anew, beside its rows."""
    if world.engine == "postgres":
        return world.sql(
            f"SELECT c.oid, c.relkind FROM pg_class c WHERE c.relname = '{name}' AND "
            f"c.relnamespace = '{schema or world.schema}'::regnamespace"
        )
    return world.sql(
        "SELECT table_name, table_type FROM information_schema.tables WHERE "
        f"table_name = '{name}' AND table_schema = '{schema or world.schema}'"
    )


def refused(world: World, **words: Any) -> list[Any]:
    with pytest.raises(CdmqError) as caught:
        world.run(**words)
    return list(caught.value.problems)
