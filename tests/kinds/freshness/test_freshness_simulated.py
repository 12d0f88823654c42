"""What the queue is worth: a year of a simulated town, against asking the oldest first.

Two sources fade by 4% and 0.8% a month, and nobody knows it but from the log. Each week people have
calls for as many cells as make 10% of all in a year; 6 in 100 calls get no answer. A wrong number is
replaced by a right one. The other town has the same numbers, which die on the same days, and calls
whose proof is oldest.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from runner import World

MONTH = 30.4375
RATES = {"crm": 0.04, "shop": 0.008}
START = dt.date(2026, 1, 5)
#: Of each source; calls a week; weeks.
CELLS, CALLS, WEEKS = 1820, 7, 52
SILENT = 0.06
MODELS = """
version: 1
datasets:
  - {name: crm, table: crm, key: id}
  - {name: shop, table: shop, key: id}
  - {name: people, stack: {crm: crm, shop: shop}, key: [source, id]}
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
    recheck_below: 98%
    severity: info
    proof: {from: tries, column: channel, value: value, result: result, good: ok, bad: wrong}
    queue: {per_day: 7, first: [least_sure], random: 10%}
"""
TRIES = {
    "no": "integer",
    "system": "text",
    "person": "integer",
    "channel": "text",
    "value": "text",
    "result": "text",
    "day": "date",
}
Who = tuple[str, int]


@dataclass
class Number:
    """A number of somebody: which it is, when it was proved last, and the day on which it dies."""

    which: int
    proved: int
    dies: float


class Town:
    """The truth. Each number of each person dies on a day that is the same in both towns."""

    def __init__(self, seed: int) -> None:
        self.seed, self.found = seed, 0
        self.log: list[list[Any]] = []
        chance = random.Random(seed)
        self.numbers: dict[Who, Number] = {}
        for source in RATES:
            for person in range(CELLS):
                proved = -chance.randrange(1, 730)
                self.numbers[source, person] = self._number((source, person), 0, proved)
                self._tell((source, person), 0, "ok", proved)
            for person in range(600):  # numbers of before, of which the log knows how they ended
                self._past(chance, (source, person))

    def _number(self, who: Who, which: int, day: int) -> Number:
        daily = -math.log(1 - RATES[who[0]]) / MONTH
        life = random.Random(f"{self.seed} {who} {which}").expovariate(daily)
        return Number(which, day, day + life)

    def _past(self, chance: random.Random, who: Who) -> None:
        begun = -chance.randrange(1100, 1500)
        gap = chance.randrange(20, 300)
        daily = -math.log(1 - RATES[who[0]]) / MONTH
        self._tell(who, -1, "ok", begun)
        self._tell(who, -1, "wrong" if chance.expovariate(daily) < gap else "ok", begun + gap)

    def _tell(self, who: Who, which: int, result: str, day: int) -> None:
        value, at = f"{which}", START + dt.timedelta(day)
        self.log.append([len(self.log), *who, "phone", value, result, at])

    def call(self, who: Who, day: int, chance: random.Random) -> bool:
        """Somebody is called; whether the number was wrong."""
        number = self.numbers[who]
        if chance.random() < SILENT:
            self._tell(who, number.which, "no answer", day)
            return False
        wrong = number.dies <= day
        self._tell(who, number.which, "wrong" if wrong else "ok", day)
        if wrong:
            self.found += 1
            self.numbers[who] = number = self._number(who, number.which + 1, day)
            self._tell(who, number.which, "ok", day)
        number.proved = day
        return wrong

    def deliver(self, world: World) -> None:
        for source in RATES:
            people = [[p, f"{n.which}"] for (s, p), n in self.numbers.items() if s == source]
            world.table(source, {"id": "integer", "phone": "text"}, people)
        world.table("tries", TRIES, self.log)


def oldest_first(seed: int) -> int:
    """How many wrong numbers are found by who calls whose proof is oldest."""
    town, chance = Town(seed), random.Random(seed)
    for week in range(WEEKS):
        order = sorted(town.numbers, key=lambda who: (town.numbers[who].proved, who))
        for who in order[:CALLS]:
            town.call(who, 7 * week, chance)
    return town.found


@pytest.mark.slow
def test_the_queue_finds_more_than_asking_the_oldest_first(tmp_path: Path) -> None:
    seed = 8
    town, chance = Town(seed), random.Random(seed)

    world = World("duckdb", tmp_path)
    world.write({"models/m.yml": MODELS, "rules/r.yml": RULES})
    for week in range(WEEKS):
        town.deliver(world)
        world.run(as_of=dt.datetime.combine(START + dt.timedelta(7 * week), dt.time(12)))
        open_ = [str(k) for (k,) in world.audit_rows("queue", ("key",), "to_run IS NULL")]
        assert len(set(open_)) == len(open_), "nobody is asked twice"
        for key in open_:
            source, _, person = key.partition("/")
            town.call((source, int(person)), 7 * week, chance)
    days = Counter(due for (due,) in world.audit_rows("queue", ("due",)))
    assert sum(days.values()) == CALLS * WEEKS
    assert max(days.values()) <= 2 * sum(days.values()) / len(days)
    columns = ("rate_of", "basis", "low", "high")
    rates = {r[0]: r[1:] for r in world.audit_rows("freshness_rates", columns, "to_run IS NULL")}
    for source, rate in RATES.items():
        basis, low, high = rates[source]
        assert basis == "measured"
        assert low <= rate <= high, (source, low, high)
    usual = oldest_first(seed)
    assert town.found >= 1.25 * usual, (town.found, usual)
