"""What happens to facts that are odd: amounts, days, and how many there are."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from kinds.trends.trending import Trends
from runner import ENGINES
from tiering.tiers import ORDERS

SPEC = {
    "measure": {"from": "orders", "sum": "amount"},
    "per": "month",
    "alert": {"down_by": "30%", "over": "2 months", "history": "2 months"},
}
AS_OF = "2026-11-01 12:00:00"
MONTHS = ("2026-06", "2026-07", "2026-08", "2026-09", "2026-10")


@pytest.fixture(params=ENGINES)
def make(request: pytest.FixtureRequest) -> Any:
    uri = request.getfixturevalue("postgres_uri") if request.param == "postgres" else None

    def made(orders: list[tuple[Any, ...]], spec: Any = SPEC, **words: Any) -> Trends:
        trends = Trends(request.param, spec, uri=uri, **words)
        trends.fill("customers", [["a", "x"], ["b", "y"]])
        filled = [[str(i), *o, *[None] * (4 - len(o))] for i, o in enumerate(orders)]
        trends.fill("orders", filled)
        return trends

    return made


def monthly(amounts: list[Any], day: str = "05", who: str = "a") -> list[tuple[Any, ...]]:
    """An amount in each month until October, the last ones."""
    months = MONTHS[-len(amounts) :]
    return [(who, f"{m}-{day}", a) for m, a in zip(months, amounts, strict=True) if a is not None]


def told(trends: Trends, as_of: str = AS_OF) -> dict[str, tuple[Any, ...]]:
    found = trends.steps(as_of)
    return {k: (r["step"], r["usual"], r["present"], r["uncounted"]) for k, r in found.items()}


@pytest.mark.parametrize(
    ("amounts", "step"),
    [
        ([0, 100, 100, 70, 70], "falling"),  # just so
        ([0, 100, 100, "70.01", 70], "active"),
        ([0, 100, 100, 84, 84], "active"),
        ([0, 100, 100, None, None], "dormant"),
        ([0, 100, 100, 0, 0], "falling"),  # bought for nothing, not nothing bought
        ([0, 0, 0, 100, 100], "active"),  # nothing is usual
        ([0, 100, 100, -40, 180], "falling"),  # a credit note lowers
        ([0, 100, 100, -40, -40], "dormant"),  # and is no purchase
        ([None, None, 100, 100, 1], "new"),
    ],
)
def test_a_step(make: Any, amounts: list[Any], step: str) -> None:
    assert told(make(monthly(amounts)))["a"][0] == step


def test_nobody_falls_from_less_than_nothing(make: Any) -> None:
    orders = [*monthly([1, 1, 1, 1, 1]), *monthly([-100, -100, -500, -500], "06")]
    assert told(make(orders))["a"][:3] == ("active", -49, -299)


def test_falling_ends_after_half_of_the_fall_is_made_up(make: Any) -> None:
    """Usual is 100 all along: with 84 who fell is still falling, and with 85 is not."""
    steady = [("a", f"2026-{m:02}-05", 100) for m in range(1, 5)]

    def step(may: int, june: int) -> str:
        orders = [*steady, ("a", "2026-05-05", may), ("a", "2026-06-05", june)]
        return str(told(make(orders), "2026-07-01")["a"][0])

    assert step(40, 128) == "falling"  # 70, then 84
    assert step(10, 158) == "falling"  # 55, then 84
    assert step(10, 160) == "active"  # 55, then 85
    assert step(42, 126) == "active"  # 71, then 84


def test_no_purchase_is_no_trend(make: Any) -> None:
    assert told(make([])) == {}
    assert told(make(monthly([-5, -5]))) == {}
    assert told(make([("zzz", "2026-06-01", 5), (None, "2026-06-01", 5)])) == {}


def test_what_has_just_begun_and_the_future_count_for_nothing(make: Any) -> None:
    """The month of as_of is not over; facts after as_of may be typing errors."""
    steady = monthly([0, 100, 100, 70, 70])
    begun = [("a", "2026-11-01", 10_000), ("a", "2026-11-02", 10_000), ("a", "2999-01-01", 1)]
    later = [("b", "2026-11-01", 5), ("b", "2027-06-01", 5)]
    assert told(make([*steady, *begun, *later])) == told(make(steady))


def test_days_at_the_ends_of_calendars(make: Any) -> None:
    """The years from 1 to 9999: no more than a month is asked of each."""
    found = make(
        [("a", "0001-01-01", 5), ("b", "9999-12-31", 5)],
        {**SPEC, "per": "year", "alert": {"down_by": "30%", "over": "1 year", "history": "1 year"}},
    )
    assert told(found)["a"][0] == "dormant"


@pytest.mark.parametrize(
    ("kind", "amounts"),
    [
        ("double", ["NaN", "Infinity", "1e300"]),
        ("decimal", [None, None, None]),
        ("integer", [9223372036854775807, None, None]),
    ],
)
def test_what_cannot_be_added_up_is_left_out_and_said(
    make: Any, kind: str, amounts: list[Any]
) -> None:
    odd = [("a", "2026-07-09", a) for a in amounts]
    trends = make([*monthly([0, 100, 100, 70, 70]), *odd, ("b", None, 5), ("zzz", "2026-06-01", 5)],
                  columns={"orders": {**ORDERS, "amount": kind}})  # fmt: skip
    assert told(trends) == {"a": ("falling", 100, 70, 3)}
    assert trends.account(AS_OF) == [10, 1, 0, 0, 3, 0, 1]


def test_sums_that_no_engine_reckons_with(make: Any) -> None:
    """They are too large to be compared exactly, and do not end the statement."""
    many = [("a", f"{m}-05", 900_000_000_000_000_000) for m in MONTHS for _ in range(40)]
    found = make(many, columns={"orders": {**ORDERS, "amount": "integer"}})
    step, usual, *_ = told(found)["a"]
    assert (step, round(usual, -3)) == ("active", 10**17)


def test_a_count_of_rows_under_a_condition(make: Any) -> None:
    spec = {**SPEC, "measure": {"from": "orders", "count": "rows", "where": "status = 'in'"}}
    calls = [("a", f"{m}-{d:02}", 0, "in") for m in MONTHS[:3] for d in range(1, 5)]
    calls += [("a", f"{m}-01", 0, "in") for m in MONTHS[3:]]
    calls += [("a", f"{m}-{d:02}", 0, "out") for m in MONTHS for d in range(1, 9)]
    assert told(make(calls, spec))["a"] == ("falling", 4, Decimal("2.5"), None)


def test_a_cell_that_the_condition_can_not_read(make: Any) -> None:
    spec = {**SPEC, "measure": {"from": "orders", "sum": "amount", "where": "status::integer > 1"}}
    orders = [(*o, "2") for o in monthly([0, 100, 100, 70, 70])]
    found = make([*orders, ("a", "2026-08-01", 9, "x"), ("b", "2026-08-01", 9, "x")], spec)
    assert told(found) == {"a": ("falling", 100, 70, 1)}
    assert found.account(AS_OF) == [7, 0, 2, 0, 0, 0, 0]


def test_who_buys_less_often_than_once_a_period(make: Any) -> None:
    """Every 50 days: falling after 150 without a purchase, dormant after 300."""
    days = [dt.date(2025, 1, 1) + dt.timedelta(days=50 * i) for i in range(6)]
    assert days[-1] == dt.date(2025, 9, 8)
    trends = make([("a", day, 100) for day in days])
    expected = {
        "2025-10-01": "active",
        "2026-02-01": "active",  # 146 days
        "2026-03-01": "falling",  # 174
        "2026-07-01": "falling",  # 296
        "2026-08-01": "dormant",
    }
    assert {day: told(trends, day)["a"][0] for day in expected} == expected
    row = trends.steps("2026-08-01")["a"]
    assert (row["judged_by"], row["gap"], row["last_on"]) == ("gaps", 50, days[-1])
    assert row["reason"] == (
        "judged by gaps: 327 days since the last, usually 50 from one to the next"
    )


def test_before_the_third_purchase_the_gaps_of_all_are_asked(make: Any) -> None:
    """b bought once; a buys every 40 days or every 41, and of five such gaps three are 40."""
    orders = [
        ("a", dt.date(2025, 1, 1) + dt.timedelta(days=d), 5) for d in (0, 40, 80, 120, 161, 202)
    ]
    orders += [("b", dt.date(2025, 1, 1), 5)]
    orders += [("a", dt.date(2025, 1, 1) + dt.timedelta(days=243), 5)]
    trends = make(orders)
    found = trends.steps("2025-08-15")["b"]
    assert (found["step"], found["judged_by"], found["gap"]) == ("falling", "gaps", 40)
    assert found["since"] == dt.date(2025, 6, 1)  # 120 days, at the end of April, are not enough
    found = trends.steps("2025-10-15")["b"]
    assert (found["step"], found["since"], found["gap"]) == ("dormant", dt.date(2025, 9, 1), 40)


def test_alone_and_bought_once(make: Any) -> None:
    """There is no gap at all: figures are judged."""
    assert told(make([("a", "2026-01-05", 5)]))["a"][0] == "dormant"


def test_dormant_is_until_a_purchase_and_back_until_history_is_full(make: Any) -> None:
    orders = [("a", f"2025-{m:02}-05", 100) for m in range(1, 5)]
    orders += [("a", "2025-08-05", 100), ("a", "2025-09-05", 10)]
    trends = make(orders)
    expected = {
        "2025-04-30": "new",
        "2025-05-01": "active",
        "2025-06-01": "falling",  # nothing in May: 50 of 100
        "2025-07-01": "dormant",
        "2025-08-31": "dormant",
        "2025-09-01": "back",
        "2025-11-01": "back",
        "2025-12-01": "dormant",  # known for four months again, and nothing for two
    }
    assert {day: told(trends, day)["a"][0] for day in expected} == expected


@pytest.mark.parametrize("many", [100_000])
def test_one_with_very_many_facts(make: Any, many: int) -> None:
    """Every day, for years; the amounts are such that a double would lose some."""
    trends = make([])
    engine = trends.engine
    series = "range" if engine == "duckdb" else "generate_series"
    last = many if engine == "duckdb" else many - 1
    trends.sql(
        f"INSERT INTO {trends.schema}.clean_orders SELECT CAST(i AS text), 'a', "
        f"CAST('2026-10-31' AS date) - CAST(i % 3000 AS integer), 0.1, NULL "
        f"FROM {series}(0, {last}) AS x(i)"
    )
    found = trends.steps(AS_OF)["a"]
    assert (found["step"], found["judged_by"]) == ("active", "figures")
    first = dt.date(2026, 10, 31) - dt.timedelta(days=2999)
    assert found["since"] == dt.date(2018, 12, 1)
    days = (dt.date(2018, 10, 1) - first).days
    assert found["usual"] == Decimal(33 * days) / 10 / 2


def test_who_buys_in_summer_is_not_falling_in_autumn(make: Any) -> None:
    """What was usual is said by the year before, once that is known; and by how they grew."""
    spec = {**SPEC, "per": "month", "season": "year"}
    years = {2024: 100, 2025: 200}
    orders = [("a", f"{y}-{m:02}-05", v * (4 if m in (5, 6, 7) else 1))
              for y, v in years.items() for m in range(1, 13)]  # fmt: skip
    trends, plain = make(orders, spec), make(orders)
    for day, step in {"2024-10-01": "falling", "2025-10-01": "active"}.items():
        assert told(trends, day)["a"][0] == step
        assert told(plain, day)["a"][0] == "falling"
    # the year before 400 in June and July, and 250 in April and May; now 500 in April and May
    lower = [o for o in orders if o[1] < "2025-06"]
    lower += [("a", "2025-06-05", 500), ("a", "2025-07-05", 500)]
    row = make(lower, spec).steps("2025-08-01")["a"]
    assert (row["step"], row["judged_by"]) == ("falling", "season")
    assert (row["usual"], row["present"], row["at_risk"]) == (800, 500, 3600)
    assert row["reason"] == "500 a month in 2 months, by the year before 800"


def test_who_bought_nothing_in_winter_is_not_dormant_in_the_next(make: Any) -> None:
    spec = {**SPEC, "season": "year"}
    orders = [("a", f"{y}-{m:02}-05", 100) for y in (2024, 2025) for m in range(4, 10)]
    trends, plain = make(orders, spec), make(orders)
    expected = {"2024-12-01": "dormant", "2025-11-30": "falling", "2026-03-01": "active",
                "2026-06-01": "dormant"}  # fmt: skip
    assert {day: told(trends, day)["a"][0] for day in expected} == expected
    assert told(plain, "2026-03-01")["a"][0] == "dormant"


def test_years_begin_as_the_calendar_says(make: Any) -> None:
    """By April the years of the books are 2024 and 2025: 300, then 100."""
    alert = {"down_by": "50%", "over": "1 year", "history": "1 year"}
    orders = [("a", f"{y}-{m:02}-05", v) for y, m, v in
              [(2024, 5, 150), (2025, 2, 150), (2025, 5, 50), (2026, 3, 50)]]  # fmt: skip
    spec = {**SPEC, "per": "year", "alert": alert}
    books = {"customers": {"key": ["customer_no"], "calendar": {"year_starts": "april"}}}
    row = make(orders, spec, datasets=books).steps("2026-04-01")["a"]
    assert (row["step"], row["usual"], row["present"]) == ("falling", 300, 100)
    assert row["since"] == dt.date(2026, 4, 1)
    assert make(orders, spec).steps("2026-04-01")["a"]["step"] == "active"
