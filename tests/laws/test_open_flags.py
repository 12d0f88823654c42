"""Whatever the edits and the runs between them: what is open is what a fresh run finds."""

from __future__ import annotations

import random
from typing import Any

import pytest
from laws.small import PEOPLE, RULES, small
from runner import World


def random_people(chance: random.Random) -> list[list[Any]]:
    emails = ["anna@b.de", "b@c.de", "broken", None, "n/a"]
    countries = ["Deutschland", "DE", "XX", None]
    return [
        [chance.choice([i, i, i, None, 1]), chance.choice(emails), chance.choice(countries),
         chance.choice([-1, 30, 200, None]), chance.choice([True, False, None])]
        for i in range(chance.randint(0, 7))
    ]


def edited(rows: list[list[Any]], chance: random.Random) -> list[list[Any]]:
    """Some rows gone, some new, some cells changed, one row doubled."""
    new = random_people(chance)
    rows = [r for r in rows if chance.random() > 0.2]
    for row in rows:
        if new and chance.random() < 0.4:
            at = chance.randrange(1, len(PEOPLE))
            row[at] = chance.choice(new)[at]
    rows += [list(r) for r in new if chance.random() < 0.3]
    if rows and chance.random() < 0.3:
        rows.append(list(chance.choice(rows)))
    chance.shuffle(rows)
    return rows


RULE_EDITS = ["max: 120", "max: 250", "max: 120\n    severity: warn", "max: 20"]


def truth(world: World) -> list[Any]:
    """What is open, by the ids and values; and the views that are split by it."""
    views = [world.view(f"people__{v}") for v in ("clean", "defaulted", "flagged", "passed")]
    return [world.flags(), world.changes(), *views]


@pytest.mark.parametrize("seed", [1, 2])
def test_open_is_what_a_fresh_run_finds(seed: int, world: World, make_world: Any) -> None:
    sequence(world, make_world, seed, steps=5)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 20))
def test_open_is_what_a_fresh_run_finds_at_length(
    seed: int, world: World, make_world: Any
) -> None:
    sequence(world, make_world, seed, steps=12)


def sequence(world: World, make_world: Any, seed: int, steps: int) -> None:
    chance = random.Random(seed)
    small(world)
    rows, rules = random_people(chance), RULES
    for _ in range(steps):
        if chance.random() < 0.3:
            rules = RULES.replace("max: 120", chance.choice(RULE_EDITS))
        world.write({"rules/people.yml": rules})
        world.table("people_src", PEOPLE, rows)
        if chance.random() < 0.3:
            world.run(select="age_range")  # the rest stays as it was, until the next run
        world.run()
        rows = edited(rows, chance)
    world.table("people_src", PEOPLE, rows)
    last = world.run()
    fresh = small(make_world(world.engine))
    fresh.write({"rules/people.yml": rules})
    fresh.table("people_src", PEOPLE, rows)
    fresh.run()
    assert truth(world) == truth(fresh)
    assert world.results() == fresh.results()
    again = world.run()
    assert again.opened == again.closed == {"flags": 0, "changes": 0}, last
