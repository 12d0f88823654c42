"""Whatever the edits and the runs between them: what is open is what a fresh run finds."""

from __future__ import annotations

import random
from typing import Any

import pytest
from laws.small import MODELS, ORDER_COLUMNS, ORDERED, ORDERS, PEOPLE, RULES, SEED
from runner import World


def random_people(chance: random.Random) -> list[list[Any]]:
    emails = ["anna@b.de", "b@c.de", "broken", None, "n/a"]
    countries = ["Deutschland", "DE", "XX", None]
    return [
        [
            chance.choice([i, i, i, None, 1]),
            chance.choice(emails),
            chance.choice(countries),
            chance.choice([-1, 30, 200, None]),
            chance.choice([True, False, None]),
        ]
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


class Side:
    """A dataset with orders and rules of its own, of which a seed draws what happens to it."""

    def __init__(self, seed: int) -> None:
        self.seed, self.chance = seed, random.Random(seed)
        self.rows, self.rules = random_people(self.chance), RULES
        self.age = self.named("age_range")

    def named(self, text: str) -> str:
        for word in ("people", "orders", "age_range", "country_code", "two_or_more"):
            text = text.replace(word, f"{word}_{self.seed}")
        return text

    def write(self, world: World) -> None:
        texts = {
            "models/people.yml": MODELS,
            "rules/people.yml": self.rules,
            "rules/orders.yml": ORDERS,
        }
        world.write(
            {
                "seeds/countries.csv": SEED,
                **{self.named(path): self.named(text) for path, text in texts.items()},
            }
        )
        world.table(self.named("people_src"), PEOPLE, self.rows)
        world.table(self.named("orders_src"), ORDER_COLUMNS, ORDERED)

    def truth(self, world: World) -> list[Any]:
        """The views that are split by what is open."""
        return [
            world.view(self.named(f"people__{v}"))
            for v in ("clean", "defaulted", "flagged", "passed")
        ]


def truth(world: World, sides: list[Side]) -> list[Any]:
    """What is open, by the ids and values; and the views that are split by it."""
    return [world.flags(), world.changes(), *(side.truth(world) for side in sides)]


def test_open_is_what_a_fresh_run_finds(world: World, make_world: Any) -> None:
    sequence(world, make_world, [1, 2], steps=5)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 20))
def test_open_is_what_a_fresh_run_finds_at_length(seed: int, world: World, make_world: Any) -> None:
    sequence(world, make_world, [seed], steps=12)


def sequence(world: World, make_world: Any, seeds: list[int], steps: int) -> None:
    sides = [Side(seed) for seed in seeds]
    for _ in range(steps):
        alone = []
        for side in sides:
            if side.chance.random() < 0.3:
                side.rules = RULES.replace("max: 120", side.chance.choice(RULE_EDITS))
            side.write(world)
            if side.chance.random() < 0.3:
                alone.append(side.age)
        if alone:
            world.run(select=" ".join(alone))  # the rest stays as it was, until the next run
        world.run()
        for side in sides:
            side.rows = edited(side.rows, side.chance)
    fresh = make_world(world.engine)
    for side in sides:
        side.write(world)
        side.write(fresh)
    last = world.run()
    fresh.run()
    assert truth(world, sides) == truth(fresh, sides)
    assert world.results() == fresh.results()
    again = world.run()
    assert again.opened == again.closed == {"flags": 0, "changes": 0}, last
