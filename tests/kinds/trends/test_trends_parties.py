"""Trends of parties: facts find them by their records, and who has ended has none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from kinds.trends.test_trends_odd import SPEC, monthly, told
from kinds.trends.trending import Trends
from runner import ENGINES

from cdmq.sql.expressions import parse


def parties(engine: str, uri: str | None, ended: bool = False) -> Trends:
    says = {"ended": {"when": "type = 'closed'"}} if ended else {}
    trends = Trends(
        engine,
        SPEC,
        uri=uri,
        dataset="golden",
        columns={"golden": {"party_id": "text"}},
        datasets={
            "customers": {"key": ["customer_no"], **says},
            "golden": {"key": ["party_id"], "made_of": "customers"},
        },
    )
    if ended:
        said = {"ended": parse("type = 'closed'")}
        trends.rule = replace(trends.rule, expressions={**trends.rule.expressions, **said})
    trends.fill("golden", [["p"], ["q"]])
    trends.table("xref:golden_customer", {"key": "text", "party_id": "text"}, [])
    trends.table("xref:same_customer", {"key": "text", "party_id": "text"},
                 [["a", "p"], ["b", "p"]])  # fmt: skip
    trends.fill(
        "orders",
        [[str(i), *o, None] for i, o in enumerate(
            [*monthly([0, 100, 100, None, None]), *monthly([70, 70], who="b")])],
    )  # fmt: skip
    return trends


@pytest.mark.parametrize("engine", ENGINES)
def test_facts_find_a_party_by_its_records(engine: str, postgres_uri: str) -> None:
    """Who is in no party has no trend."""
    assert told(parties(engine, postgres_uri)) == {"p": ("falling", 100, 70, None)}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("records", "judged"),
    [
        ([["a", "closed"], ["b", "closed"]], False),
        ([["a", "closed"], ["b", None]], False),  # who does not know does not say
        ([["a", "closed"], ["b", "open"]], True),
        ([["a", None], ["b", None]], True),
    ],
)
def test_a_party_has_ended_where_every_record_that_knows_says_so(
    engine: str, records: list[list[Any]], judged: bool, postgres_uri: str
) -> None:
    trends = parties(engine, postgres_uri, ended=True)
    trends.fill("customers", records)
    assert list(told(trends)) == (["p"] if judged else [])
