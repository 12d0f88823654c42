"""Rules of relationships over whole projects: ends and their parties, dates, roles, odd deliveries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from runner import AS_OF, Twin, World

COLUMNS = {"source": "text", "nr": "text", "email": "text", "type": "text"}
CUSTOMERS = [
    ["crm", "1", "a", "company"],
    ["shop", "9", "a", "company"],
    ["crm", "2", "b", "company"],
    ["crm", "3", "c", "person"],
    ["crm", "4", "d", None],
]
LINKS = dict.fromkeys(("id", "from_id", "to_id", "type", "start", "end"), "text")
MODELS = """
version: 1
datasets:
  - {name: customers, table: customers_src, key: [source, nr]}
  - {name: party_links, table: links_src, key: id}
"""
MATCHED = "version: 1\ndataset: customers\nmatching: [{id: same, same_if: [[email]]}]\n"
RULES = """
version: 1
dataset: customers
relationships:
  - id: owns
    links: party_links
    types:
      parent_of: {from: company, to: company, loops: refused}
      pays_for: {to_at_most: 1, from_at_most: 2}
      works_at: {from: person, dated: true}
      supplies: {}
"""


def begin(world: World, rules: str = RULES) -> None:
    world.write({"models/m.yml": MODELS, "rules/m.yml": MATCHED, "rules/r.yml": rules})
    world.table("customers_src", COLUMNS, CUSTOMERS)
    deliver(world, [])


def deliver(world: World, links: list[str]) -> None:
    """`A 1 2 parent_of 2020-01-01 2021-01-01`, - for NULL; dates may be left out."""
    rows = []
    for text in links:
        row = [None if cell == "-" else cell for cell in text.split(" ")]
        rows.append([*row, None, None][:6])
    world.table("links_src", LINKS, rows)


def flags(world: World) -> list[tuple[Any, ...]]:
    columns = ("key", "column_name", "value", "state")
    return world.audit_rows("flags", columns, "rule_id = 'owns' AND to_run IS NULL")


def parties(world: World) -> dict[str, str]:
    rows = world.audit_rows("xref", ("key", "party_id"), "to_run IS NULL")
    return {str(key): str(party) for key, party in rows}


def links(world: World) -> list[tuple[Any, ...]]:
    """With the first record of each party in its place."""
    first: dict[str, str] = {}
    for key, party in sorted(parties(world).items()):
        first.setdefault(party, key)
    shown = ("from_party", "to_party", "type", "starts", "ends", "depth", "root")
    rows = world.audit_rows("links", shown, "to_run IS NULL")
    return sorted(
        tuple(first.get(v, v) if i in (0, 1, 6) else v for i, v in enumerate(row)) for row in rows
    )


def ran(twin: Twin, *rows: str, rules: str = RULES) -> World:
    world = twin(begin, rules)
    deliver(world, list(rows))
    world.run()
    return world


def test_no_links_at_all(twin: Twin) -> None:
    world = ran(twin)
    assert (flags(world), links(world)) == ([], [])
    assert world.results()["owns"]["status"] in ("pass", "no_data")


def test_an_end_is_a_key_a_part_of_it_or_a_party(twin: Twin) -> None:
    world = ran(twin, "A crm/1 crm/2 supplies", "B 1 3 supplies")
    party = parties(world)["crm/2"]
    deliver(world, ["A crm/1 2 supplies", "B shop/9 3 supplies", f"C {party} crm/4 supplies"])
    world.run()
    assert flags(world) == []
    assert [(a, b) for a, b, *_ in links(world)] == [
        ("crm/1", "crm/2"),
        ("crm/1", "crm/3"),
        ("crm/2", "crm/4"),
    ]


def test_ends_that_are_nobody(twin: Twin) -> None:
    world = ran(twin, "A 8 2 supplies", "B 1 - supplies", "C crm 2 supplies", "D - - supplies")
    assert flags(world) == [
        ("A", "from_id", "8: nobody", "failed"),
        ("B", "to_id", "no party", "failed"),
        ("C", "from_id", "crm: one of 4 parties", "failed"),
        ("D", "from_id", "no party", "failed"),
        ("D", "to_id", "no party", "failed"),
    ]
    assert links(world) == []


def test_a_person_in_two_roles_is_no_fault(twin: Twin) -> None:
    world = ran(
        twin,
        *(
            "A 3 1 works_at 2020-01-01",
            "B 3 1 supplies",
            "C 3 2 works_at 2020-01-01",
            "D 1 3 supplies",
        ),
    )
    assert flags(world) == []
    assert len(links(world)) == 4


def test_types_that_are_none(twin: Twin) -> None:
    world = ran(twin, "A 1 2 -", "B 1 2 Parent_of")
    assert flags(world) == [
        ("A", "type", "no type", "failed"),
        ("B", "type", "Parent_of: unknown type", "failed"),
    ]


def test_sorts(twin: Twin) -> None:
    """Wrong ones are not followed; where nobody says which it is, it could not be judged."""
    world = ran(twin, "A 1 3 parent_of", "B 1 4 parent_of", "C 4 2 works_at 2020-01-01")
    assert flags(world) == [
        ("A", "to_id", "3: person, not company", "failed"),
        ("B", "to_id", "4: of no known sort", "could_not_judge"),
        ("C", "from_id", "4: of no known sort", "could_not_judge"),
    ]
    assert [(a, b) for a, b, *_ in links(world)] == [("crm/1", "crm/4"), ("crm/4", "crm/2")]
    result = world.results()["owns"]
    assert (result["tested"], result["judged"], result["could_not_judge"]) == (3, 1, 2)


def test_dates(twin: Twin) -> None:
    world = ran(
        twin,
        "A 1 2 works_at",
        "B 3 2 works_at",
        "C 1 2 supplies soon",
        "D 1 3 supplies 2020-01-01 31.12.2020",
        "E 1 4 supplies 2021-01-01 2020-01-01",
        "F 2 4 supplies 2021-01-01 2021-01-01",
    )
    assert flags(world) == [
        ("A", "from_id", "1: company, not person", "failed"),
        ("A", "start", "no start", "failed"),
        ("B", "start", "no start", "failed"),
        ("C", "start", "soon", "could_not_judge"),
        ("D", "end", "31.12.2020", "could_not_judge"),
        ("E", "start, end", "starts 2021-01-01, ends 2020-01-01", "failed"),
    ]
    assert [(a, b) for a, b, *_ in links(world)] == [("crm/2", "crm/4"), ("crm/3", "crm/2")]


def test_overlaps_are_of_the_same_ends(twin: Twin) -> None:
    """Half-open: one that begins on the day that another ends is none. Links of two records that
    are one party are one link."""
    world = ran(
        twin,
        "A 1 2 supplies 2020-01-01 2021-01-01",
        "B 1 2 supplies 2021-01-01 2022-01-01",
        "C 1 2 supplies 2021-12-31",
        "D 9 2 supplies 2020-06-01 2023-01-01",
        "E 1 2 pays_for 2020-06-01",
        "F 1 3 supplies",
        "G 9 3 supplies",
    )
    assert flags(world) == [("C", "from_id, to_id, start, end", "overlaps B", "failed")]
    assert [row[:5] for row in links(world)] == [
        ("crm/1", "crm/2", "pays_for", "2020-06-01 00:00:00", None),
        ("crm/1", "crm/2", "supplies", "2020-01-01 00:00:00", None),
        ("crm/1", "crm/3", "supplies", None, None),
    ]
    (message,) = world.audit_rows("rule_results", ["message"], "rule_id = 'owns'")
    assert "2 fell together with others as parties are one" in str(message)


def test_as_many_as_may_be_at_a_time(twin: Twin) -> None:
    """Parties are counted, at a time: one that is linked twice counts once."""
    world = ran(
        twin,
        "A 1 2 pays_for 2020-01-01 2021-01-01",
        "B 9 2 pays_for 2020-02-01 2021-02-01",
        "C 3 2 pays_for 2021-02-01",
        "D 4 2 pays_for 2021-06-01",
        "E 3 1 pays_for 2021-06-01",
        "F 3 4 pays_for 2021-07-01",
    )
    party = parties(world)
    two = ", ".join(sorted([party["crm/1"], party["crm/2"]]))
    assert flags(world) == [
        ("D", "to_id, type", f"at most 1 at a time: beside {party['crm/3']}", "failed"),
        ("F", "from_id, type", f"at most 2 at a time: beside {two}", "failed"),
    ]


def test_loops_through_parties(twin: Twin) -> None:
    """The loop goes through two records that are one. One flag, on the youngest of its links."""
    world = ran(
        twin,
        "A 1 2 parent_of 2020-01-01",
        "B 2 9 parent_of 2019-01-01",
        "C 2 1 supplies",
        "D 9 1 parent_of",
    )
    party = parties(world)
    one, two = sorted([party["crm/1"], party["crm/2"]])
    said = f"a loop of 2 links: {one} -> {two} -> {one}"
    assert flags(world) == [("A", "from_id, to_id", said, "failed")]
    (message,) = world.audit_rows("rule_results", ["message"], "rule_id = 'owns'")
    assert "1 of a party to itself left out" in str(message)


def test_of_links_of_one_day_the_last_by_its_key(twin: Twin) -> None:
    for first, second in (("1", "2"), ("2", "1")):
        world = ran(twin, f"A {first} {second} parent_of", f"B {second} {first} parent_of")
        assert [(f[0], f[1]) for f in flags(world)] == [("B", "from_id, to_id")]


def test_a_long_loop_is_shortened(twin: Twin) -> None:
    world = twin(begin, RULES.replace("{from: company, to: company, loops", "{loops"))
    world.write({"rules/m.yml": ""})
    world.table(
        "customers_src", COLUMNS, [["crm", f"{i:02}", str(i), "company"] for i in range(20)]
    )
    deliver(world, [f"L{i:02} {i:02} {(i + 1) % 20:02} parent_of" for i in range(20)])
    world.run()
    ((key, _, said, _),) = flags(world)
    path = " -> ".join(f"crm/{i:02}" for i in range(7))
    assert (key, said) == ("L19", f"a loop of 20 links: {path} -> ... -> crm/19 -> crm/00")


def test_parties_that_merge_and_part(twin: Twin) -> None:
    """What it comes to later is what it would be at once."""
    rows = ["A 1 3 supplies", "B 2 3 supplies", "C 1 2 supplies"]
    world = ran(twin, *rows)
    assert len(links(world)) == 3
    together = [[s, n, "a" if n == "2" else e, t] for s, n, e, t in CUSTOMERS]
    for customers, left in ((together, 1), (CUSTOMERS, 3)):
        world.table("customers_src", COLUMNS, customers)
        world.run(as_of=AS_OF + timedelta(days=left))
        assert len(links(world)) == left
    closed = world.audit_rows("links", ["closed_because"], "to_run IS NOT NULL")
    assert {why for (why,) in closed} <= {"gone", "changed"}
    assert flags(world) == []


def test_the_id_of_a_party_that_ended_leads_on(twin: Twin) -> None:
    world = ran(twin, "A 1 3 supplies")
    ids = parties(world)
    together = [[s, n, "a" if n == "2" else e, t] for s, n, e, t in CUSTOMERS]
    world.table("customers_src", COLUMNS, together)
    deliver(world, [f"A {ids['crm/2']} 3 supplies", f"B {ids['crm/1']} crm/4 supplies"])
    for words in ({}, {"select": ["owns"]}):
        world.run(**words)
        assert flags(world) == []
        assert {(a, b) for a, b, *_ in links(world)} == {("crm/1", "crm/3"), ("crm/1", "crm/4")}


def test_a_selection_reads_the_parties_of_the_last_run(twin: Twin) -> None:
    world = ran(twin, "A 1 2 supplies", "B 9 3 supplies")
    before = links(world)
    result = world.run(select=["owns"])
    assert result.exit_code == 0
    assert links(world) == before
