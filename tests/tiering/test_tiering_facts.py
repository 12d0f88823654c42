"""What is counted, whose it is, and what happens to facts that are odd."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from runner import ENGINES
from tiering.tiers import ORDERS, Tiers

AS_OF = "2026-11-01 12:00:00"
LEVELS = [{"some": "n > 0"}, {"none": "otherwise"}]
COUNT: dict[str, Any] = {"n": {"from": "orders", "count": "rows", "if_none": "0"}}
SUM: dict[str, Any] = {**COUNT, "s": {"from": "orders", "sum": "amount"}}


@pytest.fixture(params=ENGINES)
def make(request: pytest.FixtureRequest) -> Any:
    uri = request.getfixturevalue("postgres_uri") if request.param == "postgres" else None

    def made(measures: dict[str, Any], **words: Any) -> Tiers:
        spec = {"measures": measures, "levels": LEVELS, **words.pop("spec", {})}
        return Tiers(request.param, spec, uri=uri, **words)

    return made


def figures(tiers: Tiers) -> dict[str, dict[str, Any]]:
    found = tiers.review(AS_OF)
    return {k: json.loads(r["measures"], parse_float=Decimal) for k, r in found.items()}


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


@pytest.mark.parametrize(
    ("kind", "amounts", "total"),
    [
        ("double", [0.1] * 10, 1),
        ("double", ["NaN", 1], None),
        ("double", ["Infinity"], None),
        ("double", [1e17, 0.5, -1e17], Decimal("0.5")),
        ("double", [123456789.123456789, 1e-7], Decimal("123456789.12345689")),
        ("double", [1e300], None),
        ("integer", [9223372036854775807], None),
        ("integer", [4, None, -1], 3),
        ("integer", [900000000000000000] * 40, 36000000000000000000),
        ("decimal", ["0.000001", "12345678901234.5"], Decimal("12345678901234.500001")),
    ],
)
def test_sums_of_every_type(make: Any, kind: Any, amounts: list[Any], total: Any) -> None:
    tiers = make(SUM, columns={"orders": {**ORDERS, "amount": kind}})
    tiers.fill("customers", [["a", ""]])
    tiers.fill("orders", [[str(i), "a", "2026-01-01", a, None] for i, a in enumerate(amounts)])
    assert figures(tiers)["a"]["s"] == total


def test_a_value_does_not_end_the_statement(make: Any) -> None:
    tiers = make(
        {
            "n": {
                "from": "orders",
                "count": "rows",
                "where": "cast(status as integer) / amount > 1",
            },
            "m": {"from": "orders", "count": "rows", "where": "amount * amount * amount > 1"},
        },
        spec={"levels": [{"odd": "1 / (n - 2) > 0 or n * n * n > 9"}, {"none": "otherwise"}]},
    )
    tiers.fill("customers", [["a", ""], ["b", ""]])
    tiers.fill(
        "orders",
        [
            ["1", "a", "2026-01-01", 2, "8"],
            ["2", "a", "2026-01-01", 0, "8"],
            ["3", "a", "2026-01-01", 2, "eight"],
            ["4", "a", "2026-01-01", 99999999999999, "9" * 30],
            ["5", "b", "2026-01-01", 2, "8"],
            ["6", "b", "2026-01-01", 2, "8"],
        ],
    )
    found = figures(tiers)
    assert (found["a"]["n"], found["b"]["n"]) == (1, 2)


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


def test_odd_names(make: Any) -> None:
    orders = {
        "select": "text",
        'a"b': "text",
        "when it was": "date",
        "from": "decimal",
        "Größe": "text",
        "key": "text",
    }
    tiers = make(
        {
            "n": {"from": "orders", "count": "rows", "where": '"key" is null', "if_none": "0"},
            "Summe_der_Größen": {
                "from": "orders",
                "sum": "from",
                "where": '"when it was" < as_of and "Größe" = \'ä\'',
            },
            "first": {"from": "orders", "count": "rows"},
            "key": {"from": "orders", "since": "last"},
            "x" * 70: {"from": "orders", "count": "rows"},
        },
        columns={"orders": orders, "customers": {"a b": "text", "level": "integer"}},
        datasets={
            "customers": {"key": ["a b"]},
            "orders": {
                "key": ["select"],
                "happened_at": "when it was",
                "refers_to": {"customers": ['a"b']},
            },
        },
        spec={
            "where": "\"a b\" <> 'left out' and level > 1",
            "levels": [{"some": '"key" >= 0 and "first" > 0'}, {"none": "otherwise"}],
        },
    )
    tiers.fill("customers", [["a", 2], ["left out", 2], ["b", 1], ["c", None]])
    tiers.fill(
        "orders", [["1", "a", "2026-11-01", 5, "ä", None], ["2", "a", "2025-11-01", 6, "ö", ""]]
    )
    assert figures(tiers) == {
        "a": {"n": 1, "Summe_der_Größen": 5, "first": 2, "key": 0, "x" * 70: 2}
    }


def test_timestamps_with_a_zone(make: Any) -> None:
    tiers = make(COUNT, columns={"orders": {**ORDERS, "ordered_at": "timestamp"}})
    tiers.fill("customers", [["a", ""]])
    name = f"{tiers.schema}.clean_orders"
    tiers.sql(f"DROP TABLE {name}")
    tiers.sql(
        f"CREATE TABLE {name} AS SELECT '1' AS order_id, 'a' AS customer_no, CAST("
        "'2026-11-01 14:00:00+02' AS timestamp with time zone) AS ordered_at, 1 AS amount"
    )
    assert figures(tiers) == {"a": {"n": 1}}
    assert tiers.review("2026-11-01 11:59:59")["a"]["level"] == "none"


def test_levels_may_ask_for_as_of(make: Any) -> None:
    levels = [{"late": "n > 0 and as_of >= '2026-06-01'"}, {"none": "otherwise"}]
    tiers = make(COUNT, spec={"levels": levels})
    tiers.fill("customers", [["a", ""]])
    tiers.fill("orders", [["1", "a", dt.date(2026, 1, 1), 1, None]])
    assert tiers.review("2026-05-31 00:00:00")["a"]["level"] == "none"
    assert tiers.review("2026-06-01 00:00:00")["a"]["level"] == "late"
