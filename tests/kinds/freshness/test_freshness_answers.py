"""What people decide about values is proof: verified, wrong, unreachable."""

from __future__ import annotations

import datetime as dt
from typing import Any

import yaml
from runner import World

MODELS = """
version: 1
datasets:
  - {name: people, table: people, key: id, verified_at: {phone: phone_at}}
"""
RULES = """
version: 1
dataset: people
freshness:
  - id: recheck
    columns: [phone, email]
    fades: {phone: 2% per month}
    recheck_after: {otherwise: 12 months}
    severity: warn
    queue: {per_day: 10}
"""
PEOPLE = {"id": "text", "phone": "text", "email": "text", "phone_at": "timestamp"}
STEWARDS = "- {login: ann, name: Ann, roles: [steward]}\n- {login: bot, kind: agent}\n"
DAY = dt.datetime(2026, 6, 1, 12)


class Desk:
    """Somebody who decides, and whom a rule asks."""

    def __init__(self, world: World, rules: str = RULES, zone: str = "UTC") -> None:
        self.world, self.said = world, list[dict[str, Any]]()
        project = f"name: world\nprofile: world\ntime_zone: {zone}\n"
        world.write({"models/m.yml": MODELS, "rules/r.yml": rules, "people.yml": STEWARDS})
        world.write({"cdmq_project.yml": project})

    def people(self, *rows: list[Any]) -> None:
        self.world.table("people", PEOPLE, rows)

    def decide(self, type_: str, key: str, day: float, **words: str) -> None:
        at = (DAY + dt.timedelta(day)).isoformat()
        about = {"rule": "recheck", "keys": key, "by": "ann", "at": at, "reason": "a call"}
        self.said.append({"type": type_, **about, **words})
        self.world.write({"decisions/d.yml": yaml.safe_dump(self.said)})

    def run(self, day: float) -> dict[tuple[str, str], tuple[str | None, str | None, str | None]]:
        self.world.run(as_of=DAY + dt.timedelta(day))
        return {
            (r["key"], r["column_name"]): (
                r["proof"] and r["proof"][:10],
                r["proved_by"],
                r["result"],
            )
            for r in self.world.view("recheck__cells")
        }

    def asked(self) -> dict[str, str]:
        return dict(self.world.audit_rows("queue", ("key", "why"), "to_run IS NULL"))


NEVER = (None, None, None)


def test_an_answer_proves_the_value_that_stood_there(world: World) -> None:
    desk = Desk(world)
    desk.people(["a", "1", "m", None], ["b", "2", None, dt.datetime(2025, 1, 1)])
    assert desk.run(0)["a", "phone"] == NEVER
    assert desk.asked() == {"b": "due: phone"}
    desk.decide("verified", "b", 0.1, column="phone")
    desk.decide("verified", "a", 0.1, column="Phone", old="1")
    desk.decide("verified", "a", 0.1, column="email", old="another")
    found = desk.run(1)
    assert found["b", "phone"] == ("2026-06-01", "decisions", "good")
    assert found["a", "phone"] == ("2026-06-01", "decisions", "good")
    assert found["a", "email"] == NEVER
    assert desk.asked() == {}
    desk.people(["a", "1", "m", None], ["b", "3", None, None])
    assert desk.run(2)["b", "phone"] == NEVER, "another value was not meant"


def test_a_wrong_value_is_flagged_until_what_is_right_stands_there(world: World) -> None:
    desk = Desk(world)
    desk.people(["a", "1", None, dt.datetime(2026, 5, 1)])
    desk.run(0)
    desk.decide("wrong", "a", 0.1, column="phone", new="9")
    assert desk.run(0.2)["a", "phone"] == ("2026-06-01", "decisions", "bad")
    assert [(f[0], f[1], f[2], f[3]) for f in world.flags()] == [("recheck", "a", "phone", "1")]
    assert desk.asked() == {"a": "due: phone"}
    desk.people(["a", "9", None, dt.datetime(2026, 5, 1)])
    assert desk.run(0.3)["a", "phone"] == ("2026-06-01", "decisions", "good")
    assert world.flags() == []
    assert desk.asked() == {}


def test_who_may_not_decide_proves_nothing(world: World) -> None:
    desk = Desk(world)
    desk.people(["a", "1", None, None])
    desk.decide("verified", "a", -1, column="phone", by="bot")
    desk.decide("verified", "a", 5, column="phone")
    assert desk.run(0)["a", "phone"] == NEVER
    assert desk.run(6)["a", "phone"] == ("2026-06-06", "decisions", "good")


def test_the_day_of_an_answer_is_that_of_the_projects_clocks(world: World) -> None:
    desk = Desk(world, zone="Europe/Berlin")
    desk.people(["a", "1", None, None])
    desk.decide("verified", "a", -0.5, column="phone")  # midnight of June, by these clocks
    assert desk.run(0)["a", "phone"] == ("2026-06-01", "decisions", "good")


def test_who_is_unreachable_is_asked_later(world: World) -> None:
    desk = Desk(world)
    desk.people(["a", "1", None, dt.datetime(2025, 1, 1)])
    desk.run(0)
    assert desk.asked() == {"a": "due: phone"}
    desk.decide("unreachable", "a", 0.1)
    desk.run(0.2)
    assert desk.asked() == {}
    desk.run(13)
    assert desk.asked() == {}
    desk.run(14)
    assert desk.asked() == {"a": "due: phone"}
    desk.decide("verified", "a", 14, column="phone")
    desk.run(15)
    (row,) = world.view("recheck__records")
    assert (row["tries"], row["ask"]) == (0, None)


SURVEY = """
version: 1
dataset: people
freshness:
  - {id: recheck, unchanged_for: 12 months, queue: {per_day: 10}}
"""


def test_an_answer_ends_a_survey(world: World) -> None:
    desk = Desk(world, SURVEY)
    desk.people(["a", "1", "m", None])
    world.run(as_of=DAY)
    world.run(as_of=DAY + dt.timedelta(365))
    assert desk.asked() == {"a": "nothing changed for long"}
    desk.decide("unreachable", "a", 365)
    world.run(as_of=DAY + dt.timedelta(366))
    assert desk.asked() == {}
    world.run(as_of=DAY + dt.timedelta(379))
    assert desk.asked() == {"a": "nothing changed for long"}
    desk.decide("verified", "a", 379, column="phone")
    world.run(as_of=DAY + dt.timedelta(380))
    assert desk.asked() == {}
    world.run(as_of=DAY + dt.timedelta(380 + 365))
    assert desk.asked() == {"a": "nothing changed for long"}
