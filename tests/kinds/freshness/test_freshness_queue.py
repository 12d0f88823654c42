"""Whom people are asked to call: by the day, by an order, none twice, and later after no answer."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from runner import World

MODELS = """
version: 1
datasets:
  - {name: people, table: people, key: id, verified_at: {phone: phone_at}}
  - {name: tries, table: tries, key: no, happened_at: day, refers_to: {people: [person]}}
"""
RULES = """
version: 1
dataset: people
tiering:
  - id: class
    measures: {tried: {from: tries, count: rows, where: "channel = 'core'", if_none: 0}}
    levels: [{core: "tried > 0"}, {ordinary: otherwise}]
freshness:
  - id: recheck
    columns: [phone, email]
    fades: {phone: 2% per month, email: 2% per month}
    recheck_after: {otherwise: 12 months}
    severity: warn
    proof: {from: tries, column: channel, value: value, result: result, good: ok, bad: wrong}
    queue: QUEUE
"""
PEOPLE = {"id": "text", "phone": "text", "email": "text", "phone_at": "date"}
TRIES = {
    "no": "integer",
    "person": "text",
    "channel": "text",
    "value": "text",
    "result": "text",
    "day": "date",
}
DAY = dt.date(2026, 6, 1)
Call = tuple[str, str]


class Office:
    """People with phones that were proved so many days ago (None: never), and a log."""

    def __init__(self, world: World, queue: str = "{per_day: 2}") -> None:
        self.world, self.log = world, list[list[Any]]()
        world.write({"models/m.yml": MODELS, "rules/people.yml": RULES.replace("QUEUE", queue)})

    def people(self, proved: dict[str, int | None], email: str | None = None) -> None:
        rows = [
            [key, f"tel {key}", email, None if ago is None else DAY - dt.timedelta(ago)]
            for key, ago in proved.items()
        ]
        self.world.table("people", PEOPLE, rows)

    def tell(self, person: str, result: str, day: int, channel: str = "phone") -> None:
        value = f"tel {person}" if channel == "phone" else "mail"
        self.log.append([len(self.log), person, channel, value, result, on(day)])

    def run(self, day: int, hour: int = 6) -> list[Call]:
        """The open calls afterwards: whom, and why."""
        self.world.table("tries", TRIES, self.log)
        self.world.run(as_of=dt.datetime.combine(on(day), dt.time(hour)))
        rows = self.world.audit_rows("queue", ("key", "why"), "to_run IS NULL")
        return [(str(key), str(why)) for key, why in rows]

    def asked(self, day: int, hour: int = 6) -> list[str]:
        return [key for key, _ in self.run(day, hour)]


def on(day: int) -> dt.date:
    return DAY + dt.timedelta(day)


def test_a_day_has_so_many_calls_and_the_least_sure_come_first(world: World) -> None:
    office = Office(world)
    office.people({"a": 400, "b": 500, "c": 600, "d": 10, "e": 700})
    assert office.asked(0) == ["c", "e"]
    assert office.asked(0, hour=18) == ["c", "e"], "however often it runs"
    assert office.asked(1) == ["a", "b", "c", "e"], "the next day has room again"
    assert office.asked(2) == ["a", "b", "c", "e"], "nobody is asked twice"
    rows = world.audit_rows("queue", ("key", "about", "due", "first", "sure"), "true")
    assert [r[0] for r in sorted(rows, key=lambda r: -r[3])] == ["e", "c", "b", "a"]
    assert {(r[1], r[2]) for r in rows} == {
        ("record", f"{on(0)} 00:00:00"),
        ("record", f"{on(1)} 00:00:00"),
    }


def test_answers_close_a_call_and_the_day_gets_no_other_for_it(world: World) -> None:
    office = Office(world)
    office.people({"a": 400, "b": 500, "c": 600})
    assert office.asked(0) == ["b", "c"]
    office.tell("c", "ok", 0)
    assert office.asked(0, hour=12) == ["b"]
    office.tell("b", "wrong", 0)
    assert office.run(0, hour=13) == [("b", "due: phone")], "another number is to be found"
    assert office.asked(1) == ["a", "b"]


def test_a_call_is_of_all_that_is_due_and_open_until_all_is_answered(world: World) -> None:
    office = Office(world)
    office.people({"a": 400}, email="mail")
    office.tell("a", "ok", -500, "email")
    assert office.run(0) == [("a", "due: phone, email")]
    office.tell("a", "ok", 0)
    assert office.run(1) == [("a", "due: phone, email")]
    office.tell("a", "ok", 1, "email")
    assert office.run(2) == []


def test_levels_come_first_in_their_order(world: World) -> None:
    office = Office(world, "{per_day: 3, first: [class.core, least_sure]}")
    office.people({"a": 400, "b": 500, "c": 600, "d": 380, "e": 390})
    office.log += [[100, "d", "core", None, "x", on(-5)], [101, "e", "core", None, "x", on(-5)]]
    office.asked(0)
    rows = world.audit_rows("queue", ("first", "key"), "to_run IS NULL")
    assert [key for _, key in sorted(rows, reverse=True)] == ["e", "d", "c"]


def test_who_does_not_answer_waits_longer_each_time_and_is_unreachable_at_last(
    world: World,
) -> None:
    office = Office(world)
    office.people({"a": 400})
    day = 0
    for wait in (14, 28, 56):
        assert office.asked(day) == ["a"]
        office.tell("a", "no answer", day)
        office.tell("a", "no answer", day)  # twice a day is once
        assert office.asked(day) == []
        assert office.asked(day + wait - 1) == []
        day += wait
    assert office.asked(day) == ["a"]
    office.tell("a", "no answer", day)
    assert office.asked(day + 1000) == []
    (note,) = world.audit_rows("rule_figures", ("value",), last(world, "unreachable"))
    assert note == (1,)
    office.tell("a", "wrong", day + 1001)
    assert office.asked(day + 1001) == ["a"], "a word about it begins anew"


def last(world: World, figure: str) -> str:
    run = f"(SELECT max(run_id) FROM {world.audit}.runs)"
    return f"rule_id = 'recheck' AND figure = '{figure}' AND run_id = {run}"


def test_tries_of_a_number_that_stands_there_no_more_are_forgotten(world: World) -> None:
    office = Office(world)
    office.people({"a": 400})
    office.log += [[100 + i, "a", "phone", "another", "no answer", on(-i)] for i in range(9)]
    assert office.asked(0) == ["a"]


def test_who_was_never_proved_comes_on_a_day_of_its_own(world: World) -> None:
    office = Office(world, "{per_day: 100}")
    office.people({f"p{i}": None for i in range(60)})
    spread = [len(office.asked(day)) for day in (0, 91, 182, 273, 364)]
    assert spread[0] < 6
    assert spread[-1] == 60
    steps = [b - a for a, b in zip(spread, spread[1:], strict=False)]
    assert all(5 <= step <= 26 for step in steps), steps


def test_a_share_is_drawn_at_random_the_same_in_whatever_order_rows_come(world: World) -> None:
    office = Office(world, "{per_day: 5, random: 30%}")
    ago = {f"p{i}": 400 + i for i in range(40)}
    office.people(ago)
    calls = office.run(0)
    drawn = [key for key, why in calls if why.startswith("at random, due: ")]
    assert len(calls) == 5
    assert 1 <= len(drawn) <= 2
    best = sorted(ago, key=lambda k: -ago[k])[: 5 - len(drawn)]
    assert sorted(key for key, _ in calls if key not in drawn) == sorted(best)
    office.people(dict(reversed(ago.items())))
    assert office.run(0, hour=20) == calls
    for day in range(1, 4):
        calls = office.run(day)
    drawn = [key for key, why in calls if why.startswith("at random")]
    assert len(calls) == 20
    assert len(drawn) == 6, "30 in 100 of 20"


def test_without_its_queue_a_rule_asks_nobody_any_more(world: World) -> None:
    office = Office(world)
    office.people({"a": 400})
    assert office.asked(0) == ["a"]
    rules = RULES.replace("    queue: QUEUE\n", "")
    world.write({"rules/people.yml": rules})
    assert office.asked(1) == []


@pytest.mark.parametrize("seed", range(1))
def test_over_days_of_chance_none_is_asked_twice_and_no_day_is_too_long(
    world: World, seed: int
) -> None:
    """What people do with their calls is chance; the laws of the queue hold."""
    chance = random.Random(seed)
    office = Office(world, "{per_day: 3, random: 20%}")
    office.people({f"p{i}": chance.choice([None, *range(300, 800)]) for i in range(30)})
    day, open_ = 0, list[str]()
    for _ in range(8):
        for key in open_:
            if chance.random() < 0.7:
                office.tell(key, chance.choice(["ok", "no answer", "wrong"]), day)
        day += chance.choice([0, 0, 1, 5, 20])
        open_ = office.asked(day)
        assert len(set(open_)) == len(open_)
    rows = world.audit_rows("queue", ("due", "key"), "true")
    assert max(Counter(due for due, _ in rows).values()) <= 3
    assert len(rows) > 9
    assert calls_apart(world)


def calls_apart(world: World) -> bool:
    """Two rows about one record are never open at once."""
    rows: Sequence[tuple[Any, ...]] = world.audit_rows("queue", ("key", "from_run", "to_run"))
    spans: dict[str, list[tuple[str, str]]] = {}
    for key, begun, ended in rows:
        spans.setdefault(key, []).append((begun, ended or "~"))
    return all(
        a[1] <= b[0] for s in spans.values() for a, b in zip(sorted(s), sorted(s)[1:], strict=False)
    )
