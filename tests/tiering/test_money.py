"""One turnover: in one currency, and as often as the status of an order counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from runner import World

import cdmq
from cdmq.problems import CdmqError

MODELS = """
version: 1
datasets:
  - {name: people, table: people, key: id}
  - name: orders
    table: orders
    key: oid
    happened_at: d
    refers_to: {people: id}
    amount: {column: amount, currency: currency, in: EUR, rates: fx}
    counts_as: {column: status, shipped: 1, open: 0, cancelled: 0, credit_note: -1}
  - {name: fx, key: [currency, valid_from], columns: {valid_from: date, rate: decimal}}
"""
RATES = """currency,valid_from,rate
USD,2026-01-01,0.9
USD,2026-03-01,0.8125
CHF,2026-02-01,1.05
GBP,2026-01-01,1.1
GBP,2026-01-01,1.2
"""
RULES = """
version: 1
dataset: people
tiering:
  - id: class
    measures:
      turnover: {from: orders, sum: amount, if_none: 0}
      orders: {from: orders, count: rows, if_none: 0}
      largest: {from: orders, max: amount}
      mean: {from: orders, avg: amount}
      pieces: {from: orders, sum: n}
      first: {from: orders, min: d}
    levels: [{core: "turnover >= 100"}, {rest: otherwise}]
trends:
  - id: falling
    measure: {from: orders, sum: amount}
    per: month
    alert: {down_by: 30%, over: 1 month, history: 2 months}
"""
COLUMNS = {
    "oid": "text",
    "id": "text",
    "d": "date",
    "amount": "decimal",
    "currency": "text",
    "status": "text",
    "n": "integer",
}
ORDERS: list[list[Any]] = [
    ["a", "2026-01-05", "10", "EUR", "shipped", 1],
    ["a", "2026-01-05", "10", "USD", "shipped", 2],
    ["a", "2026-02-28", "11.11", "USD", "shipped", 1],
    ["a", "2026-03-01", "11.11", "USD", "shipped", 1],
    ["a", "2026-03-02", "7", "EUR", "credit_note", 3],
    ["a", "2026-03-02", "500", "EUR", "cancelled", 9],
    ["a", "2025-12-31", "100", "USD", "shipped", 1],
    ["b", "2026-03-02", "40", "EUR", "lost", 1],
    ["b", "2026-03-02", "50", "EUR", None, 1],
    ["b", "2026-03-02", "60", "CHF", "credit_note", 1],
    ["b", "2026-01-31", "70", "CHF", "shipped", 1],
    ["b", "2026-03-02", "80", "GBP", "shipped", 1],
    ["b", "2026-03-02", "90", None, "shipped", 1],
    ["b", "2026-03-02", "90", "XXX", "cancelled", 1],
    ["c", "2026-03-02", "1000", "EUR", "open", 1],
    ["d", "2026-04-02", None, "EUR", "shipped", 1],
]
AS_OF = "2026-07-01"


def begin(world: World) -> None:
    world.write({"models/m.yml": MODELS, "seeds/fx.csv": RATES, "rules/r.yml": RULES})
    world.table("people", {"id": "text"}, [[k] for k in "abcde"])
    world.table("orders", COLUMNS, [[str(i), *o] for i, o in enumerate(ORDERS)])
    world.run(as_of=AS_OF)


@pytest.fixture
def begun(twin: Callable[..., World]) -> World:
    return twin(begin)


def measures(world: World) -> dict[str, dict[str, Any]]:
    rows = world.audit_rows("tier_history", ("key", "measures"), "to_run IS NULL")
    return {k: json.loads(m, parse_float=Decimal, parse_int=Decimal) for k, m in rows}


COUNTS = {"shipped": 1, "open": 0, "cancelled": 0, "credit_note": -1}


def rate(currency: str | None, day: str) -> Decimal | None:
    """The one rate of the latest day until then."""
    lines = [line.split(",") for line in RATES.splitlines()[1:]]
    known = [(since, r) for c, since, r in lines if c == currency and since <= day]
    rates = {Decimal(r) for since, r in known if since == max(s for s, _ in known)}
    return Decimal(1) if currency == "EUR" else rates.pop() if len(rates) == 1 else None


def oracle(key: str) -> dict[str, Any]:
    own = [o for o in ORDERS if o[0] == key]
    counted = [(o, COUNTS[o[4]]) for o in own if o[4] in COUNTS]
    amounts, positive = [], []
    for (_, day, amount, currency, _, _), weight in counted:
        by = rate(currency, day)
        if weight and amount is not None and by is not None:
            value = (Decimal(amount) * by).quantize(Decimal("0.0001"), ROUND_HALF_UP)
            amounts.append(value * weight)
            positive += [value] if weight > 0 else []
    rows = [o for o, weight in counted if weight > 0]
    mean = sum(positive) / len(positive) if positive else None
    return {
        "turnover": Decimal(sum(amounts)),
        "orders": Decimal(len(rows)),
        "largest": max(positive, default=None),
        "mean": mean and mean.quantize(Decimal("0.0001"), ROUND_HALF_UP),
        "pieces": Decimal(sum(o[5] * weight for o, weight in counted)) if own else None,
        "first": min((o[1] for o in rows), default=None),
    }


def test_amounts_in_one_currency_and_by_status(begun: World) -> None:
    found = measures(begun)
    assert found == {key: oracle(key) for key in "abcde"}
    assert found["a"]["turnover"] == Decimal("31.0259")
    assert found["b"]["turnover"] == Decimal(-63)


def test_what_is_not_counted_is_told(begun: World) -> None:
    by_id = {r.rule.id: r for r in begun.run(as_of=AS_OF).results}
    why = (
        "made without 7 of 16 orders: 2 with a status that counts_as does not name, 1 without an "
        "amount, 4 in a currency without a rate"
    )
    assert why in by_id["class"].message
    assert why in by_id["falling"].message
    rows = begun.audit_rows("tier_history", ("key", "reason"), "uncounted IS NOT NULL")
    assert {k: why.partition("made without ")[2] for k, why in rows} == {
        "a": f"1 {LOST}",
        "b": f"5 {LOST}",
        "d": f"1 {LOST}",
    }


LOST = (
    "of its facts: no date, no amount, a status that counts_as does not name or a currency "
    "without a rate"
)


def test_no_purchase_is_cancelled(begun: World) -> None:
    """Who bought nothing that counts has no trend."""
    assert {r["key"] for r in begun.view("falling__steps")} == {"a"}


def test_other_words_are_another_version(begun: World) -> None:
    def versions() -> dict[str, str]:
        return {k: v[0] for k, v in begun.versions().items()}

    before = versions()
    begun.write({"models/m.yml": MODELS.replace("open: 0", "open: 1")})
    begun.run(as_of=AS_OF)
    after = versions()
    assert {k for k in before if before[k] != after.get(k)} >= {"class", "falling"}
    assert measures(begun)["c"]["turnover"] == 1000


def test_two_currencies_and_nothing_said(begun: World) -> None:
    begun.write({"models/m.yml": MODELS.replace(", in: EUR, rates: fx", "")})
    told = {r.rule.id: r.message for r in begun.run(as_of=AS_OF).results if r.outcome.error}
    cause = "orders.amount is in CHF, EUR, GBP, USD, XXX: amounts of several currencies"
    assert told.keys() == {"class", "falling"}
    assert all(cause in said and "CDMQ254" in said for said in told.values())
    begun.sql("UPDATE orders SET currency = 'EUR' WHERE currency IS NOT NULL")
    assert not any(r.outcome.error for r in begun.run(as_of=AS_OF).results)
    assert measures(begun)["b"]["turnover"] == 70 + 80 + 90 - 60


def test_without_rates_the_other_currencies_do_not_count(begun: World) -> None:
    begun.write({"models/m.yml": MODELS.replace(", rates: fx", "")})
    begun.run(as_of=AS_OF)
    assert measures(begun)["a"]["turnover"] == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("amount: {column: amount, in: EUR}", "in needs currency"),
        ("amount: {column: amount, currency: currency, rates: fx}", "rates needs in"),
        ("counts_as: {shipped: 1}", "write such as counts_as: {column: status, shipped: 1"),
        ("counts_as: {column: status, shipped: yes}", "'shipped' counts as a number such as 1"),
        ("amount: {column: amount, currency: c, in: EUR, rates: ff}", "unknown dataset 'ff'"),
        ("calendar: {year_starts: Apr}", "april"),
    ],
)
def test_wrong_words(world: World, words: str, told: str) -> None:
    start = MODELS.index("    amount:")
    end = MODELS.index("  - {name: fx")
    world.write(
        {
            "models/m.yml": f"{MODELS[:start]}    {words}\n{MODELS[end:]}",
            "seeds/fx.csv": RATES,
            "rules/r.yml": RULES,
        }
    )
    with pytest.raises(CdmqError) as error:
        cdmq.parse(world.root)
    assert told in str(error.value)


def test_a_review_by_the_calendar_of_the_books(begun: World) -> None:
    april = MODELS.replace("id}", "id, calendar: {year_starts: april}}", 1)
    begun.write(
        {
            "models/m.yml": april,
            "rules/r.yml": RULES.replace("levels:", "review: yearly\n    levels:"),
        }
    )
    begun.run(as_of="2027-03-31")
    begun.run(as_of="2027-04-01")
    reviews = begun.audit_rows("tier_reviews", ("review",), "review LIKE '____-__-__'")
    assert reviews == [("2027-04-01",)]


def test_rates_of_text(begun: World) -> None:
    begun.write({"models/m.yml": MODELS.replace(", rate: decimal", "")})
    told = {r.rule.id: r.message for r in begun.run(as_of=AS_OF).results if r.outcome.error}
    assert "CDMQ217 fx.rate is text, not a number" in told["class"]
