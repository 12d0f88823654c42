"""The members of segments, held against an oracle in plain Python."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from kinds.segments import campaign as c
from kinds.segments.oracle import members, permitted
from runner import World


@pytest.mark.parametrize("seed", [1, 2])
def test_members_are_those_of_the_oracle(world: World, seed: int) -> None:
    """After a first delivery and a second in which parties merge and split."""
    rng = random.Random(seed)
    c.write(world)
    given = c.drawn(rng, 120)
    seen: Counter[str] = Counter()
    for _ in range(2):
        given.deliver(world)
        assert world.run().exit_code in (0, 1)
        wanted = members(given.project(world))
        assert c.found(world) == wanted
        seen.update(because or part for part, because in wanted.values())
        given = c.changed(rng, given)
    assert seen["contact"] > 3
    assert {"no permission", "suppressed", "minor", "age unknown", "one per household"} <= set(seen)


def test_the_order_of_rows_moves_nobody(world: World) -> None:
    rng = random.Random(7)
    c.write(world)
    given = c.drawn(rng, 60)
    given.deliver(world)
    world.run()
    before = c.found(world)
    given.deliver(world, random.Random(8))
    again = world.run()
    assert c.found(world) == before
    assert again.opened.get("segment_members", 0) == again.closed.get("segment_members", 0) == 0


def test_the_waterfall_counts_everybody_once(world: World) -> None:
    rng = random.Random(3)
    c.write(world)
    given = c.drawn(rng, 80)
    given.deliver(world)
    world.run()
    rows = world.audit_rows("rule_figures", ["figure", "value"], "rule_id = 'news'")
    figures = {name: int(value) for name, value in rows}
    wanted = members(given.project(world))
    counts = Counter(because or part for part, because in wanted.values())
    assert {n: figures[n] for n in counts} == counts
    assert figures["eligible"] == sum(counts.values()) - counts["comparison"]


def test_a_standing_no_of_whoever_it_may_be_keeps_out(world: World) -> None:
    rng = random.Random(5)
    c.write(world)
    given = c.drawn(rng, 100)
    given.deliver(world)
    world.run()
    told = given.project(world)
    by_key = {p.key: p for p in told.people}
    inside = [k for k, (part, _) in c.found(world).items() if part != "out"]
    assert inside
    assert told.asked
    assert all(permitted(told, by_key[k]) for k in inside)


def test_selected_alone_it_brings_along_what_it_reads(world: World) -> None:
    """The rule that says who is one household is not selected, and was never run."""
    c.write(world)
    given = c.drawn(random.Random(9), 40)
    given.deliver(world)
    result = world.run(select="news")
    assert {"household", "news", "same"} <= {r.rule.id for r in result.results}
    assert c.found(world) == members(given.project(world))
