"""A project on which an older cdmq ran: `older_audit/COMMIT.sql` is what that commit left of it, every
audit table as it was created, the view over narrow ones, and a few rows. These texts are frozen: they
are of no code of today.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner import World

OLDER = sorted((Path(__file__).parent / "older_audit").glob("*.sql"))
RUN = "20200101T000000000-aaaaaa"
MODELS = """
version: 1
datasets:
  - {name: people, table: people_src, key: id}
  - {name: orders, table: orders_src, key: oid, happened_at: day, refers_to: {people: id}}
"""
RULES = """
version: 1
dataset: people
defaults:
  - {id: phone_unknown, column: phone, set: none, reason: unknown}
validation:
  - {column: mail, checks: [not_null]}
matching:
  - {id: same, same_if: [[mail]], never_if_differs: [vat]}
golden:
  - {id: best, from: same, into: customers, pick: longest}
tiering:
  - id: class
    measures: {volume: {from: orders, sum: amount, if_none: 0}}
    levels: [{gold: "volume > 100"}, {ordinary: otherwise}]
"""
COLUMNS = {"id": "integer", "mail": "text", "phone": "text", "vat": "text"}
#: Since the older run: 3 got a mail, 6 the vat of 5, 7 is gone; 1 and 4 are as they were.
PEOPLE: list[list[Any]] = [
    [1, "a@x", "1", "v1"],
    [2, "a@x", None, "v1"],
    [3, "c@x", "3", None],
    [4, None, "4", None],
    [5, "e@x", "5", "v5"],
    [6, "e@x", "6", "v5"],
]


def begin(world: World, left: Path) -> None:
    """A world in which an older cdmq ran; since then other rows were delivered."""
    world.table("people_src", COLUMNS, PEOPLE)
    world.table(
        "orders_src",
        {"oid": "integer", "id": "integer", "day": "date", "amount": "decimal"},
        [[1, 1, "2026-01-01", 500], [2, 3, "2026-01-02", 20]],
    )
    world.write({"models/m.yml": MODELS, "rules/r.yml": RULES})
    world.sql(f"CREATE SCHEMA {world.audit}")
    text = left.read_text("utf-8").replace("AUDIT.", f"{world.audit}.")
    for statement in filter(str.strip, text.split(";\n")):
        world.sql(statement)
    if "register" in text:
        for name in tables(world):
            kind = "view" if f"CREATE VIEW {world.audit}.{name} " in text else "table"
            enter(world, world.audit, name, kind)


def enter(world: World, schema: str, name: str, kind: str) -> None:
    """What that cdmq had written down: identities are this warehouse's."""
    identity = "NULL"
    if world.engine == "postgres":
        identity = f"CAST(CAST(to_regclass('{schema}.{name}') AS oid) AS text)"
    world.sql(
        f"INSERT INTO {world.audit}.register VALUES "
        f"('{schema}', '{name}', '{kind}', {identity}, 'world', NULL, '{RUN}')"
    )


def tables(world: World) -> dict[str, list[str]]:
    """The audit tables and views, with their columns."""
    found: dict[str, list[str]] = {}
    for table, column in world.sql(
        "SELECT table_name, column_name FROM information_schema.columns "
        f"WHERE table_schema = '{world.audit}' ORDER BY table_name, ordinal_position"
    ):
        found.setdefault(table, []).append(column)
    return found
