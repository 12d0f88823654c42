"""The levels of the reference project, with its true parties, against the generator's truth."""

from __future__ import annotations

import csv
import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest
from runner import ENGINES
from tiering.tiers import Tiers

ROOT = Path(__file__).parents[2]
TRUTH = ROOT / "tests" / "truth" / "reference"
#: The example of the language page.
CUSTOMER_CLASS: dict[str, Any] = {
    "measures": {
        "annual_volume": {
            "from": "orders",
            "sum": "amount",
            "where": "status <> 'cancelled'",
            "per": "year",
            "over": "24 months",
            "if_none": "0",
        },
        "orders_ever": {"from": "orders", "count": "rows", "if_none": "0"},
        "tenure_years": {"from": "orders", "since": "first"},
        "in_window": {
            "from": "orders",
            "sum": "amount",
            "where": "status <> 'cancelled' and ordered_at > as_of - interval '24 months'",
            "if_none": "0",
        },
    },
    "levels": [
        {"prospect": "orders_ever = 0"},
        {"core": "annual_volume >= 50000 and tenure_years >= 2"},
        {"growing": "annual_volume >= 10000"},
        {"ordinary": "otherwise"},
    ],
    "review": "monthly",
    "keep_unless": {"below_by": "10%", "for": "2 reviews"},
}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


@pytest.mark.parametrize("engine", ENGINES)
def test_levels_of_the_reference_project(engine: str, request: pytest.FixtureRequest) -> None:
    uri = request.getfixturevalue("postgres_uri") if engine == "postgres" else None
    tiers = Tiers(
        engine,
        CUSTOMER_CLASS,
        uri=uri,
        dataset="customers_golden",
        columns={
            "customers": {"source": "text", "source_id": "text"},
            "customers_golden": {"party_id": "text"},
            "orders": {
                "order_id": "text",
                "source": "text",
                "customer_no": "text",
                "ordered_at": "date",
                "amount": "decimal",
                "status": "text",
            },
        },
        datasets={
            "customers": {"key": ["source", "source_id"]},
            "customers_golden": {"key": ["party_id"], "made_of": "customers"},
            "orders": {
                "key": ["order_id"],
                "happened_at": "ordered_at",
                "refers_to": {"customers": ["source", "customer_no"]},
            },
        },
    )
    truth = {r["entity_id"]: r for r in rows_of(TRUTH / "levels.csv")}
    orders = [
        [
            r["order_id"],
            r["source"],
            r["customer_no"],
            r["ordered_at"] or None,
            number(r["amount"]),
            r["status"],
        ]
        for r in rows_of(ROOT / "models" / "data" / "orders.csv")
    ]
    tiers.fill("orders", orders)
    tiers.fill("customers_golden", [[e] for e in truth])
    records = {
        f"{r['source']}/{r['source_id']}": r["entity_id"] for r in rows_of(TRUTH / "records.csv")
    }
    tiers.table(
        "xref:same_customer", {"key": "text", "party_id": "text"}, list(map(list, records.items()))
    )
    found = tiers.review("2026-11-01 00:00:00")
    assert set(found) == set(truth)
    # F11631 has one order twice: its volume is near a border only then. F10176 ordered on the
    # first day of the truth's window, 2024-11-01, which is 24 months before and not counted.
    differ = {k for k, r in found.items() if r["level"] != truth[k]["level"]}
    assert differ == {"F10176", "F11631"}
    # The truth counts to the end of 2026-10-31: there all is equal to the cent.
    tiers.before = {}
    found = tiers.review("2026-10-31 12:00:00")
    figures = {k: json.loads(r["measures"]) for k, r in found.items()}
    assert {k: (f["in_window"], f["orders_ever"]) for k, f in figures.items()} == {
        k: (float(t["volume_24_months"]), int(t["orders_ever"])) for k, t in truth.items()
    }
    assert {k for k, r in found.items() if r["level"] != truth[k]["level"]} == {"F11631"}
