"""What became of waves: rates, differences and their intervals."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from kinds.segments import campaign as c
from runner import AS_OF, Twin, World

from cdmq.kinds.segments.intervals import difference, wilson
from cdmq.runs.exporting import Asked, export

MODELS = (
    c.MODELS
    + "  - {name: orders, table: orders_src, key: no, happened_at: day, refers_to: {people: who}}\n"
)
RESPONSE = "    response: {from: orders, where: \"state = 'sent'\", within: 30 days}\n"
ORDERS = {"no": "integer", "who": "text", "day": "date", "state": "text"}
LATER = AS_OF + dt.timedelta(days=30)


def begin(world: World) -> None:
    c.write(world)
    world.write({"models/m.yml": MODELS, "rules/s.yml": c.SEGMENT + RESPONSE})
    c.drawn(random.Random(21), 150).deliver(world)
    world.table("orders_src", ORDERS, [])
    world.run()


def kept(world: World) -> dict[tuple[str, str], tuple[Any, ...]]:
    columns = ["wave", "part", "people", "responded", "rate", "difference", "low", "high"]
    rows = world.audit_rows("segment_responses", columns, "to_run IS NULL")
    return {(wave, part): tuple(rest) for wave, part, *rest in rows}


@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [
        # The cases of Newcombe's Table II, by his method 10.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_intervals_of_the_paper(
    a: tuple[int, int], b: tuple[int, int], low: float, high: float
) -> None:
    found = difference(a, b)
    assert found is not None
    assert found[0] == pytest.approx(a[0] / a[1] - b[0] / b[1])
    assert found[1:] == pytest.approx((low, high), abs=5e-5)


def test_an_interval_of_one_rate_holds_it() -> None:
    for hits, of in ((0, 5), (5, 5), (1, 1000), (500, 1000)):
        low, high = wilson(hits, of)
        assert 0 <= low <= hits / of <= high <= 1
    assert difference((1, 2), (0, 0)) is None


def test_responses_are_told_once_the_time_has_passed(twin: Twin) -> None:
    world = twin(begin)
    rng = random.Random(3)
    told = c.drawn(random.Random(21), 150).project(world)
    export(Asked("news", "w1", False, AS_OF), world.root)
    parts = {str(k): p for k, p in world.audit_rows("exports", ["key", "part"])}
    records: dict[str, list[str]] = {}
    for record, party in told.parties.items():
        records.setdefault(party, []).append(record)
    days = [AS_OF.date() + dt.timedelta(days=n) for n in (-1, 0, 15, 29, 30, 31)]
    orders = [
        [n, rng.choice(records[party]), rng.choice(days), rng.choice(["sent", "sent", "open"])]
        for n, party in enumerate(rng.choices(sorted(parts), k=len(parts)))
    ]
    orders.append([len(orders), "nobody", days[1], "sent"])
    world.table("orders_src", ORDERS, orders)
    world.run(as_of=LATER - dt.timedelta(days=1))
    assert kept(world) == {}
    world.run(as_of=LATER)
    within = {
        who for _, who, day, state in orders if state == "sent" and 0 <= (day - days[1]).days < 30
    }
    wanted = {
        part: (
            sum(p == part for p in parts.values()),
            sum(p == part and bool(within & set(records[k])) for k, p in parts.items()),
        )
        for part in set(parts.values())
    }
    found = kept(world)
    assert {part: row[:2] for (_, part), row in found.items()} == wanted
    assert {"contact", "holdout", "comparison"} == set(wanted)
    apart = difference(wanted["contact"][::-1], wanted["holdout"][::-1])
    assert found["w1", "holdout"][3:] == pytest.approx(apart, abs=1e-6)
    assert found["w1", "contact"][3:] == (None, None, None)
    again = world.run(as_of=LATER)
    assert again.opened.get("segment_responses", 0) == 0
    figures = dict(world.audit_rows("rule_figures", ["figure", "value"], "rule_id = 'news'"))
    assert figures["wave w1: contact"] == pytest.approx(100 * found["w1", "contact"][2], abs=1e-6)
    assert "of no known customer" in next(r.message for r in again.results if r.rule.id == "news")


def test_who_is_held_out_of_a_running_wave_is_in_no_other_segment(twin: Twin) -> None:
    world = twin(begin)
    other = c.SEGMENT.replace("id: news", "id: offers").replace("    one_per: household\n", "")
    other = other.replace("version: 1\ndataset: people_golden\nsegments:\n", "")
    world.write({"rules/s.yml": c.SEGMENT + RESPONSE + other})
    world.run()
    export(Asked("news", "w1", False, AS_OF), world.root)
    held = {k for k, _ in world.audit_rows("exports", ["key", "part"], "part = 'holdout'")}
    assert held

    def out(day: dt.datetime) -> set[str]:
        world.run(as_of=day)
        where = "rule_id = 'offers' AND to_run IS NULL AND because = 'holdout elsewhere'"
        return {k for (k,) in world.audit_rows("segment_members", ["key"], where)}

    assert out(AS_OF) == held
    assert out(LATER) == set()
    where = "rule_id = 'news' AND to_run IS NULL AND part = 'holdout'"
    assert {k for (k,) in world.audit_rows("segment_members", ["key"], where)} >= held


@pytest.mark.slow
def test_intervals_cover_the_true_lift(world: World) -> None:
    """Over 200 simulated campaigns: who is held out responds at 5 in 100, who is written to at 8."""
    rng, waves, size, base, lift = random.Random(5), 200, 1500, 0.05, 0.03
    segment = """
version: 1
dataset: people
segments:
  - id: news
    members: amount >= 10
    permission: ok
    holdout: 30%
    response: {from: orders, within: 2 days}
"""
    models = """
version: 1
datasets:
  - {name: people, table: people_src, key: id}
  - {name: orders, table: orders_src, key: no, happened_at: day, refers_to: {people: who}}
"""
    world.write({"models/m.yml": models, "rules/s.yml": segment})
    people = [[f"p{i}", 20, "yes"] for i in range(size)]
    world.table("people_src", {"id": "text", "amount": "integer", "ok": "text"}, people)
    world.table("orders_src", ORDERS, [])
    world.run()
    rows = world.audit_rows("segment_members", ["key", "part"])
    parts = {str(k): p for k, p in rows}
    orders = []
    for n in range(waves):
        day = AS_OF.date() + dt.timedelta(days=2 * n)
        export(Asked("news", f"w{n:03}", False, AS_OF + dt.timedelta(days=2 * n)), world.root)
        for who, part in parts.items():
            if rng.random() < base + (lift if part == "contact" else 0):
                orders.append([len(orders), who, day + dt.timedelta(days=rng.randrange(2)), "sent"])
    world.table("orders_src", ORDERS, orders)
    world.run(as_of=AS_OF + dt.timedelta(days=2 * waves))
    found = {wave: row for (wave, part), row in kept(world).items() if part == "holdout"}
    assert len(found) == waves
    covered = sum(low <= lift <= high for *_, low, high in found.values())
    assert 0.90 * waves <= covered <= 0.98 * waves
