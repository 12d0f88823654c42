"""What is told before a tiering rule runs: code, cause and remedy."""

from __future__ import annotations

from typing import Any

import pytest
from tiering.tiers import ORDERS, Tiers, rule_of

from cdmq.kinds.tiering.words import TieringRule

GOOD: dict[str, Any] = {"from": "orders", "count": "rows"}
LEVELS = [{"some": "n > 0"}, {"none": "otherwise"}]
IN_ORDERS = {
    "key": ["order_id"],
    "happened_at": "ordered_at",
    "refers_to": {"customers": ["customer_no"]},
}


def told(measure: dict[str, Any], **words: Any) -> list[str]:
    columns = words.pop("columns", None)
    datasets = words.pop("datasets", None)
    spec = {"measures": {"n": measure}, "levels": LEVELS, **words}
    tiers = Tiers("duckdb", spec, columns=columns, datasets=datasets)
    for name in words.pop("unknown", ()):
        del tiers.catalog[name]
    return [f"{p.code} {p.cause}; {p.remedy}" for p in tiers.problems()]


@pytest.mark.parametrize(
    ("measure", "words", "says"),
    [
        (
            {"from": "order", "count": "rows"},
            {},
            "CDMQ202 unknown dataset 'order' (rule customer_class); did you mean 'orders'?",
        ),
        (
            {"from": "orders", "sum": "amout"},
            {},
            "CDMQ203 orders has no column 'amout' (rule customer_class); did you mean 'amount'?",
        ),
        (
            {"from": "orders", "sum": "status"},
            {},
            "CDMQ217 orders.status is text, not a number (rule customer_class); declare it in columns: of "
            "the dataset, or add up another column",
        ),
        (
            {"from": "orders", "avg": "status"},
            {},
            "CDMQ217 orders.status is text, not a number (rule customer_class); declare it in columns: of "
            "the dataset, or take the mean of another column",
        ),
        (
            {"from": "orders", "max": "status"},
            {},
            "CDMQ217 orders.status is text, not a number, date or timestamp (rule customer_class); declare "
            "it in columns: of the dataset, or compare another column",
        ),
        (
            {"from": "orders", "distinct": "stats"},
            {},
            "CDMQ203 orders has no column 'stats' (rule customer_class); did you mean 'status'?",
        ),
        (
            {"from": "orders", "min": "ordered_at", "if_none": "0"},
            {"levels": [{"some": "n > date '2024-01-01'"}, {"none": "otherwise"}]},
            "CDMQ217 if_none is a number, orders.ordered_at is date (rule customer_class); take if_none "
            "away",
        ),
        (
            {"from": "orders", "count": "rows", "where": "statsu = 'x'"},
            {},
            "CDMQ312 there is no column 'statsu' (at column 1 of the SQL: statsu = 'x'); did you mean "
            "'status'?",
        ),
        (
            {"from": "orders", "count": "rows", "where": "amount + 1"},
            {},
            "CDMQ315 'where' must be true or false, this is decimal (rule customer_class); write a "
            "comparison, for example: amount > 0",
        ),
        (
            {"from": "orders", "count": "rows", "where": "raw(status) = 'x'"},
            {},
            "CDMQ251 raw() is not known here: a measure reads clean facts (rule customer_class); use the "
            "name alone",
        ),
        (
            GOOD,
            {"levels": [{"some": "m > 0"}, {"none": "otherwise"}]},
            "CDMQ312 there is no column 'm' (at column 1 of the SQL: m > 0); known here: n",
        ),
        (
            GOOD,
            {"levels": [{"some": "n"}, {"none": "otherwise"}]},
            "CDMQ315 'some' must be true or false, this is integer (rule customer_class); write a "
            "comparison, for example: amount > 0",
        ),
        (
            GOOD,
            {"levels": [{"some": "n = 'many'"}, {"none": "otherwise"}]},
            "CDMQ313 n is a number, 'many' is text (at column 1 of the SQL: n = 'many'); use values of "
            "one type",
        ),
        (
            GOOD,
            {"where": "typ = 'person'"},
            "CDMQ312 there is no column 'typ' (at column 1 of the SQL: typ = 'person'); did you mean "
            "'type'?",
        ),
        (
            {**GOOD, "per": "year", "over": "99999 years"},
            {},
            "CDMQ252 99999 years is more than 1000 years (rule customer_class); leave it out",
        ),
        (
            GOOD,
            {"new_for": "9999999999 days"},
            "CDMQ252 9999999999 days is more than 1000 years (rule customer_class); leave it out",
        ),
        (
            {**GOOD, "if_none": "1" + "0" * 30},
            {},
            "CDMQ252 if_none is 10^18 or more (rule customer_class); write a smaller number",
        ),
        (
            {"from": "orders", "since": "first"},
            {"datasets": {"orders": {**IN_ORDERS, "happened_at": None}}},
            "CDMQ250 orders does not say when its facts happened (rule customer_class); add to the "
            "dataset (models/m.yml:3:3): happened_at: COLUMN",
        ),
        (
            GOOD,
            {"datasets": {"orders": {**IN_ORDERS, "happened_at": "orderd_at"}}},
            "CDMQ203 orders has no column 'orderd_at' (rule customer_class); did you mean "
            "'ordered_at'?",
        ),
        (
            GOOD,
            {"datasets": {"orders": {**IN_ORDERS, "happened_at": "status"}}},
            "CDMQ217 orders.status is text, not a date or timestamp (rule customer_class); declare it in "
            "columns: of the dataset",
        ),
        (
            GOOD,
            {"datasets": {"orders": {**IN_ORDERS, "refers_to": {}}}},
            "CDMQ221 orders does not say how it refers to customers (rule customer_class); add to the "
            "dataset (models/m.yml:3:3): refers_to: {customers: [...]}",
        ),
        (
            GOOD,
            {"datasets": {"orders": {**IN_ORDERS, "refers_to": {"customers": ["a", "b"]}}}},
            "CDMQ221 refers_to customers of orders has 2 columns, the key of customers has 1 (rule "
            "customer_class); name them all, in the order of the key",
        ),
        (
            GOOD,
            {"datasets": {"orders": {**IN_ORDERS, "refers_to": {"customers": ["customer"]}}}},
            "CDMQ203 orders has no column 'customer' (rule customer_class); did you mean 'customer_no'?",
        ),
        (
            GOOD,
            {"columns": {"orders": {**ORDERS, "customer_no": "integer"}}},
            "CDMQ217 orders.customer_no is integer, not text, as customers.customer_no is (rule "
            "customer_class); compare columns of one type; columns: declares that of a file's",
        ),
    ],
)
def test_told(measure: dict[str, Any], words: dict[str, Any], says: str) -> None:
    assert told(measure, **words) == [says]


def test_all_are_told_together() -> None:
    found = told(
        {"from": "orders", "sum": "amout", "where": "statsu = 'x'"},
        where="typ = 'p'",
        new_for="1001 years",
    )
    assert [f.split()[0] for f in found] == ["CDMQ312", "CDMQ203", "CDMQ312", "CDMQ252"]


def test_what_is_not_known_yet_is_not_told() -> None:
    spec = {"measures": {"n": {"from": "orders", "sum": "anything"}}, "levels": LEVELS}
    tiers = Tiers("duckdb", spec)
    del tiers.catalog["orders"]
    assert tiers.problems() == []


def test_a_measure_named_as_of() -> None:
    with pytest.raises(ValueError, match="as_of is the run's time: give the measure another name"):
        TieringRule.model_validate({"id": "t", "measures": {"As_of": GOOD}, "levels": LEVELS})


def test_spans_of_nested_sql() -> None:
    rule = rule_of({"measures": {"n": {**GOOD, "where": "status = 'x'"}}, "levels": LEVELS})
    assert set(rule.expressions) == {"measures.n.where", "levels.some"}
