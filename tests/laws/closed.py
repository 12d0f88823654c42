"""A small project after its first run, and what is closed in it later."""

from __future__ import annotations

from typing import Any

from laws.small import ROWS, small
from runner import World


def begin(world: World) -> None:
    small(world).run()


def closed(world: World, table: str = "flags") -> set[tuple[Any, ...]]:
    rows = world.audit_rows(table, ("rule_id", "key", "closed_because"), "to_run IS NOT NULL")
    return set(rows)


def with_row(number: int, **cells: Any) -> list[list[Any]]:
    names = ["id", "email", "country", "age", "live"]
    return [
        [cells.get(n, v) for n, v in zip(names, r, strict=True)] if r[0] == number else r
        for r in ROWS
    ]
