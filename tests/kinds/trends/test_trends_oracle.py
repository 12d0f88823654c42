"""Steps against an oracle of another make: any facts, on both engines alike; in any order; and a
first run as monthly ones."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from depth import depth
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kinds.trends.oracle import Spec, Step, steps
from kinds.trends.trending import Trends

CUSTOMERS = ("a", "b", "c", "d/e", "ß")
START = dt.date(2024, 1, 1)
ENGINES = ("duckdb", "postgres")
DAYS = {"day": 25, "week": 150, "month": 700, "quarter": 1500, "year": 3500}
settled = settings(max_examples=depth(24), deadline=None, suppress_health_check=list(HealthCheck))


def written(spec: Spec) -> dict[str, Any]:
    return {
        "measure": {"from": "orders", "sum": "amount"},
        "per": spec.per,
        "alert": {
            "down_by": f"{float(spec.down_by * 100):g}%",
            "over": f"{spec.over} {spec.per}s",
            "history": f"{spec.history} {spec.per}s",
        },
        "gap": f"{float(spec.gap):g}",
        **({"season": "year"} if spec.season else {}),
    }


@st.composite
def specs(draw: Any) -> Spec:
    over = draw(st.integers(1, 3))
    return Spec(
        draw(st.sampled_from(["month", "month", "week", "day", "quarter", "year"])),
        over,
        draw(st.integers(over, 5)),
        Fraction(draw(st.sampled_from(["0.3", "0.5", "0.125", "1"]))),
        Fraction(draw(st.sampled_from(["3", "1", "1.5", "2.25"]))),
    )


@st.composite
def customers(draw: Any, per: str) -> list[tuple[dt.date, Decimal]]:
    """Somebody who buys at their own pace, pauses, and may be gone."""
    pace = draw(st.sampled_from([1, 2, 5, 20, 40])) * max(1, DAYS[per] // 300)
    amounts = st.sampled_from(["100", "70", "69.99", "85", "50", "0", "-30", "12.5"])
    day, found = START + dt.timedelta(days=draw(st.integers(0, DAYS[per] // 3))), []
    for _ in range(draw(st.integers(0, 25))):
        found.append((day, Decimal(draw(amounts))))
        pause = draw(st.sampled_from([1, 1, 1, 1, 2, 6, 15]))
        day += dt.timedelta(days=pace * pause + draw(st.integers(-1, 2)))
    return found


def rows(facts: dict[str, list[tuple[dt.date, Decimal]]]) -> list[list[Any]]:
    return [
        [str(i), c, day, amount, None]
        for i, (c, day, amount) in enumerate(
            (c, day, amount) for c, own in facts.items() for day, amount in own
        )
    ]


def both(
    spec: Spec, facts: dict[str, list[tuple[dt.date, Decimal]]], days: list[dt.date], uri: str
) -> list[dict[str, Any]]:
    """The steps at some days, the same on both engines."""
    told = []
    for engine in ENGINES:
        trends = Trends(engine, written(spec), uri=uri)
        trends.fill("customers", [[c, None] for c in CUSTOMERS])
        trends.fill("orders", rows(facts))
        told.append([trends.steps(f"{day} 10:00:00") for day in days])
    assert told[0] == told[1]
    return told[0]


def shown(row: dict[str, Any]) -> Step:
    usual, present = row["usual"], row["present"]
    return Step(row["step"], row["since"], usual, present, row["gap"])


def four(value: Fraction | None) -> Decimal | None:
    """With four decimals; as close as may be."""
    return None if value is None else Decimal(value.numerator) / value.denominator


def compare(
    spec: Spec, facts: dict[str, list[tuple[dt.date, Decimal]]], day: dt.date, uri: str
) -> None:
    (found,) = both(spec, facts, [day], uri)
    exact = {c: [(d, Fraction(a)) for d, a in own] for c, own in facts.items()}
    expected = steps(spec, exact, day)
    assert found.keys() == expected.keys()
    for key, step in expected.items():
        got = shown(found[key])
        assert (got.step, got.since, got.gap) == (step.step, step.since, step.gap), key
        for a, b in ((got.usual, four(step.usual)), (got.present, four(step.present))):
            assert (a is None) == (b is None)
            assert a is None or b is None or abs(a - b) <= Decimal("0.0001")


@settled
@given(data=st.data())
def test_steps(data: st.DataObject, postgres_uri: str) -> None:
    spec = data.draw(specs())
    facts = {c: data.draw(customers(spec.per)) for c in CUSTOMERS}
    day = START + dt.timedelta(days=data.draw(st.integers(0, DAYS[spec.per])))
    compare(spec, facts, day, postgres_uri)


@st.composite
def seasonal(draw: Any, per: str) -> list[tuple[dt.date, Decimal]]:
    """Somebody who buys in some months of each year, for some years; more or less than before."""
    months = draw(st.sets(st.integers(1, 12), min_size=1))
    found: list[tuple[dt.date, Decimal]] = []
    for year in range(2024, 2024 + draw(st.integers(1, 4))):
        grown = draw(st.sampled_from([1, 1, 2, Decimal("0.5"), Decimal("0.7")]))
        for month in sorted(months):
            if draw(st.integers(0, 9)):
                found.append((dt.date(year, month, 15), 100 * Decimal(grown)))
                found.append((dt.date(year, month, 16), Decimal(draw(st.integers(-20, 5)))))
    return found


@settled
@given(data=st.data())
def test_seasons(data: st.DataObject, postgres_uri: str) -> None:
    over = data.draw(st.integers(1, 3))
    spec = Spec(
        data.draw(st.sampled_from(["month", "month", "quarter", "week"])),
        over,
        data.draw(st.integers(over, 6)),
        Fraction("0.3"),
        season=True,
    )
    facts = {c: data.draw(seasonal(spec.per)) for c in CUSTOMERS}
    day = START + dt.timedelta(days=data.draw(st.integers(300, 1600)))
    compare(spec, facts, day, postgres_uri)


@settled
@given(data=st.data())
def test_a_first_run_equals_monthly_ones(data: st.DataObject, postgres_uri: str) -> None:
    """What a run says at the end of each period is what the last run tells of it: the step that
    began then began then."""
    spec = Spec("month", 2, 3, Fraction("0.3"))
    facts = {c: data.draw(customers("month")) for c in CUSTOMERS[:3]}
    days = [START.replace(year=2024 + m // 12, month=m % 12 + 1, day=15) for m in range(1, 22)]
    trends = Trends("duckdb", written(spec))
    trends.fill("customers", [[c, None] for c in CUSTOMERS])
    trends.fill("orders", rows(facts))
    monthly = [trends.steps(str(day)) for day in days]
    for key, last in monthly[-1].items():
        kept = [m.get(key) for m in monthly]
        first = next(i for i, row in enumerate(kept) if row == last)
        assert all(row == last for row in kept[first:])
        assert days[first].replace(day=1) == last["since"]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_order_of_rows_does_not_matter(engine: str, postgres_uri: str) -> None:
    spec = Spec("month", 2, 3, Fraction("0.3"))
    days = [START + dt.timedelta(days=13 * i) for i in range(40)]
    facts = {c: [(d, Decimal(10 * j)) for d in days[j::2]] for j, c in enumerate(CUSTOMERS)}
    trends = Trends(engine, written(spec), uri=postgres_uri)
    trends.fill("customers", [[c, None] for c in CUSTOMERS])
    trends.fill("orders", rows(facts))
    there = trends.steps("2025-04-02")
    trends.fill("orders", rows(facts)[::-1])
    assert trends.steps("2025-04-02") == there
    assert {r["step"] for r in there.values()} != {"new"}
