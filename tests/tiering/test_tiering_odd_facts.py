"""What happens to facts that are odd: values, names, times with a zone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from runner import ENGINES
from tiering.figures import COUNT, LEVELS, SUM, figures
from tiering.tiers import ORDERS, Tiers


@pytest.fixture(params=ENGINES)
def make(request: pytest.FixtureRequest) -> Any:
    uri = request.getfixturevalue("postgres_uri") if request.param == "postgres" else None

    def made(measures: dict[str, Any], **words: Any) -> Tiers:
        spec = {"measures": measures, "levels": LEVELS, **words.pop("spec", {})}
        return Tiers(request.param, spec, uri=uri, **words)

    return made


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
