"""Past reviews that are made up for: as if a run had been made on the first day of each period."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from runner import World

import cdmq
from cdmq.explaining.story import stories
from cdmq.explaining.story_text import told
from cdmq.problems import CdmqError

MODELS = """
version: 1
datasets:
  - {name: people, table: people, key: id}
  - {name: orders, table: orders, key: oid, happened_at: d, refers_to: {people: id}}
"""
RULES = """
version: 1
dataset: people
tiering:
  - id: class
    measures:
      volume: {from: orders, sum: amount, over: 2 months, if_none: 0}
      ever: {from: orders, count: rows, if_none: 0}
    levels: [{none: "ever = 0"}, {core: "volume >= 100"}, {rest: otherwise}]
    review: monthly
    keep_unless: {below_by: 10%, for: 2 reviews}
"""
ORDERS = [
    ("a", "2025-11-15", 100),
    ("a", "2026-01-20", 95),
    ("b", "2025-12-31", 150),
    ("b", "2026-05-01", 10),
    ("c", "2026-03-15", 60),
    ("c", "2026-03-31", 60),
]
COLUMNS = ("key", "level", "measures", "cut_offs", "reason", "missed", "from_review", "to_review")


def begin(world: World) -> None:
    world.write({"models/m.yml": MODELS, "rules/r.yml": RULES})
    world.table("people", {"id": "text"}, [[k] for k in "abcd"])
    columns = {"oid": "text", "id": "text", "d": "date", "amount": "integer"}
    world.table("orders", columns, [[str(i), *o] for i, o in enumerate(ORDERS)])


@pytest.fixture
def begun(twin: Callable[..., World]) -> World:
    return twin(begin)


def history(world: World, where: str = "true") -> list[tuple[Any, ...]]:
    return sorted(world.audit_rows("tier_history", COLUMNS, where), key=str)


def message(result: Any) -> str:
    (said,) = (r.message for r in result.results if r.rule.id == "class")
    return str(said)


def month_by_month(world: World) -> None:
    for year, month in ((2025, 12), *((2026, m) for m in range(1, 7))):
        world.run(as_of=f"{year}-{month:02}-01")


def test_as_if_each_had_been_made(begun: World, twin: Callable[..., World]) -> None:
    one_by_one = twin(month_by_month_from_begin)
    result = begun.run(as_of="2026-06-20", review_from="2025-12", select=["class"])
    assert "replayed 6 reviews from 2025-12-01 to 2026-05-01" in message(result)
    replayed = history(begun, "replayed AND to_run IS NOT NULL AND closed_because = 'changed'")
    real = history(one_by_one)
    # What still held at the last review ends there, as that is a real one.
    until_june = [r if r[-1] else (*r[:-1], "2026-06-01") for r in real]
    assert replayed == sorted((r for r in until_june if r[-2] < "2026-06-01"), key=str)
    assert len(history(begun, "to_run IS NULL AND replayed IS NULL")) == len("abcd")
    moves = sorted(tuple(r.values()) for r in begun.view("class__moves"))
    assert moves == sorted(tuple(r.values()) for r in one_by_one.view("class__moves"))
    assert any(move[0] < "2026-06-01" for move in moves)


def month_by_month_from_begin(world: World) -> None:
    begin(world)
    month_by_month(world)


def test_reviews_are_marked(begun: World) -> None:
    begun.run(as_of="2026-03-20", review_from="2026-02-10")
    columns = ("review", "as_of", "replayed")
    rows = sorted(begun.audit_rows("tier_reviews", columns))
    assert [(r, bool(marked)) for r, _, marked in rows] == [
        ("2026-02-01", True),
        ("2026-03-01", False),
    ]
    assert str(rows[0][1]).startswith("2026-02-01 00:00:00")
    lines = told(stories(cdmq.parse(begun.root), "a", "people")[0])
    assert "    since the review of 2026-02-01 (replayed), until the review of 2026-03-01" in lines


def test_only_before_the_first_real_one(begun: World) -> None:
    begun.run(as_of="2026-03-20")
    assert "nothing to replay" in message(begun.run(as_of="2026-04-20", review_from="2026-03-01"))
    assert history(begun, "replayed") == []
    said = message(begun.run(as_of="2026-04-20", review_from="2026-01"))
    assert "replayed 2 reviews from 2026-01-01 to 2026-02-01" in said
    assert {r[-1] for r in history(begun, "replayed")} <= {"2026-02-01", "2026-03-01"}
    again = message(begun.run(as_of="2026-04-20", review_from="2026-01"))
    assert "nothing to replay: the first review is that of 2026-01-01" in again
    earlier = message(begun.run(as_of="2026-04-20", review_from="2025-12"))
    assert "replayed one review from 2025-12-01 to 2025-12-01" in earlier


def test_real_reviews_that_were_made_stay(begun: World, twin: Callable[..., World]) -> None:
    def without(world: World) -> None:
        begin(world)
        for month in (3, 4, 5):
            world.run(as_of=f"2026-{month:02}-20")

    other = twin(without)
    begun.run(as_of="2026-03-20")
    for month in (4, 5):
        begun.run(as_of=f"2026-{month:02}-20", review_from="2025-12")
    assert history(begun, "replayed IS NULL") == history(other)


def test_a_replay_is_undone(begun: World) -> None:
    begun.run(as_of="2026-06-20", review_from="2026-01")
    cdmq.api.undo_reviews("2025-12-31", begun.root)
    assert history(begun, "to_run IS NULL") == []
    said = message(begun.run(as_of="2026-06-20", review_from="2026-04"))
    assert "replayed 2 reviews from 2026-04-01 to 2026-05-01" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"review_from": "2026-13"}, "'2026-13' is no day"),
        ({"review_from": "2026-01", "select": "people.delivered"}, "no rule that says review"),
    ],
)
def test_wrong_words(begun: World, words: dict[str, Any], said: str) -> None:
    with pytest.raises(CdmqError, match=said):
        begun.run(**words)
