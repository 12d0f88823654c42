"""Random facts, rules and reviews: as plain Python says it, and the same on both engines."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from depth import depth
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from tiering.tier_oracle import Fact, as_json, before, figure, next_level
from tiering.tiers import Tiers

from cdmq.kinds.words import Lasting

CUSTOMERS = ("a", "b", "c", "d/e", "ß")
CONDITIONS: dict[str | None, Any] = {
    None: lambda f: True,
    "status <> 'cancelled'": lambda f: f.status is not None and f.status != "cancelled",
    "amount > 100 or status is null": lambda f: (
        f.status is None or (f.amount is not None and f.amount > 100)
    ),
}
DURATIONS = (
    "1 day",
    "3 days",
    "2 weeks",
    "1 month",
    "5 months",
    "24 months",
    "3 quarters",
    "1 year",
)
durations = st.sampled_from(DURATIONS)
periods = st.sampled_from(["day", "week", "month", "quarter", "year"])
amounts = st.none() | st.decimals(-1000, 100_000, places=2) | st.just(Decimal("0.123456"))


@st.composite
def measures(draw: Any, first: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {"from": "orders"}
    ways = ["sum", "count", "since", "avg", "min", "max", "distinct", "top"]
    way = draw(st.sampled_from(ways if not first else ways[:-1]))
    found[way] = {
        "sum": "amount",
        "count": "rows",
        "since": draw(st.sampled_from(["first", "last"])),
        "distinct": "status",
        "top": "status",
    }.get(way, "amount")
    if way != "top" and draw(st.booleans()):
        found["if_none"] = draw(st.sampled_from(["0", "-1.5", "7"]))
    where = draw(st.sampled_from(list(CONDITIONS)))
    if where is not None:
        found["where"] = where
    if way in ("sum", "count") and draw(st.booleans()):
        found["per"] = draw(periods)
    if way != "since" and draw(st.booleans()):
        found["over"] = draw(durations)
    return found


def moments(as_of: dt.datetime, kind: str) -> st.SearchStrategy[Any]:
    """Near as_of, exactly where a window or a year begins, and odd ones."""
    now = as_of if kind == "timestamp" else dt.datetime.combine(as_of.date(), dt.time())
    spans = [TypeAdapter(Lasting).validate_python(d) for d in DURATIONS]
    edges = st.sampled_from([now, *(before(now, d) for d in spans)])
    step = dt.timedelta(microseconds=1) if kind == "timestamp" else dt.timedelta(days=1)
    close = edges.flatmap(lambda e: st.sampled_from([e - step, e, e + step]))
    near = st.integers(-800, 40).map(lambda d: now + dt.timedelta(days=d))
    odd = st.sampled_from(
        [dt.datetime(2024, 2, 29), dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59)]
    )
    some = near | close | odd
    return st.none() | (some if kind == "timestamp" else some.map(dt.datetime.date))


def both(tiers: dict[str, Tiers], facts: list[Fact], as_of: dt.datetime) -> dict[str, Any]:
    found = {}
    for engine, one in tiers.items():
        one.fill("customers", [[c, "person"] for c in CUSTOMERS])
        one.fill(
            "orders", [[str(i), f.customer, f.at, f.amount, f.status] for i, f in enumerate(facts)]
        )
        found[engine] = one.review(as_of.isoformat(sep=" "))
    assert found["duckdb"] == found["postgres"]
    return found["duckdb"]


@pytest.mark.parametrize("kind", ["date", "timestamp"])
@settings(max_examples=depth(30), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_measures(kind: Any, data: st.DataObject, postgres_uri: str) -> None:
    drawn = [data.draw(measures(first=True)), *data.draw(st.lists(measures(), max_size=3))]
    as_of = data.draw(st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2028, 3, 1)))
    facts = data.draw(
        st.lists(
            st.builds(
                Fact,
                st.none() | st.sampled_from(CUSTOMERS),
                moments(as_of, kind),
                amounts,
                st.sampled_from([None, "cancelled", "shipped", "Ö", "ä"]),
            ),
            max_size=25,
        )
    )
    new_for = data.draw(st.none() | durations)
    spec = {
        "measures": {f"m{i}": m for i, m in enumerate(drawn)},
        "levels": [{"some": "m0 > 5"}, {"rest": "otherwise"}],
    }
    if new_for:
        spec["new_for"] = new_for
    columns = {
        "orders": {
            "order_id": "text",
            "customer_no": "text",
            "ordered_at": kind,
            "amount": "decimal",
            "status": "text",
        }
    }
    tiers = {e: Tiers(e, spec, uri=postgres_uri, columns=columns) for e in ("duckdb", "postgres")}
    found = both(tiers, facts, as_of)
    rule = tiers["duckdb"].rule.spec
    now = as_of if kind == "timestamp" else dt.datetime.combine(as_of.date(), dt.time())
    for customer in CUSTOMERS:
        own = [f for f in facts if f.customer == customer]
        figures = {
            name: figure(m, own, now, CONDITIONS[m.where]) for name, m in rule.measures.items()
        }
        assert found[customer]["measures"] == as_json(figures), (customer, own)
        seen = [f.moment for f in own if f.moment is not None and f.moment <= now]
        young = bool(new_for and seen and min(seen) > before(as_of, rule.new_for))
        level = "some" if figures["m0"] is not None and figures["m0"] > 5 else "rest"
        assert found[customer]["level"] == ("new" if young else level)


KEEP: dict[str, Any] = {
    "measures": {
        "volume": {"from": "orders", "sum": "amount", "if_none": "0"},
        "n": {"from": "orders", "count": "rows"},
    },
    "levels": [
        {"none": "volume = 0"},
        {"core": "volume >= 50 and n >= 1"},
        {"between": "volume between 20 and 30"},
        {"odd": "not (volume < 16) or volume is null"},
        {"idle": "5 > volume"},
        {"rest": "otherwise"},
    ],
    "review": "monthly",
    "new_for": "2 months",
}
HOLDS: dict[str, Any] = {
    "none": lambda v: v == 0,
    "core": lambda v: v >= 50,
    "between": lambda v: 20 <= v <= 30,
    "odd": lambda v: v >= 16,
    "idle": lambda v: v < 5,
}


def near(share: Decimal) -> dict[str, Any]:
    return {
        "none": lambda v: None,
        "core": lambda v: v >= 50 * (1 - share),
        "between": lambda v: 20 * (1 - share) <= v <= 30 * (1 + share),
        "odd": lambda v: v >= 16 * (1 - share),
        "idle": lambda v: v < 5 * (1 + share),
    }


@settings(max_examples=depth(12), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    volumes=st.lists(
        st.lists(
            st.sampled_from([0, 1, 4, 5, 14, 16, 18, 20, 29, 33, 44, 45, 50, 51])
            | st.integers(0, 60),
            min_size=5,
            max_size=5,
        ),
        min_size=1,
        max_size=9,
    ),
    share=st.sampled_from(["10%", "2.5%", "0%", "100%"]),
    reviews=st.integers(1, 3),
)
def test_levels_over_many_reviews(
    volumes: list[list[int]], share: str, reviews: int, postgres_uri: str
) -> None:
    spec = {**KEEP, "keep_unless": {"below_by": share, "for": f"{reviews} reviews"}}
    tiers = {e: Tiers(e, spec, uri=postgres_uri) for e in ("duckdb", "postgres")}
    rule = tiers["duckdb"].rule.spec
    loose = near(rule.keep_unless.below_by)
    state: dict[str, tuple[str, int]] = {}
    for month, row in enumerate(volumes):
        as_of = dt.datetime(2025 + month // 12, month % 12 + 1, 15)
        first = dt.date(2024, 12, 1)
        facts = [Fact(c, first, Decimal(v), None) for c, v in zip(CUSTOMERS, row, strict=True)]
        found = both(tiers, facts, as_of)
        for customer, volume in zip(CUSTOMERS, row, strict=True):
            was, missed = state.get(customer, (None, 0))
            young = dt.datetime(2024, 12, 1) > before(as_of, rule.new_for)
            state[customer] = next_level(
                rule,
                lambda n, v=volume: HOLDS[n](v),
                lambda n, v=volume: loose[n](v),
                young,
                was,
                missed,
            )
            got = found[customer]
            assert (got["level"], got["missed"]) == state[customer], (customer, volume, was)
