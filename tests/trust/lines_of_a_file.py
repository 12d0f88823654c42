"""A file of which some lines cannot be read, and what was told of them."""

from __future__ import annotations

from collections.abc import Sequence

from runner import World

DATASET = """\
version: 1
datasets:
  - {{name: people, file: {{path: data/people.csv{file}}}, key: id{more}}}
"""
RULES = """\
version: 1
dataset: people
validation:
  - {column: email, checks: [email]}
"""
GOOD = [f"{n},Anna {n},a{n}@example.com" for n in range(10, 410)]


def given(
    world: World, lines: Sequence[str], file: str = "", more: str = "", end: str = "\n"
) -> None:
    world.write({"models/m.yml": DATASET.format(file=file, more=more), "rules/r.yml": RULES})
    path = world.root / "data/people.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes("".join(line + end for line in ["id,name,email", *lines]).encode())


def bad_lines(world: World, name: str = "people") -> list[str]:
    rows = world.audit_rows("flags", ("rule_id", "key", "column_name", "value"), "to_run IS NULL")
    found = [r for r in rows if r[0] == f"{name}.lines"]
    assert all(r[1] is None for r in found)
    return [r[3] for r in found]


def people(world: World, name: str = "people") -> list[str]:
    return sorted(r[0] for r in world.sql(f"SELECT id FROM {name}"))
