"""What one measure alone would have to be for another level: true when it is applied."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
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
from cdmq.kinds.tiering.ranges import Range
from cdmq.kinds.tiering.what_if import Told, what_if

NAMES = ("a", "b", "c")
NUMBERS = ("-5", "0", "5", "7.5", "10")
#: Each number, and either side of it.
GRID = [Decimal(n) + d for n in NUMBERS for d in (-1, 0, 1)] + [Decimal("-99"), Decimal("99")]
names, numbers = st.sampled_from(NAMES), st.sampled_from(NUMBERS)
signs = st.sampled_from(["<", "<=", ">", ">=", "=", "<>"])
simple = st.one_of(
    st.builds("{} {} {}".format, names, signs, numbers),
    st.builds("{} {} {}".format, numbers, signs, names),
    st.builds("{} {} {}".format, names, signs, names),
    st.builds("{} between {} and {}".format, names, numbers, numbers),
    st.builds("{} in ({}, {})".format, names, numbers, numbers),
    st.builds("{} is {}null".format, names, st.sampled_from(["", "not "])),
)
conditions = st.recursive(
    simple,
    lambda c: st.one_of(
        st.builds("({} and {})".format, c, c),
        st.builds("({} or {})".format, c, c),
        st.builds("not ({})".format, c),
    ),
    max_leaves=3,
)
ORDERS: dict[str, Any] = {
    "order_id": "text",
    "customer_no": "text",
    "ordered_at": "date",
    **dict.fromkeys(NAMES, "decimal"),
}


@st.composite
def rules(draw: Any) -> dict[str, Any]:
    levels = [{f"l{i}": draw(conditions)} for i in range(draw(st.integers(1, 3)))]
    spec: dict[str, Any] = {
        "measures": {n: {"from": "orders", "max": n} for n in NAMES},
        "levels": [*levels, {"rest": "otherwise"}],
    }
    if draw(st.booleans()):
        parts = {
            part: [{"3": draw(conditions)}, {"1": draw(conditions)}, {"0": "otherwise"}]
            for part in ("p", "q")[: draw(st.integers(1, 2))]
        }
        least = draw(st.sampled_from(["1", "3", "4"]))
        spec |= {"scorecard": parts, "levels": [{"top": f"score >= {least}"}, *spec["levels"]]}
    return spec


def review(spec: dict[str, Any], figures: list[dict[str, Decimal | None]]) -> list[dict[str, Any]]:
    tiers = Tiers("duckdb", spec, columns={"orders": ORDERS})
    keys = [str(i) for i in range(len(figures))]
    tiers.fill("customers", [[k, "person"] for k in keys])
    rows = [[k, k, "2026-01-01", *f.values()] for k, f in zip(keys, figures, strict=True)]
    tiers.fill("orders", rows)
    # That nobody can reach a level is told elsewhere.
    tiers.problems = list  # type: ignore[method-assign]
    found = tiers.review("2026-07-01")
    return [found[k] for k in keys]


def inside(value: Decimal, of: Range) -> bool:
    low = of.low is None or value > of.low or (of.low_in and value == of.low)
    return low and (of.high is None or value < of.high or (of.high_in and value == of.high))


def said(found: Told, name: str, own: Decimal, value: Decimal) -> str | None:
    """The level that is claimed for a figure; None where nothing is."""
    for one in found.alone:
        of = one.value
        assert isinstance(of, Range)
        if one.measure == name and inside(value, of):
            return one.level
    for one in found.alone:
        of = one.value
        assert isinstance(of, Range)
        above = of.low is not None and own <= of.low < value
        below = of.high is not None and value < of.high <= own
        if one.measure == name and (above or below):
            return None  # beyond the nearest
    return found.level


@settings(max_examples=depth(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(spec=rules(), values=st.lists(st.sampled_from(GRID), min_size=3, max_size=3))
def test_it_is_true_when_applied(spec: dict[str, Any], values: list[Decimal]) -> None:
    own: dict[str, Decimal | None] = dict(zip(NAMES, values, strict=True))
    (row,) = review(spec, [own])
    tiers = Tiers("duckdb", spec, columns={"orders": ORDERS})
    found = what_if(tiers.rule, row["measures"], row["level"])
    assert found is not None
    assert found.level == row["level"]
    assert not found.unknown
    tries = [(n, v) for n in NAMES for v in GRID]
    applied = review(spec, [{**own, n: v} for n, v in tries])
    for (name, value), after in zip(tries, applied, strict=True):
        claimed = said(found, name, own[name] or Decimal(0), value)
        assert claimed in (None, after["level"]), (name, value, found)


def of_rule(levels: list[dict[str, str]], kept: str, level: str, **more: Any) -> Told | None:
    spec = {
        "measures": {
            "volume": {"from": "orders", "sum": "amount"},
            "n": {"from": "orders", "count": "rows"},
            "likes": {"from": "orders", "top": "status"},
            **more.pop("measures", {}),
        },
        "levels": levels,
        **more,
    }
    return what_if(Tiers("duckdb", spec).rule, kept, level)


KEPT = '{"volume": 40, "n": 2, "likes": "milk"}'


@pytest.mark.parametrize(
    ("levels", "level", "says"),
    [
        ([{"core": "volume >= 50"}, {"rest": "otherwise"}], "rest", ["volume >= 50: core"]),
        ([{"core": "volume > 50"}, {"rest": "otherwise"}], "rest", ["volume > 50: core"]),
        ([{"some": "n > 0"}, {"none": "otherwise"}], "some", ["n = 0: none"]),
        (
            [{"a": "n = 3 or volume between 10 and 20"}, {"b": "otherwise"}],
            "b",
            ["volume >= 10 and <= 20: a", "n = 3: a"],
        ),
        (
            [{"a": "likes = 'bread' and n > 1"}, {"b": "otherwise"}],
            "b",
            ["likes = 'bread': a"],
        ),
        ([{"a": "n > 3 and volume > 50"}, {"b": "otherwise"}], "b", []),
    ],
)
def test_what_is_said(levels: list[dict[str, str]], level: str, says: list[str]) -> None:
    found = of_rule(levels, KEPT, level)
    assert found is not None
    assert [str(one) for one in found.alone] == says


def test_what_is_not_known() -> None:
    levels = [{"core": "rank < 0.5 and n > 2 or n + volume > 100"}, {"rest": "otherwise"}]
    ranked = {"rank": {"share_rank": {"of": "volume"}}}
    kept = '{"volume": 40, "n": 2, "likes": "milk", "rank": 0.2}'
    assert of_rule(levels, kept, "rest", measures=ranked) is None
    levels = [{"core": "rank < 0.5 and n > 2"}, {"rest": "otherwise"}]
    found = of_rule(levels, kept, "rest", measures=ranked)
    assert found is not None
    assert [str(one) for one in found.alone] == ["n > 2: core"]
    assert found.unknown == ("volume",)
    assert (
        of_rule(levels, '{"volume": "***", "n": 2, "likes": "milk", "rank": "**"}', "rest") is None
    )


def test_it_goes_by_the_figures_alone() -> None:
    levels = [{"core": "volume >= 50"}, {"rest": "otherwise"}]
    keep = {"review": "monthly", "keep_unless": {"below_by": "10%", "for": "2 reviews"}}
    found = of_rule(levels, KEPT, "core", **keep)
    assert found is not None
    assert (found.level, [str(a) for a in found.alone]) == ("rest", ["volume >= 50: core"])


RULES = """
version: 1
dataset: people
tiering:
  - id: class
    measures: {volume: {from: orders, sum: amount, if_none: 0}, n: {from: orders, count: rows}}
    levels: [{core: "volume >= 50 and n >= 1"}, {rest: otherwise}]
  - id: both
    measures: {volume: {from: orders, sum: amount, if_none: 0}, n: {from: orders, count: rows}}
    levels: [{core: "volume >= 500 and n >= 5"}, {rest: otherwise}]
"""
MODELS = """
version: 1
datasets:
  - {name: people, table: people, key: id}
  - {name: orders, table: orders, key: oid, happened_at: d, refers_to: {people: id}}
"""


def begin(world: World) -> None:
    world.write({"models/m.yml": MODELS, "rules/r.yml": RULES})
    world.table("people", {"id": "text"}, [["a"]])
    columns = {"oid": "text", "id": "text", "d": "date", "amount": "integer"}
    world.table("orders", columns, [["1", "a", "2026-01-01", 40]])
    world.run()


@pytest.fixture
def begun(twin: Callable[..., World]) -> World:
    return twin(begin)


def test_a_story_tells_it(begun: World) -> None:
    lines = told(stories(cdmq.parse(begun.root), "a", "people")[0])
    assert "    alone volume >= 50: core" in lines
    assert "    no single measure would change it" in lines
    begun.write({"rules/r.yml": RULES.replace(">= 50 ", ">= 60 ")})  # which no run went by
    lines = told(stories(cdmq.parse(begun.root), "a", "people")[0])
    assert not [line for line in lines if "alone" in line]
