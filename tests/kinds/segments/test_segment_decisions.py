"""What people decided: who is not the same does not refuse for another; who objects is out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from kinds.segments import campaign as c
from kinds.segments.oracle import Event
from runner import AS_OF, World

from cdmq.runs.exporting import Asked, export

PEOPLE = "- {login: ann, roles: [steward], standing: 2}\n"
DAY = dt.date(2026, 1, 1)
SEGMENT = """
version: 1
dataset: people_golden
segments:
  - id: news
    members: "true"
    permission: {from: consents, purpose: news, channel: email, value: address, status: status,
                 at: at, proof: proof}
"""


def decided(type_: str, *keys: str, hour: int = 8, **words: str) -> str:
    more = "".join(f", {k}: {v}" for k, v in words.items())
    return (
        f"- {{type: {type_}, keys: [{', '.join(keys)}], by: ann, at: '2026-10-01T{hour:02}:00:00', "
        f"reason: seen{more}}}\n"
    )


def members(world: World, *decisions: str) -> dict[str, Any]:
    """What becomes of the people a and d, of b who may be a, and of c."""
    c.write(world)
    files = {"rules/s.yml": SEGMENT, "people.yml": PEOPLE}
    world.write(files | {"decisions/d.yml": "".join(decisions)})
    said = {"a": "t1", "b": "t2", "c": None, "d": None}
    codes = {"a": "1", "b": "1", "c": "2", "d": "3"}
    people = [
        c.Customer(k, codes[k], tax, None, f"{k}@x.org", None, 20, DAY) for k, tax in said.items()
    ]
    events = [Event(k, f"{k}@x.org", "no" if k == "b" else "yes", DAY, "form") for k in said]
    c.Campaign(people, events).deliver(world)
    world.run()
    now = "to_run IS NULL AND rule_id = 'same'"
    of = {p: k for k, p in world.audit_rows("xref", ["key", "party_id"], now)}
    rows = world.audit_rows("segment_members", ["key", "part", "more"], "to_run IS NULL")
    return {of[key]: more or part for key, part, more in rows}


MAYBE = "a record that may be the same said no on 2026-01-01"


def test_a_question_that_is_answered_is_none(world: World) -> None:
    others = {"b": "said no on 2026-01-01", "c": "contact", "d": "contact"}
    assert members(world) == {"a": MAYBE, **others}
    assert members(world, decided("unsure", "a", "b", rule="same")) == {"a": MAYBE, **others}
    apart = members(world, decided("not_same", "a", "b", hour=9, rule="same"))
    assert apart == {"a": "contact", **others}


def test_who_objects_is_written_to_by_none(world: World) -> None:
    objects = decided("object", "c", dataset="people")
    found = members(world, decided("not_same", "a", "b", rule="same"), objects)
    assert found == {"a": "contact", "b": "said no on 2026-01-01", "c": "said no", "d": "contact"}
    rows = export(Asked("news", "w", False, AS_OF), world.root).rows
    assert {row[1] for row in rows} == {"a@x.org", "d@x.org"}
    more = decided("restrict", "a")
    found = members(world, decided("not_same", "a", "b", rule="same"), objects, more)
    assert found["a"] == "said no"
    recalled = export(Asked("news", "w", True, AS_OF), world.root).rows
    assert [(row[1], row[-1]) for row in recalled] == [("a@x.org", "no permission: said no")]
