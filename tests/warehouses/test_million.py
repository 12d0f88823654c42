"""Every statement that a run sends, once, at a million rows on PostgreSQL with its own settings."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from runner import World

from cdmq.warehouses.postgres import Postgres

#: Fewer by CDMQ_MILLION, to look at how a statement grows.
ROWS = int(os.environ.get("CDMQ_MILLION", "1000000"))
MODELS = """
version: 1
datasets:
  - name: firms
    table: firm_source
    key: firm_id
  - name: customers
    table: customer_source
    key: id
    changed_at: changed_on
    missing_values: [n/a]
  - name: orders
    table: order_source
    key: order_id
    happened_at: ordered_on
    refers_to: {customers: customer}
"""
RULES = """
version: 1
dataset: customers
defaults:
  - {id: name_form, column: name, standardise: whitespace}
  - id: email_form
    column: email
    standardise: email
    otherwise: {set: unavailable, reason: invalid}
  - {id: state_set, column: state, set: unknown, reason: not_asked}
validation:
  - {column: name, checks: [not_null, not_blank, unique, {string_length: {max: 12}}]}
  - {column: email, checks: [email, unique, {regex: {pattern: '^c[0-9]+'}}]}
  - {column: state, checks: [{accepted_values: {values: [CA, NY, TX], suggest: true}}]}
  - {column: amount, checks: [{accepted_range: {min: 0, max: 900}}]}
  - {column: firm, checks: [{relationships: {to: firms}}]}
  - {id: pair, check: unique_combination_of_columns, columns: [name, state]}
  - {id: many, check: row_count, min: 1000}
  - {id: fair, check: expression, must: "amount < 990 or state = 'CA'"}
matching:
  - {id: same, makes: party, same_if: [[email]]}
golden:
  - {id: best, from: same, into: golden, pick: [newest, most_complete]}
"""
TIERS = """
version: 1
dataset: golden
validation: [{column: name, checks: [not_null]}]
tiering:
  - id: class
    measures: {volume: {from: orders, sum: amount, per: year, over: 24 months, if_none: 0}}
    levels: [{core: "volume >= 500"}, {ordinary: otherwise}]
    review: monthly
"""


@pytest.mark.slow
def test_no_statement_is_without_end(
    make_world: Callable[..., World],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Ten minutes are plenty for one that hashes or sorts; one that asks row by row takes days."""
    sent: list[tuple[float, str]] = []

    def watched(send: Callable[..., Any]) -> Callable[..., Any]:
        def run(self: Postgres, sql: str, *given: Any) -> Any:
            begun = time.monotonic()
            try:
                return send(self, sql, *given)
            finally:
                sent.append((round(time.monotonic() - begun, 1), sql))
                if sent[-1][0] > 1:
                    with capsys.disabled():
                        print(sent[-1][0], " ".join(sql.split())[:230])

        return run

    for name in ("run", "fetch"):
        monkeypatch.setattr(Postgres, name, watched(getattr(Postgres, name)))
    world = make_world("postgres", own_database=True)
    world.sql(
        "CREATE TABLE firm_source AS SELECT i AS firm_id FROM "
        f"generate_series(1, {ROWS}) AS t (i) WHERE i % 100 <> 7"
    )
    world.sql(f"""CREATE TABLE customer_source AS SELECT i AS id,
        CASE WHEN i % 50 <> 0 THEN 'name ' || i % 900000 END AS name,
        'c' || i % 950000 || CASE WHEN i % 70 = 0 THEN '' ELSE '@example.com' END AS email,
        (ARRAY['CA', 'NY', 'TX', 'ZZ', 'n/a'])[i % 5 + 1] AS state,
        i % 1000 AS amount, i AS firm, date '2025-01-01' + i % 300 AS changed_on
        FROM generate_series(1, {ROWS}) AS t (i)""")
    world.sql(f"""CREATE TABLE order_source AS SELECT i AS order_id, i % {ROWS} AS customer,
        i % 1000 AS amount, date '2025-06-01' + i % 300 AS ordered_on
        FROM generate_series(1, {ROWS}) AS t (i)""")
    database = world.sql("SELECT current_database()")[0][0]
    world.sql(f"ALTER DATABASE {database} SET statement_timeout = '600s'")
    world.write({"models/m.yml": MODELS, "rules/r.yml": RULES, "rules/t.yml": TIERS})
    first = world.run()
    assert {r.rule.id: r.message for r in first.results if r.status == "error"} == {}
    assert not first.failed
    world.sql("UPDATE customer_source SET state = 'CA', amount = 1, firm = 1, name = 'n' || id")
    world.sql("DELETE FROM customer_source WHERE id % 3 = 0")
    second = world.run()
    assert not second.failed
    assert sum(second.closed.values()) > ROWS / 3
    for view in ("customers__passed", "customers__flagged", "golden__passed"):
        world.sql(f"SELECT count(*) FROM {view}")
