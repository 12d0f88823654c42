"""Audit tables as the first commit that had each of them wrote them, brought up to date by a run.

`older_audit/COMMIT.sql` is what that commit left of the project below: every table as it was
created, and a few rows. These texts are frozen: they are of no code of today.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from runner import World

from cdmq.api import parse
from cdmq.audit.reading import Where, open_audit, same
from cdmq.audit.tables import QUEUE
from cdmq.kinds.stated import stated

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
#: What a run may write on a row that is there.
ENDS = ("to_run", "closed_because", "to_review")
#: What columns of the queue were called when it held pairs of matching alone.
RENAMED = {"key_a": "key", "key_b": "other", "probability": "sure"}
#: Table -> the columns of a row that closes, with them, and of one that stays open.
ROWS = [
    ("flags", ("key",), ("3",), ("4",)),
    ("changes", ("key",), ("7",), ("2",)),
    ("xref", ("key",), ("7",), ("1",)),
    ("pairs", ("key_a", "verdict"), ("5", "veto"), ("1", "same_if")),
    ("queue", ("about", "key", "other", "why"), ("pair", "5", "6", "veto"), ()),
    ("golden_cells", ("winner", "column_name"), ("7", "mail"), ("1", "mail")),
    ("tier_history", ("key",), ("7",), ("1",)),
]


@pytest.fixture(params=OLDER, ids=[p.stem for p in OLDER])
def older(world: World, request: pytest.FixtureRequest) -> World:
    """A world in which an older cdmq ran."""
    world.table("people_src", COLUMNS, PEOPLE)
    world.table(
        "orders_src",
        {"oid": "integer", "id": "integer", "day": "date", "amount": "decimal"},
        [[1, 1, "2026-01-01", 500], [2, 3, "2026-01-02", 20]],
    )
    world.write({"models/m.yml": MODELS, "rules/r.yml": RULES})
    world.sql(f"CREATE SCHEMA {world.audit}")
    text = request.param.read_text("utf-8").replace("AUDIT.", f"{world.audit}.")
    for statement in filter(str.strip, text.split(";\n")):
        world.sql(statement)
    if "register" in text:
        _register(world)
    return world


def _register(world: World) -> None:
    """What that cdmq had written down of its audit tables: their identity is this warehouse's."""
    for name in _tables(world):
        identity = "NULL"
        if world.engine == "postgres":
            identity = f"CAST(CAST(to_regclass('{world.audit}.{name}') AS oid) AS text)"
        world.sql(
            f"INSERT INTO {world.audit}.register VALUES "
            f"('{world.audit}', '{name}', 'table', {identity}, 'world', NULL, '{RUN}')"
        )


def _tables(world: World) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, column in world.sql(
        "SELECT table_name, column_name FROM information_schema.columns "
        f"WHERE table_schema = '{world.audit}' ORDER BY table_name, ordinal_position"
    ):
        found.setdefault(table, []).append(column)
    return found


def _closed(world: World, table: str, where: Mapping[str, str]) -> bool:
    """Whether the row of the older run is closed; it is there once."""
    told = " AND ".join(f"{c} = '{v}'" for c, v in where.items())
    ((begun, ended),) = world.audit_rows(table, ("from_run", "to_run"), told)
    assert begun.startswith("20200101")
    return ended is not None


def test_it_is_brought_up_to_date_and_loses_nothing(older: World) -> None:
    kept = {t: [c for c in columns if c not in ENDS] for t, columns in _tables(older).items()}
    rows = {t: older.audit_rows(t, columns) for t, columns in kept.items()}
    assert {"flags", "changes", "runs"} <= {t for t, found in rows.items() if found}
    older.run()
    now = _tables(older)
    for name, table in stated().relations.items():
        assert set(table.names if table else ()) <= set(now[name])
    for name in kept.keys() - {"register"}:
        renamed = RENAMED if name == "queue" else {}
        there = older.audit_rows(name, [renamed.get(c, c) for c in kept[name]])
        assert [r for r in rows[name] if r not in there] == [], name
    for name, columns, closes, stays in ROWS:
        if rows.get(name):
            assert _closed(older, name, dict(zip(columns, closes, strict=True))), name
            assert not stays or not _closed(older, name, dict(zip(columns, stays, strict=True)))
    again = older.run()
    assert {k: v for k, v in {**again.opened, **again.closed}.items() if v} == {}


def test_what_no_run_brought_over_yet_is_read(older: World) -> None:
    """A command that only reads makes no table and no column."""
    before = _tables(older)
    with open_audit(older.root, parse(older.root).config, Where()) as audit:
        found = audit.rows(QUEUE, same("other", "6"))
    told = [[r[c] for c in ("about", "key", "other", "why", "sure", "due")] for r in found]
    assert told == ([["pair", "5", "6", "veto", 1.0, None]] if "queue" in before else [])
    assert _tables(older) == before
