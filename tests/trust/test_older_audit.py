"""Audit tables as the first commit that had each of them wrote them, brought up to date by a run."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from older import OLDER, begin, tables
from runner import World

from cdmq.api import parse
from cdmq.audit.reading import Where, open_audit, same
from cdmq.audit.tables import QUEUE
from cdmq.explaining.story import stories
from cdmq.explaining.story_text import told
from cdmq.kinds.matching.pair_story import pair_stories
from cdmq.kinds.matching.pair_story_text import pair_told
from cdmq.kinds.stated import stated

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
    begin(world, request.param)
    return world


def _closed(world: World, table: str, where: Mapping[str, str]) -> bool:
    """Whether the row of the older run is closed; it is there once."""
    told = " AND ".join(f"{c} = '{v}'" for c, v in where.items())
    ((begun, ended),) = world.audit_rows(table, ("from_run", "to_run"), told)
    assert begun.startswith("20200101")
    return ended is not None


def test_it_is_brought_up_to_date_and_loses_nothing(older: World) -> None:
    kept = {t: [c for c in columns if c not in ENDS] for t, columns in tables(older).items()}
    rows = {t: older.audit_rows(t, columns) for t, columns in kept.items()}
    assert {"flags", "changes", "runs"} <= {t for t, found in rows.items() if found}
    older.run()
    now = tables(older)
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
    before = tables(older)
    with open_audit(older.root, parse(older.root).config, Where()) as audit:
        found = audit.rows(QUEUE, same("other", "6"))
    shown = [[r[c] for c in ("about", "key", "other", "why", "sure", "due")] for r in found]
    assert shown == ([["pair", "5", "6", "veto", 1.0, None]] if "queue" in before else [])
    assert tables(older) == before


def test_what_no_run_brought_over_yet_is_told(older: World) -> None:
    before = tables(older)
    (story,) = stories(parse(older.root), "6", "people")
    lines = told(story)
    asked = sum(line.startswith("asked   same  are 5 and 6 one? ") for line in lines)
    assert asked == ("queue" in before)
    (found,) = pair_stories(parse(older.root), "5", "6")
    assert len(found.questions) == ("queue" in before)
    assert any(line.startswith("verdict  ") for line in pair_told(found))
    assert tables(older) == before
