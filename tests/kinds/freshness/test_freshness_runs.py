"""Rules of freshness in whole runs, against plain Python: what proves a value, when it is due."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from kinds.freshness.oracle import Oracle, Person, Spec, Told, Try
from runner import World

MODELS = """
version: 1
datasets:
  - name: people
    table: people
    key: id
    pii: {email: mask}
    verified_at: {email: email_at}
    CHANGED
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
    columns: [email, phone]
    fades: {email: 4% per month, phone: 0.8% per month}
    recheck_after: {class.core: 3 months, otherwise: 12 months}
    recheck_below: 80%
    severity: warn
    proof: {from: tries, column: channel, value: value, result: result, good: ok, bad: bounced}
"""
SPEC = Spec({"email": 0.04, "phone": 0.008}, {"core": 3, "ordinary": 12}, 0.8)
PEOPLE = {
    "id": "text",
    "email": "text",
    "phone": "text",
    "email_at": "date",
    "changed": "date",
}
TRIES = {
    "no": "integer",
    "person": "text",
    "channel": "text",
    "value": "text",
    "result": "text",
    "day": "date",
}
FIRST = dt.datetime(2026, 3, 31, 12)


class Town:
    """People whose values change between runs, and a log of who tried what."""

    def __init__(self, seed: int, dated: bool) -> None:
        self.random, self.dated = random.Random(seed), dated
        self.as_of = FIRST
        core = [Try(f"p{i}", "core", None, "", dt.date(2026, 1, 1)) for i in (2, 5, 8)]
        self.people = [self._person(i) for i in range(12)]
        self.log: list[Try] = [*core, *(self._try() for _ in range(60))]

    def _day(self) -> dt.date | None:
        odd = [None, dt.date(1970, 1, 1), self.as_of.date() + dt.timedelta(3)]
        usual = self.as_of.date() - dt.timedelta(self.random.randrange(500))
        return self.random.choice([*odd, *[usual] * 17])

    def _value(self, column: str) -> str | None:
        return self.random.choice([f"{column}{i}" for i in range(3)] * 4 + ["", None, "  "])

    def _person(self, i: int) -> Person:
        level = "core" if i in (2, 5, 8) else "ordinary"
        values = {c: self._value(c) for c in ("email", "phone")}
        changed = self._day() if self.dated else None
        return Person(f"p{i}", level, values, {"email": self._day()}, changed)

    def _try(self) -> Try:
        column = self.random.choice(["email", "phone", "phone", "fax"])
        result = self.random.choice(["ok", "ok", "ok", "bounced", "no answer"])
        person = f"p{self.random.randrange(14)}"
        return Try(person, column, self._value(column), result, self._day())

    def move(self) -> None:
        """Some months go by."""
        self.as_of += dt.timedelta(self.random.randrange(1, 90))
        for i, person in enumerate(self.people):
            values, verified = dict(person.values), dict(person.verified)
            changed = person.changed_at
            for column in values:
                if self.random.random() < 0.3:
                    values[column] = self._value(column)
                    changed = self._day() if self.dated else None
            if self.random.random() < 0.2:
                verified["email"] = self._day()
            self.people[i] = replace(person, values=values, verified=verified, changed_at=changed)
        self.log += [self._try() for _ in range(15)]

    def there(self) -> list[Person]:
        """Not all are delivered each time, and one of them twice."""
        found = [p for p in self.people if self.random.random() > 0.1]
        return [*found, *self.random.sample(found, 1)]


def deliver(world: World, people: Sequence[Person], log: Sequence[Try]) -> None:
    rows: list[list[Any]] = [
        [p.key, p.values["email"], p.values["phone"], p.verified["email"], p.changed_at]
        for p in people
    ]
    world.table("people", PEOPLE, rows)
    tries = [[i, t.key, t.column, t.value, t.result, t.day] for i, t in enumerate(log)]
    world.table("tries", TRIES, tries)


def write(world: World, dated: bool, rules: str = RULES) -> None:
    models = MODELS.replace("CHANGED", "changed_at: changed" if dated else "")
    world.write({"models/m.yml": models, "rules/people.yml": rules})


def found(world: World) -> dict[tuple[str, str], Told]:
    """The cells as they are published, with the types of the oracle."""
    return {
        (row[0], row[1]): (row[2], row[3] and row[3].date(), *row[4:])
        for row in world.sql(
            "SELECT key, column_name, since, proof, proved_by, result, confidence, due "
            "FROM recheck__cells"
        )
    }


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("dated", [True, False])
def test_each_run_says_what_plain_python_says(world: World, seed: int, dated: bool) -> None:
    town, oracle = Town(seed, dated), Oracle(SPEC)
    write(world, dated)
    for _ in range(4):
        people = town.there()
        deliver(world, people, town.log)
        world.run(as_of=town.as_of)
        said = oracle.run(people, town.log, town.as_of)
        assert found(world) == said
        assert records(world) == least(people, said, town.as_of)
        assert {(f[1], f[2]) for f in world.flags() if f[0] == "recheck"} == {
            about for about, told in said.items() if told[3] == "bad"
        }
        town.move()


def records(world: World) -> dict[str, tuple[Any, ...]]:
    rows = world.sql("SELECT key, confidence, due, ask FROM recheck__records")
    return {r[0]: tuple(r[1:]) for r in rows}


def least(
    people: Sequence[Person], said: dict[tuple[str, str], Told], as_of: dt.datetime
) -> dict[str, tuple[Any, ...]]:
    """Of each record its least sure value, and the columns that are due."""
    keys = [p.key for p in people]
    told: dict[str, tuple[Any, ...]] = {}
    for key in keys:
        if keys.count(key) > 1:
            continue
        cells = {c: said[key, c] for c in ("email", "phone") if (key, c) in said}
        sure = [t[4] for t in cells.values()]
        confidence = 0 if any(t[3] == "bad" for t in cells.values()) else None
        if confidence is None and sure and None not in sure:
            confidence = min(s for s in sure if s is not None)
        days = {c: t[5] for c, t in cells.items() if t[5] is not None}
        due = [c for c, day in days.items() if day <= as_of.date()]
        told[key] = (confidence, min(days.values(), default=None), ", ".join(due) or None)
    return told


def test_the_order_of_rows_says_nothing_and_a_second_run_moves_nothing(world: World) -> None:
    town = Town(7, True)
    write(world, True)
    deliver(world, town.people, town.log)
    world.run(as_of=town.as_of)
    before = found(world)
    deliver(world, town.people[::-1], town.log[::-1])
    result = world.run(as_of=town.as_of)
    assert found(world) == before
    moved = [n for n in (*result.opened.items(), *result.closed.items()) if n[1]]
    assert moved == []


def test_a_month_later_nothing_is_written_but_all_is_less_sure(world: World) -> None:
    """What drifts with time alone is no news."""
    town = Town(3, False)
    write(world, False)
    deliver(world, town.people, town.log)
    world.run(as_of=town.as_of)
    before = found(world)
    later = town.as_of + dt.timedelta(2)
    log = [t for t in town.log if t.day is None or t.day <= town.as_of.date()]
    deliver(world, town.people, log)
    world.run(as_of=later)
    after = found(world)
    assert world.audit_rows("freshness_cells", ("key",), "to_run IS NOT NULL") == []
    good = [about for about, told in before.items() if told[3] == "good"]
    assert good
    assert all(after[about][4] < before[about][4] for about in good)


def test_another_rule_reads_how_sure_the_least_value_is(world: World) -> None:
    town = Town(5, True)
    more = 'validation: [{id: sure, check: expression, must: "recheck >= 0.8", severity: warn}]\n'
    write(world, True, RULES + more)
    deliver(world, town.people, town.log)
    world.run(as_of=town.as_of)
    wanted = {k for k, r in records(world).items() if r[0] is not None and r[0] < 0.8}
    assert wanted
    assert {f[1] for f in world.flags() if f[0] == "sure"} == wanted


UNCHANGED = """
version: 1
dataset: people
freshness:
  - {id: survey, unchanged_for: 12 months}
"""


def test_a_record_in_which_nothing_changed_for_long_is_due_as_a_whole(world: World) -> None:
    def whole() -> dict[str, tuple[Any, ...]]:
        rows = world.sql("SELECT key, since, due, whole FROM survey__records")
        return {r[0]: tuple(r[1:]) for r in rows}

    people = [
        Person("old", "", {"email": "a", "phone": "1"}, {"email": None}, dt.date(2025, 2, 28)),
        Person("new", "", {"email": "a", "phone": "1"}, {"email": None}, dt.date(2025, 6, 30)),
    ]
    write(world, True, UNCHANGED)
    deliver(world, people, [])
    world.run(as_of=FIRST)
    old, new = dt.datetime(2025, 2, 28), dt.datetime(2025, 6, 30)
    assert whole() == {
        "old": (old, dt.date(2026, 2, 28), True),
        "new": (new, dt.date(2026, 6, 30), False),
    }
    assert world.results()["survey"]["status"] == "pass"
    # A column that says when is no change of the record; one that says what is.
    people[0] = replace(people[0], changed_at=dt.date(2026, 4, 1))
    people[1] = replace(people[1], values={"email": "b", "phone": "1"}, changed_at=None)
    deliver(world, people, [])
    later = dt.datetime(2026, 7, 1, 12)
    world.run(as_of=later)
    assert whole() == {
        "old": (old, dt.date(2026, 2, 28), True),
        "new": (later, dt.date(2027, 7, 1), False),
    }
