"""Ranks among all and points, held against plain Python, on both engines."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from depth import depth
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runner import World
from tiering.tiers import Tiers

import cdmq
from cdmq.explaining.story import stories
from cdmq.explaining.story_text import told

AS_OF = "2026-07-01"
SPEC: dict[str, Any] = {
    "measures": {
        "rank": {"share_rank": {"of": "volume"}},
        "volume": {"from": "orders", "sum": "amount"},
        "part": {"quantile": {"of": "volume", "in": "5"}},
    },
    "scorecard": {
        "size": [{"30": "volume >= 50"}, {"10.5": "rank < 0.9"}, {"0": "otherwise"}],
        "place": [{"-5": "part = 1"}, {"7": "part > 3"}, {"1": "otherwise"}],
    },
    "levels": [
        {"top": "rank < 0.5 and volume > 0"},
        {"good": "score >= 11 or part between 3 and 4"},
        {"rest": "otherwise"},
    ],
}
KEYS = "abcdefgh"


def places(value: Fraction, digits: int) -> Decimal:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def ranks(volumes: dict[str, Decimal | None]) -> dict[str, dict[str, Any]]:
    """What each comes to, from their volumes: None is unknown."""
    known = [v for v in volumes.values() if v is not None]
    total = sum(v for v in known if v > 0)
    found = {}
    for key, own in volumes.items():
        rank = part = None
        if own is not None:
            larger = sum(v for v in known if v > 0 and v > own)
            rank = places(Fraction(larger) / Fraction(total), 4) if total else None
            part = 1 + 5 * sum(v < own for v in known) // len(known)
        size = Decimal(0)
        if own is not None and own >= 50:
            size = Decimal(30)
        elif rank is not None and rank < Decimal("0.9"):
            size = Decimal("10.5")
        place = -5 if part == 1 else 7 if part is not None and part > 3 else 1
        score = size + place
        level = "rest"
        if rank is not None and rank < Decimal("0.5") and own is not None and own > 0:
            level = "top"
        elif score >= 11 or (part is not None and 3 <= part <= 4):
            level = "good"
        figures = {"rank": rank, "volume": own, "part": part}
        points = {"size": size, "place": place, "score": score}
        found[key] = {"figures": {**figures, **points}, "level": level}
    return found


def ends(volumes: dict[str, Decimal | None]) -> dict[str, str]:
    """What the conditions of each level come to in figures."""
    by = ranks(volumes)

    def of(holds: Callable[[dict[str, Any]], bool]) -> list[Decimal]:
        return sorted(v for k, v in volumes.items() if v is not None and holds(by[k]["figures"]))

    def end_of(found: Sequence[Decimal], end: int) -> str:
        return f"{found[end].normalize() + 0:f}" if found else "nobody"

    large = of(lambda f: f["rank"] is not None and f["rank"] < Decimal("0.5"))
    middle = of(lambda f: 3 <= f["part"] <= 4)
    return {
        "top": f"rank < 0.5 and volume > 0 [volume >= {end_of(large, 0)}]",
        "good": "score >= 11 or part between 3 and 4 "
        f"[volume from {end_of(middle, 0)} to {end_of(middle, -1)}]",
        "rest": "otherwise",
    }


amounts = st.sampled_from([None, Decimal(0), Decimal(-3), Decimal(10), Decimal(50)])


@settings(max_examples=depth(30), deadline=None, suppress_health_check=list(HealthCheck))
@given(values=st.lists(amounts | st.decimals(0, 100, places=2), min_size=1, max_size=8))
def test_ranks_and_points(values: list[Decimal | None], postgres_uri: str) -> None:
    volumes = dict(zip(KEYS, values, strict=False))
    found = {}
    for engine in ("duckdb", "postgres"):
        tiers = Tiers(engine, SPEC, uri=postgres_uri)
        tiers.fill("customers", [[k, "person"] for k in volumes])
        orders = [[k, k, "2026-01-01", v, "x"] for k, v in volumes.items() if v is not None]
        tiers.fill("orders", orders)
        found[engine] = tiers.review(AS_OF)
    assert found["duckdb"] == found["postgres"]
    wanted, cut_offs = ranks(volumes), ends(volumes)
    for key, row in found["duckdb"].items():
        figures = json.loads(row["measures"], parse_float=Decimal, parse_int=Decimal)
        assert figures == wanted[key]["figures"], (key, volumes)
        assert list(figures) == ["rank", "volume", "part", "size", "place", "score"]
        assert row["level"] == wanted[key]["level"]
        assert row["cut_offs"] == cut_offs[row["level"]]


def test_a_score_shows_its_parts() -> None:
    tiers = Tiers("duckdb", SPEC)
    tiers.fill("customers", [["a", "person"], ["b", "person"]])
    tiers.fill("orders", [["1", "a", "2026-01-01", 9, "x"], ["2", "b", "2026-01-01", 8, "x"]])
    found = tiers.review(AS_OF)
    assert found["a"]["reason"] == "rank 0 < 0.5 and volume 9 > 0"
    assert found["b"]["reason"] == (
        "no other level fits: rank 0.5294, volume 8, part 1, size 10.5, place -5, score 5.5"
    )
    spec = {**SPEC, "levels": [{"some": "score >= 5"}, {"rest": "otherwise"}]}
    tiers = Tiers("duckdb", spec)
    tiers.fill("customers", [["a", "person"]])
    tiers.fill("orders", [["1", "a", "2026-01-01", 9, "x"]])
    assert tiers.review(AS_OF)["a"]["reason"] == "score 5.5 (size 10.5, place -5) >= 5"


def test_what_ranks_a_date_is_told() -> None:
    measures = {"last": {"from": "orders", "max": "ordered_at"}}
    spec = {"measures": {**measures, "r": {"share_rank": {"of": "last"}}}}
    tiers = Tiers("duckdb", {**spec, "levels": [{"a": "r > 0"}, {"b": "otherwise"}]})
    (said,) = tiers.problems()
    assert f"{said.code} {said.cause}; {said.remedy}" == (
        "CDMQ217 r ranks last, which is date (rule customer_class); rank a number"
    )


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
      volume: {from: orders, sum: amount, if_none: 0}
      rank: {share_rank: {of: volume}}
    levels: [{core: "rank < 0.8"}, {rest: otherwise}]
    review: monthly
"""


def begin(world: World) -> None:
    world.write({"models/m.yml": MODELS, "rules/r.yml": RULES})
    world.table("people", {"id": "text"}, [[k] for k in "abc"])
    fill(world, [("a", 80), ("b", 15), ("c", 5)])
    world.run(as_of="2026-01-10")


def fill(world: World, volumes: list[tuple[str, int]]) -> None:
    columns = {"oid": "text", "id": "text", "d": "date", "amount": "integer"}
    world.table("orders", columns, [[k, k, "2026-01-01", v] for k, v in volumes])


def history(world: World) -> list[tuple[Any, ...]]:
    columns = ("key", "level", "cut_offs", "from_review", "to_review")
    return sorted(world.audit_rows("tier_history", columns), key=str)


@pytest.fixture
def begun(twin: Callable[..., World]) -> World:
    return twin(begin)


def test_a_limit_that_moves_begins_no_new_time(begun: World) -> None:
    before = history(begun)
    assert before == [
        ("a", "core", "rank < 0.8 [volume >= 80]", "2026-01-01", None),
        ("b", "rest", "otherwise", "2026-01-01", None),
        ("c", "rest", "otherwise", "2026-01-01", None),
    ]
    lines = told(stories(cdmq.parse(begun.root), "a", "people")[0])
    assert "    then volume >= 80" in lines
    fill(begun, [("a", 90), ("b", 5), ("c", 5)])
    begun.run(as_of="2026-02-10")
    assert history(begun) == before
    fill(begun, [("a", 70), ("b", 25), ("c", 5)])
    begun.run(as_of="2026-03-10")
    assert history(begun) == [
        ("a", "core", "rank < 0.8 [volume >= 80]", "2026-01-01", None),
        ("b", "core", "rank < 0.8 [volume >= 25]", "2026-03-01", None),
        ("b", "rest", "otherwise", "2026-01-01", "2026-03-01"),
        ("c", "rest", "otherwise", "2026-01-01", None),
    ]
    begun.write({"rules/r.yml": RULES.replace("0.8", "0.75")})
    begun.run(as_of="2026-04-10")
    assert [r for r in history(begun) if r[0] == "a"] == [
        ("a", "core", "rank < 0.75 [volume >= 25]", "2026-04-01", None),
        ("a", "core", "rank < 0.8 [volume >= 80]", "2026-01-01", "2026-04-01"),
    ]
