"""What is counted, and whose it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from runner import ENGINES
from tiering.figures import AS_OF, COUNT, LEVELS, SUM, figures
from tiering.tiers import ORDERS, Tiers


@pytest.fixture(params=ENGINES)
def make(request: pytest.FixtureRequest) -> Any:
    uri = request.getfixturevalue("postgres_uri") if request.param == "postgres" else None

    def made(measures: dict[str, Any], **words: Any) -> Tiers:
        spec = {"measures": measures, "levels": LEVELS, **words.pop("spec", {})}
        return Tiers(request.param, spec, uri=uri, **words)

    return made


def test_without_facts_and_without_customers(make: Any) -> None:
    tiers = make(
        {
            **SUM,
            "t": {"from": "orders", "since": "last", "if_none": "99"},
            "p": {"from": "orders", "count": "rows", "per": "week", "if_none": "-2.5"},
        }
    )
    assert tiers.review(AS_OF) == {}
    tiers.fill("customers", [["a", "x"], ["a", "again"]])
    assert figures(tiers) == {"a": {"n": 0, "s": None, "t": 99, "p": Decimal("-2.5")}}


def test_none_means_no_fact_at_all(make: Any) -> None:
    """Who was seen and bought nothing bought 0; who was never seen is if_none."""
    volume = {"from": "orders", "sum": "amount", "if_none": "7"}
    tiers = make(
        {
            "n": COUNT["n"],
            "window": {**volume, "per": "year", "over": "24 months"},
            "shipped": {**volume, "where": "status = 'shipped'"},
            "last": {
                "from": "orders",
                "since": "last",
                "where": "status = 'shipped'",
                "if_none": "7",
            },
        }
    )
    tiers.fill("customers", [["a", "x"], ["b", "x"]])
    tiers.fill("orders", [["1", "a", "2020-11-01", 100, None]])
    assert figures(tiers) == {
        "a": {"n": 1, "window": 0, "shipped": 0, "last": 7},
        "b": {"n": 0, "window": 7, "shipped": 7, "last": 7},
    }


def test_the_time_observed(make: Any) -> None:
    """100 in the last 73 days of two years is 500 a year; today alone is a day."""
    volume = {"from": "orders", "sum": "amount", "per": "year", "over": "24 months"}
    tiers = make({"n": COUNT["n"], "v": volume})
    tiers.fill("customers", [["old", ""], ["young", ""], ["today", ""], ["tomorrow", ""]])
    tiers.fill(
        "orders",
        [
            ["1", "old", "2020-01-01", 5, None],
            ["2", "old", "2024-11-01", 5, None],
            ["3", "old", "2024-11-02", 100, None],
            ["4", "old", "2026-11-01", 100, None],
            ["5", "young", "2026-08-20", 100, None],
            ["6", "today", "2026-11-01", 1, None],
            ["7", "tomorrow", "2026-11-02", 1, None],
        ],
    )
    assert figures(tiers) == {
        "old": {"n": 4, "v": 100},
        "young": {"n": 1, "v": 500},
        "today": {"n": 1, "v": 365},
        "tomorrow": {"n": 0, "v": None},
    }


def test_years_are_counted_as_birthdays_are(make: Any) -> None:
    tiers = make({**COUNT, "t": {"from": "orders", "since": "first"}})
    days = ["2024-11-01", "2024-11-02", "2024-02-29", "2026-11-01", "2025-05-02"]
    tiers.fill("customers", [[d, ""] for d in days])
    tiers.fill("orders", [["1", d, d, 1, None] for d in days])
    years = {k: f["t"] for k, f in figures(tiers).items()}
    assert years == {
        "2024-11-01": 2,
        "2024-11-02": Decimal("1.9973"),
        "2026-11-01": 0,
        "2024-02-29": Decimal("2.674"),
        "2025-05-02": Decimal("1.5014"),
    }


def test_facts_without_date_after_as_of_and_at_no_time(make: Any) -> None:
    tiers = make(SUM)
    tiers.fill("customers", [["a", ""]])
    tiers.fill(
        "orders",
        [
            ["1", "a", None, 1, None],
            ["2", "a", "2026-11-02", 10, None],
            ["3", "a", "infinity", 100, None],
            ["4", "a", "-infinity", 1000, None],
            ["5", "a", "200000-01-01", 1, None],
            ["6", None, "2026-01-01", 1, None],
            ["7", "stranger", "2026-01-01", 1, None],
            ["8", "a", "2026-11-01", None, None],
        ],
    )
    assert figures(tiers) == {"a": {"n": 1, "s": 0}}


def test_golden_customers_find_the_facts_of_their_records(make: Any) -> None:
    tiers = make(
        SUM,
        dataset="customers_golden",
        columns={
            "customers": {"source": "text", "customer_no": "integer"},
            "customers_golden": {"party_id": "text"},
            "orders": {**ORDERS, "from": "text", "customer_no": "integer"},
        },
        datasets={
            "customers": {"key": ["source", "customer_no"]},
            "customers_golden": {"key": ["party_id"], "made_of": "customers"},
            "orders": {
                "key": ["order_id"],
                "happened_at": "ordered_at",
                "refers_to": {"customers": ["from", "customer_no"]},
            },
        },
    )
    tiers.fill("customers_golden", [["P1"], ["P2"], ["P3"]])
    tiers.table(
        "xref:same_customer",
        {"key": "text", "party_id": "text"},
        [["crm/1", "P1"], ["a\\/b/1", "P1"], ["crm/2", "P2"], ["crm/3", "gone"]],
    )
    tiers.fill(
        "orders",
        [
            ["1", 1, "2026-01-01", 1, None, "crm"],
            ["2", 1, "2026-01-01", 10, None, "a/b"],
            ["3", 2, "2026-01-01", 100, None, "crm"],
            ["4", 3, "2026-01-01", 1000, None, "crm"],
            ["5", 1, "2026-01-01", 1, None, None],
        ],
    )
    assert figures(tiers) == {
        "P1": {"n": 2, "s": 11},
        "P2": {"n": 1, "s": 100},
        "P3": {"n": 0, "s": None},
    }


def test_two_datasets_of_facts(make: Any) -> None:
    calls = {"id": "text", "who": "text", "select": "timestamp"}
    tiers = make(
        {
            **COUNT,
            "calls": {"from": "calls", "count": "rows"},
            "silent": {"from": "calls", "since": "last"},
        },
        spec={"new_for": "30 days"},
        columns={"calls": calls},
        datasets={
            "calls": {"key": ["id"], "happened_at": "select", "refers_to": {"customers": ["who"]}}
        },
    )
    tiers.fill("customers", [["a", ""], ["b", ""]])
    tiers.fill("orders", [["1", "a", "2025-01-01", 1, None]])
    tiers.fill(
        "calls",
        [
            ["1", "a", "2026-11-01 11:59:59"],
            ["2", "b", "2026-11-01 12:00:00"],
            ["3", "b", "2026-11-01 12:00:01"],
        ],
    )
    assert figures(tiers) == {
        "a": {"n": 1, "calls": 1, "silent": 0},
        "b": {"n": 0, "calls": 1, "silent": 0},
    }
    assert {k: r["level"] for k, r in tiers.before.items()} == {"a": "some", "b": "new"}
