"""Who lives together is not one person, however rare households are in the list."""

from __future__ import annotations

import datetime as dt
import random

from runner import World

COLUMNS = {
    "id": "text",
    "first": "text",
    "last": "text",
    "born": "date",
    "email": "text",
    "phone": "text",
    "street": "text",
    "zip": "text",
    "town": "text",
    "firm": "text",
}
RULES = """
version: 1
dataset: people
matching:
  - id: same
    compare: {last: name, first: name, born: date, email: email, phone: phone, street: address,
              zip: postcode, town: name, firm: company}
    merge_above: 99%
    review_above: 80%
"""
DAY = dt.date(1960, 5, 17)
HOME = ("+4930123456", "Nordwall 12", "73301", "Ulmstadt")
PEOPLE: list[tuple[object, ...]] = [
    ("mark", "Mark", "Scottman", DAY, "m@home.example", *HOME, None),
    ("lisa", "Lisa", "Scottman", dt.date(1979, 9, 9), "m@home.example", *HOME, None),
    ("emma", "Emma", "Torrton", DAY, "e.t@x.example", "+4930222222", "Ostring 9", *HOME[2:], None),
    (
        "emily",
        "Emily",
        "Torrton",
        DAY,
        "emily77@y.example",
        "+4930222222",
        "Ostring 9",
        *HOME[2:],
        None,
    ),
    (
        "senior",
        "Richard",
        "Bakerson",
        DAY,
        "rb@x.example",
        "+4930333333",
        "Westend 4",
        *HOME[2:],
        None,
    ),
    (
        "junior",
        "Richard",
        "Bakerson",
        dt.date(1987, 5, 17),
        "junior@y.example",
        "+4930333333",
        "Westend 4",
        *HOME[2:],
        None,
    ),
    ("susan", "Susan", "Hillman", DAY, "s@x.example", "+4930444444", "Seeweg 63", *HOME[2:], None),
    ("typo", "Susn", "Hillman", DAY, None, "+4930444444", "Seeweg 63", *HOME[2:], None),
    ("bride", "Nora", "Altdorf", DAY, "nora@x.example", "+4930555555", "Hof 3", *HOME[2:], None),
    ("wife", "Nora", "Neuberg", DAY, "nora@x.example", "+4930555555", "Hof 3", *HOME[2:], None),
    (
        "holding",
        None,
        None,
        None,
        "info@traut.example",
        "+4930666666",
        "Werk 1",
        *HOME[2:],
        "Trautwein Holding GmbH",
    ),
    (
        "estate",
        None,
        None,
        None,
        "info@traut.example",
        "+4930666666",
        "Werk 1",
        *HOME[2:],
        "Trautwein Immobilien GmbH",
    ),
    (
        "estate2",
        None,
        None,
        None,
        "info@traut.example",
        "+4930666666",
        "Werk 1",
        *HOME[2:],
        "Trautwein Immobillien",
    ),
]


def _many() -> list[tuple[object, ...]]:
    """People who are in the list twice, once with a typing error; no two of them live together."""
    rnd = random.Random(7)
    letters = "abcdefghiklmnorstu"

    def word(n: int) -> str:
        return "".join(rnd.choice(letters) for _ in range(n)).capitalize()

    firsts, lasts = [word(6) for _ in range(80)], [word(8) for _ in range(300)]
    towns = [(str(rnd.randrange(10000, 99999)), word(7)) for _ in range(40)]
    found: list[tuple[object, ...]] = []
    for i in range(300):
        first, last = rnd.choice(firsts), rnd.choice(lasts)
        born = dt.date(1940, 1, 1) + dt.timedelta(days=rnd.randrange(25000))
        phone = f"+49{rnd.randrange(10**9, 10**10)}"
        street = f"{word(7)}weg {rnd.randrange(1, 99)}"
        town = rnd.choice(towns)
        firm = f"{word(8)} {word(6)}" if i % 10 == 0 else None
        mail = f"{first}.{last}{i}@x.example".lower()
        found.append((f"a{i}", first, last, born, mail, phone, street, *town, firm))
        if i % 2:
            found.append(
                (
                    f"b{i}",
                    first[:2] + first[3:],
                    last,
                    born,
                    None if i % 3 else mail,
                    phone,
                    street,
                    *town,
                    firm,
                )
            )
    return found


def test_members_of_a_household_are_asked_about(world: World) -> None:
    world.table("people", COLUMNS, [*PEOPLE, *_many()])
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: people, table: people, key: id}\n",
            "rules/people.yml": RULES,
        }
    )
    world.run()
    party = dict(world.audit_rows("xref", ("key", "party_id")))
    asked = {
        frozenset(r[:2])
        for r in world.audit_rows("queue", ("key", "other", "why"))
        if r[2] == "household"
    }
    for a, b in (("mark", "lisa"), ("emma", "emily"), ("senior", "junior")):
        assert party[a] != party[b]
        assert frozenset((a, b)) in asked
    for a, b in (("susan", "typo"), ("bride", "wife"), ("estate", "estate2")):
        assert party[a] == party[b]
    assert party["holding"] != party["estate"]
    twice = [i for i in range(300) if i % 2]
    assert sum(party[f"a{i}"] == party[f"b{i}"] for i in twice) >= 0.99 * len(twice)
