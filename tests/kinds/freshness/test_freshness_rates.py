"""The rate by which values fade: measured where the log has enough of it, else as it is said."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from kinds.freshness.decay import Row, intervals, simulated
from runner import World

from cdmq.kinds.freshness.fit import Interval, Measured, measured

START = dt.date(2023, 1, 1)
AS_OF = dt.datetime(2026, 1, 1, 12)
MODELS = """
version: 1
datasets:
  - {name: crm, table: crm, key: id}
  - {name: shop, table: shop, key: id}
  - {name: people, stack: {crm: crm, shop: shop}, key: [source, id], verified_at: {phone: phone_at}}
  - name: tries
    table: tries
    key: no
    happened_at: day
    refers_to: {people: [system, person]}
"""
RULES = """
version: 1
dataset: people
freshness:
  - id: recheck
    columns: [phone]
    fades: {phone: 2% per month}
    recheck_below: 80%
    severity: info
    measure_from: FROM
    proof: {from: tries, column: channel, value: value, result: result, good: ok, bad: bounced}
"""
PEOPLE = {"id": "integer", "phone": "text", "phone_at": "date"}
TRIES = {
    "no": "integer",
    "system": "text",
    "person": "integer",
    "channel": "text",
    "value": "text",
    "result": "text",
    "day": "date",
}


def begin(world: World, logs: dict[str, list[Row]], least: int) -> None:
    rows: list[list[Any]] = []
    for source in ("crm", "shop"):
        log = logs.get(source, [])
        values = sorted({r.value for r in log})
        world.table(source, PEOPLE, [[v, f"+{v}", None] for v in values])
        rows += [
            [len(rows) + i, source, r.value, "phone", f"+{r.value}", r.result, on(r.day)]
            for i, r in enumerate(log)
        ]
    world.table("tries", TRIES, rows)
    models = (
        MODELS
        if logs.get("shop")
        else MODELS.replace("name: shop,", "name: shop, may_be_empty: true,")
    )
    world.write({"models/m.yml": models, "rules/people.yml": RULES.replace("FROM", str(least))})
    world.run(as_of=AS_OF)


def on(day: int) -> dt.date:
    return START + dt.timedelta(day)


def told(*logs: list[Row]) -> Measured | None:
    found = [(d, bad, n) for log in logs for (d, bad), n in intervals(log).items()]
    return measured(Interval(*f) for f in found)


def rates(world: World) -> dict[str, tuple[Any, ...]]:
    columns = ("rate_of", "rate", "basis", "of_whom", "low", "high", "checked", "bad")
    rows = world.audit_rows("freshness_rates", columns, "to_run IS NULL")
    return {r[0]: r[1:] for r in rows}


def as_row(found: Measured | None, of: str) -> tuple[Any, ...]:
    assert found is not None
    counts = (found.checked, found.bad)
    return (found.rate, "measured", of, found.low, found.high, *counts)


def test_each_source_fades_by_its_own_rate(world: World) -> None:
    chance = random.Random(4)
    crm = simulated(chance, 0.04, 150, 900)
    shop = simulated(chance, 0.008, 300, 900)
    begin(world, {"crm": crm, "shop": shop}, 30)
    found = rates(world)
    assert found == {
        "": as_row(told(crm, shop), ""),
        "crm": as_row(told(crm), "crm"),
        "shop": as_row(told(shop), "shop"),
    }
    assert found["crm"][3] < 0.04 < found["crm"][4]
    assert found["shop"][3] < 0.008 < found["shop"][4]
    used = {r["key"].split("/")[0]: r["rate"] for r in world.view("recheck__cells")}
    assert used == {"crm": found["crm"][0], "shop": found["shop"][0]}
    (message,) = world.audit_rows("rule_results", ("message",), "rule_id = 'recheck'")
    assert "phone fades" in message[0]
    assert f"{found[''][6]} bad of" in message[0]
    figures = dict(world.audit_rows("rule_figures", ("figure", "value"), "rule_id = 'recheck'"))
    assert figures["least rate of phone, shop"] == found["shop"][3]
    assert figures["greatest rate of phone, crm"] == found["crm"][4]
    assert figures["found bad of phone"] == found[""][6]


def test_a_source_with_too_few_bad_ends_fades_as_all_do_and_all_as_is_said(world: World) -> None:
    chance = random.Random(5)
    crm, shop = simulated(chance, 0.04, 60, 900), simulated(chance, 0.008, 20, 900)
    some, all_ = told(crm), told(crm, shop)
    assert some is not None
    assert all_ is not None
    begin(world, {"crm": crm, "shop": shop}, some.bad)
    assert rates(world)["crm"] == as_row(some, "crm")
    assert rates(world)["shop"] == as_row(all_, "")
    begin(world, {"crm": crm, "shop": shop}, all_.bad + 1)
    assert {r[:2] for r in rates(world).values()} == {(0.02, "prior")}
    (message,) = world.audit_rows(
        "rule_results",
        ("message",),
        f"rule_id = 'recheck' AND run_id = (SELECT max(run_id) FROM {world.audit}.runs)",
    )
    assert f"phone fades 2.0% a month (as said: {all_.bad} bad are too few)" in message[0]


def test_what_verified_at_says_begins_a_time_and_ends_none(world: World) -> None:
    """Right by verified_at on day 100, bad by the log on day 160; the log's own good was on day 0."""
    world.table("crm", PEOPLE, [[1, "+1", on(100)], [2, "+2", on(100)]])
    world.table("shop", PEOPLE, [])
    log = [[1, 0, "ok"], [1, 160, "bounced"], [2, 130, "ok"], [2, 190, "ok"]]
    rows = [
        [i, "crm", p, "phone", f"+{p}", result, on(day)] for i, (p, day, result) in enumerate(log)
    ]
    world.table("tries", TRIES, rows)
    models = MODELS.replace("name: shop,", "name: shop, may_be_empty: true,")
    world.write({"models/m.yml": models, "rules/people.yml": RULES.replace("FROM", "1")})
    world.run(as_of=AS_OF)
    lived = [Interval(30, False, 1), Interval(60, False, 1)]
    assert rates(world)["crm"] == as_row(measured([*lived, Interval(60, True, 1)]), "crm")


@pytest.mark.parametrize("result", ["ok", "no answer"])
def test_a_log_in_which_nothing_went_bad_measures_nothing(world: World, result: str) -> None:
    begin(world, {"crm": [Row(1, 0, "ok"), Row(1, 90, result)]}, 1)
    assert rates(world)["crm"][:2] == (0.02, "prior")
