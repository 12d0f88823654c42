"""What one person's records slip in tells twins from typing errors; a house number is nobody's."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from runner import World

COLUMNS = {
    "id": "text",
    "first": "text",
    "last": "text",
    "born": "date",
    "street": "text",
    "house": "text",
    "zip": "text",
    "town": "text",
    "insurance": "text",
}
RULES = """
version: 1
dataset: people
matching:
  - id: same
    compare: {first: name, last: name, born: date, street: address, house: exact, zip: postcode,
              town: name, insurance: exact}
    merge_above: 99%
"""
Person = tuple[object, ...]
FIRSTS = [
    "Anna",
    "Bruno",
    "Clemens",
    "Dorit",
    "Egon",
    "Fiona",
    "Gustav",
    "Hilde",
    "Ivo",
    "Jutta",
    "Konrad",
    "Ludmilla",
    "Moritz",
    "Nadja",
    "Oskar",
    "Petra",
    "Quirin",
    "Rosa",
    "Sven",
    "Theodora",
    "Ulrich",
    "Viola",
    "Wenzel",
    "Xaver",
    "Yvonne",
    "Zacharias",
]


class Town:
    """People who are in the list twice; who lives with whom is added by hand."""

    def __init__(self) -> None:
        self.draw = random.Random(11)
        self.lasts, self.streets = ([self.word(8) for _ in range(n)] for n in (300, 200))
        self.towns = [(self.digits(5), self.word(7)) for _ in range(40)]

    def word(self, n: int) -> str:
        return "".join(self.draw.choice("abcdefghiklmnorstu") for _ in range(n)).capitalize()

    def digits(self, n: int) -> str:
        return str(self.draw.randrange(10 ** (n - 1), 10**n))

    def other(self, first: str) -> str:
        """A name that is unlike and begins otherwise."""
        return FIRSTS[(FIRSTS.index(first) + 13) % len(FIRSTS)]

    def person(self, key: str) -> Person:
        born = dt.date(1930, 1, 1) + dt.timedelta(days=self.draw.randrange(25000))
        return (
            key,
            self.draw.choice(FIRSTS),
            self.draw.choice(self.lasts),
            born,
            f"{self.draw.choice(self.streets)}weg",
            str(self.draw.randrange(1, 120)),
            *self.draw.choice(self.towns),
            self.digits(9),
        )

    def again(self, one: Person, key: str, first: bool = False, number: bool = False) -> Person:
        """The same home and birth date under another first name, under another number."""
        _, name, *others, own = one
        return (
            key,
            self.other(str(name)) if first else name,
            *others,
            self.digits(9) if number else own,
        )


def _found(world: World, people: list[Person]) -> tuple[dict[str, str], set[frozenset[str]]]:
    world.table("people", COLUMNS, people)
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: people, table: people, key: id}\n",
            "rules/people.yml": RULES,
        }
    )
    world.run()
    return (
        dict(world.audit_rows("xref", ("key", "party_id"))),
        {
            frozenset(r[:2])
            for r in world.audit_rows("queue", ("key", "other", "why"))
            if r[2] == "household"
        },
    )


def _careless(town: Town) -> list[Person]:
    """Of 200 people one in ten is in the list with another name, one in ten with another number,
    and two with both: so many as there are if slips come one by one."""
    found = []
    for i in range(200):
        one = town.person(f"a{i}")
        found += [one, town.again(one, f"b{i}", first=i % 10 == 0, number=i % 100 // 10 == 3)]
    return found


BOTH = [30, 130]


def test_where_slips_explain_it_and_nobody_lives_together_it_is_one_person(world: World) -> None:
    party, asked = _found(world, _careless(Town()))
    assert [i for i in BOTH if party[f"a{i}"] != party[f"b{i}"]] == []
    assert asked == set()


def test_where_some_live_together_twins_are_asked_about(world: World) -> None:
    """The same list, and three couples: at one home, another first name, day and number."""
    town = Town()
    people = _careless(town)
    for i in (7, 21, 63):
        one = next(p for p in people if p[0] == f"a{i}")
        spouse = list(town.again(one, f"spouse{i}", first=True, number=True))
        spouse[3] = dt.date(1951, 2, 3 + i % 20)
        people.append(tuple(spouse))
    party, asked = _found(world, people)
    assert [i for i in BOTH if party[f"a{i}"] == party[f"b{i}"]] == []
    assert asked >= {frozenset((f"a{i}", f"b{i}")) for i in BOTH}
    assert all(party[f"spouse{i}"] not in (party[f"a{i}"], party[f"b{i}"]) for i in (7, 21, 63))
    same = [i for i in range(200) if i not in BOTH]
    assert [i for i in same if party[f"a{i}"] != party[f"b{i}"]] == []


def test_where_nobody_slips_so_twins_are_asked_about(world: World) -> None:
    """No name of one person is another one in this list: two that are so are twins."""
    town = Town()
    people = []
    for i in range(150):
        one = town.person(f"a{i}")
        people += [one, town.again(one, f"b{i}", number=i % 10 == 3)]
    people.append(town.again(people[0], "twin", first=True, number=True))
    party, asked = _found(world, people)
    assert party["twin"] not in (party["a0"], party["b0"])
    assert any("twin" in pair for pair in asked)
    assert all(party[f"a{i}"] == party[f"b{i}"] for i in range(150))


@pytest.mark.parametrize("house", ["17", "117 b"])
def test_a_rare_house_number_is_no_number_of_a_person(world: World, house: str) -> None:
    town = Town()
    people = [
        p for i in range(100) for p in [town.person(f"a{i}")] for p in (p, town.again(p, f"b{i}"))
    ]
    husband = [*town.person("husband")]
    husband[5], husband[-1] = house, None
    wife = list(husband)
    wife[0], wife[1], wife[3] = "wife", town.other(str(husband[1])), dt.date(1977, 8, 30)
    party, _ = _found(world, [*people, tuple(husband), tuple(wife)])
    assert party["husband"] != party["wife"]
