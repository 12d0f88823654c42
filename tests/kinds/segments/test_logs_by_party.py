"""Logs that name golden records by their ids: what was said under an id of before still counts."""

from __future__ import annotations

from typing import Any

from kinds.segments import campaign as c
from runner import World

MODELS = """
version: 1
datasets:
  - {name: people, table: people_src, key: id, changed_at: changed}
  - {name: people_golden}
  - {name: consents, table: consents_src, key: no, refers_to: {people_golden: person}}
  - {name: gone, table: gone_src, key: person, refers_to: {people_golden: person}}
"""
SEGMENT = """
version: 1
dataset: people_golden
segments:
  - id: news
    members: "true"
    permission: {from: consents, purpose: news, channel: email, value: address, status: status,
                 at: at, proof: proof}
    never: [gone]
"""


def deliver(world: World, **codes: str) -> dict[str, str]:
    """The codes of records; who has the same is one. Gives the party of each record."""
    world.write({"models/m.yml": MODELS, "rules/p.yml": c.PEOPLE, "rules/s.yml": SEGMENT})
    people = [[i, code, None, None, "m@x.org", None, 20, c.LAST] for i, code in codes.items()]
    world.table("people_src", c.COLUMNS, people)
    world.run()
    now = "to_run IS NULL AND rule_id = 'same'"
    return {k: p for k, p in world.audit_rows("xref", ["key", "party_id"], now)}


def say(world: World, *said: tuple[str, str], gone: tuple[str, ...] = ()) -> None:
    log: list[list[Any]] = [
        [n, party, "news", "email", "m@x.org", what, c.LAST, "form"]
        for n, (party, what) in enumerate(said)
    ]
    world.table("consents_src", c.LOG, log)
    world.table("gone_src", {"person": "text"}, [[g] for g in gone])


def members(world: World) -> dict[str, Any]:
    rows = world.audit_rows("segment_members", ["key", "part", "because"], "to_run IS NULL")
    return {key: because or part for key, part, because in rows}


def test_what_a_merged_party_said_counts(world: World) -> None:
    say(world)
    was = deliver(world, a="1", b="2", c="3", d="4")
    say(world, (was["a"], "yes"), (was["b"], "no"), (was["c"], "yes"), (was["d"], "yes"))
    now = deliver(world, a="1", b="1", c="3", d="3")
    assert len(set(now.values())) == 2
    assert members(world) == {now["a"]: "no permission", now["c"]: "contact"}


def test_what_a_party_said_before_it_split_is_a_no_of_both_and_a_yes_of_none(world: World) -> None:
    say(world)
    was = deliver(world, a="1", b="1", c="2", d="2", e="3", f="3")
    said = [(was["a"], "yes"), (was["c"], "no"), (was["e"], "yes")]
    say(world, *said, gone=(was["e"],))
    now = deliver(world, a="1", b="x", c="2", d="y", e="3", f="z")
    found = members(world)
    assert {found[now[k]] for k in "abcd"} == {"no permission"}
    say(world, *said, (now["b"], "yes"), (now["f"], "yes"), gone=(was["e"],))
    world.run()
    found = members(world)
    assert found[now["b"]] == ("contact" if now["b"] != was["a"] else "no permission")
    assert found[now["f"]] == "suppressed" or now["f"] == was["e"]
