"""Waves outlive the parties that were in them: who was one with somebody then, rests and is held out
today."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from kinds.segments import campaign as c
from kinds.segments.oracle import Event
from runner import AS_OF, World

from cdmq.runs.exporting import Asked, export

DAY = dt.date(2026, 1, 1)
SEGMENT = """
version: 1
dataset: DATASET
segments:
  - id: news
    members: "true"
    permission: {from: consents, purpose: news, channel: email, value: address, status: status,
                 at: at, proof: proof}
    rest: 14 days
"""


def person(id_: str, code: str) -> c.Customer:
    return c.Customer(id_, code, None, None, f"{code[0]}@x.org", None, 20, DAY)


def deliver(world: World, **codes: str) -> None:
    """The codes of records; who has the same is one. All of one first letter share an address."""
    people = [person(id_, code) for id_, code in codes.items()]
    events = [Event(p.id, p.email, "yes", DAY, "form") for p in people]
    c.Campaign(people, events).deliver(world)
    world.run()


def begin(world: World, dataset: str = "people_golden") -> None:
    c.write(world)
    world.write({"rules/s.yml": SEGMENT.replace("DATASET", dataset)})


def parts(world: World, dataset: str = "people_golden") -> dict[tuple[str, ...], Any]:
    """What becomes of each, by the records that it has."""
    xref = world.audit_rows("xref", ["key", "party_id"], "to_run IS NULL AND rule_id = 'same'")
    of: dict[str, list[str]] = {}
    for key, party in xref:
        of.setdefault(party if dataset == "people_golden" else key, []).append(key)
    rows = world.audit_rows("segment_members", ["key", "part", "because"], "to_run IS NULL")
    return {tuple(sorted(of[key])): because or part for key, part, because in rows}


def recalled(world: World) -> list[str]:
    return sorted(row[-1] for row in export(Asked("news", "w", True, AS_OF), world.root).rows)


def test_both_halves_of_a_party_that_split_rest(world: World) -> None:
    begin(world)
    deliver(world, a="m1", b="m1", c="n1")
    assert parts(world) == {("a", "b"): "contact", ("c",): "contact"}
    export(Asked("news", "w", False, AS_OF), world.root)
    deliver(world, a="m1", b="m2", c="n1", d="o1")
    assert parts(world) == {("a",): "rest", ("b",): "rest", ("c",): "rest", ("d",): "contact"}
    assert recalled(world) == ["split into several"]


def test_who_is_merged_with_somebody_of_a_wave_rests(world: World) -> None:
    begin(world)
    deliver(world, a="m1", b="m2")
    world.write(
        {
            "rules/s.yml": SEGMENT.replace('"true"', "code = 'm1'").replace(
                "DATASET", "people_golden"
            )
        }
    )
    world.run()
    export(Asked("news", "w", False, AS_OF), world.root)
    deliver(world, a="m2", b="m2")
    world.write({"rules/s.yml": SEGMENT.replace("DATASET", "people_golden")})
    world.run()
    assert parts(world) == {("a", "b"): "rest"}
    assert recalled(world) == []
    assert world.run(as_of=AS_OF + dt.timedelta(days=14)).exit_code == 0
    assert parts(world) == {("a", "b"): "contact"}


def test_who_is_gone_is_recalled(world: World) -> None:
    begin(world)
    deliver(world, a="m1", b="n1")
    export(Asked("news", "w", False, AS_OF), world.root)
    deliver(world, b="n1")
    assert recalled(world) == ["no longer there"]


@pytest.mark.parametrize("first", ["people", "people_golden"])
def test_a_wave_reaches_a_person_by_records_or_as_a_party(world: World, first: str) -> None:
    """What a segment of records wrote to rests in one of parties, and the other way round."""
    second = ({"people", "people_golden"} - {first}).pop()
    begin(world, first)
    deliver(world, a="m1", b="m1")
    found = export(Asked("news", "w", False, AS_OF), world.root)
    assert len(found.rows) == (2 if first == "people" else 1)
    other = SEGMENT.replace("id: news", "id: offers").replace("DATASET", second)
    world.write({"rules/o.yml": other})
    world.run()
    where = "to_run IS NULL AND rule_id = 'offers'"
    rows = world.audit_rows("segment_members", ["because"], where)
    assert set(rows) == {("rest",)}
    if first == "people":
        assert recalled(world) == []


def test_segments_of_other_people_rest_nobody(world: World) -> None:
    begin(world, "people")
    models = c.MODELS.replace("dataset: people", "").rstrip()
    world.write({"models/m.yml": f"{models}\n  - {{name: firms, table: people_src, key: id}}\n"})
    world.write(
        {
            "rules/f.yml": "version: 1\ndataset: firms\nsegments:\n"
            '  - {id: letters, members: "true", permission: tax}\n'
        }
    )
    deliver(world, a="m1")
    world.sql("UPDATE people_src SET tax = 'yes'")
    world.run()
    assert len(export(Asked("letters", "w", False, AS_OF), world.root).rows) == 1
    world.run()
    rows = world.audit_rows("segment_members", ["rule_id", "part"], "to_run IS NULL")
    assert ("news", "contact") in rows
