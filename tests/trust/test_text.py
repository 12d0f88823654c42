"""One idea of equal text, wherever texts are compared."""

from __future__ import annotations

import pytest
from runner import World
from texts import TWO_WAYS, ZUERICH, composed, flagged, people


def test_checks_compare_composed_text(world: World) -> None:
    """The same letters written in two ways are the same to every check; keys stay as they are."""
    world.table("towns_src", {"town": "text"}, [["Z\u00fcrich"]])
    people(
        world,
        [["k\u00e9", TWO_WAYS[0], "Z\u00fcrich"], ["ke\u0301", TWO_WAYS[1], ZUERICH]],
        """
validation:
  - {id: once, column: name, check: unique}
  - {id: pair, check: unique_combination_of_columns, columns: [name, city]}
  - {id: listed, column: city, check: accepted_values, values: ["Z\u00fcrich", "Bern"]}
  - {id: listed_apart, column: city, check: accepted_values, values: ["Zu\u0308rich"]}
  - {id: town, column: city, check: relationships, to: towns, field: town}
  - {id: short, column: name, check: string_length, max: 4}
  - {id: form, column: name, check: regex, pattern: '^....$'}
  - {id: said, check: expression, must: "city = 'Z\u00fcrich' and length(name) = 4"}
  - {id: said_apart, check: expression, must: "city in ('Zu\u0308rich') and name like 'Ren_'"}
  - {id: where_said, column: name, check: string_length, min: 9, where: "city = 'Z\u00fcrich'"}
""",
    )
    models = (world.root / "models/m.yml").read_text("utf-8")
    world.write({"models/m.yml": models + "  - {name: towns, table: towns_src, key: town}\n"})
    world.run()
    both = ["ke\u0301", "k\u00e9"]
    assert flagged(world) == {"once": both, "pair": both, "where_said": both, "people.key": both}
    values = {(r, v) for r, _, _, v, *_ in world.flags() if r == "once"}
    assert values == {("once", TWO_WAYS[0]), ("once", TWO_WAYS[1])}  # as they stand


def test_signs_that_are_composed_to_ascii(world: World) -> None:
    """The signs of Kelvin and of the Greek question mark: the only ones, see the next test."""
    people(
        world,
        [["1", "\u212a", "\u037e"]],
        """
validation:
  - {id: listed, column: name, check: accepted_values, values: [K, X]}
  - {id: said, check: expression, must: "city = ';' and name = 'K' and name in ('K', 'X')"}
""",
    )
    world.run()
    assert flagged(world) == {}


def test_only_three_signs_of_ascii_are_composed_from_others() -> None:
    from cdmq.sql.equality import decides

    found = {composed(chr(c)) for c in range(128, 0x110000) if composed(chr(c)).isascii()}
    assert found == {"K", ";", "`"}
    assert not any(decides(sign) for sign in found)
    assert decides("status")


def test_defaults_compare_and_compose(world: World) -> None:
    """A code map finds both ways of writing; a standard leaves one."""
    world.write({"seeds/towns.csv": f"name,code\n{ZUERICH},ZRH\nBern,BRN\n"})
    people(
        world,
        [["1", TWO_WAYS[0], "Z\u00fcrich"], ["2", TWO_WAYS[1], ZUERICH]],
        """
defaults:
  - {id: code, column: city, map: {seed: towns, from: name, to: code}}
  - {id: tidy, column: name, standardise: whitespace}
""",
    )
    world.run()
    rows = [(r["id"], r["name"], r["city"]) for r in world.view("people__clean")]
    assert rows == [("1", TWO_WAYS[0], "ZRH"), ("2", TWO_WAYS[0], "ZRH")]
    assert [c[1] for c in world.changes() if c[0] == "tidy"] == ["2"]


@pytest.mark.parametrize("form", ["{standardise: name}", "{standardise: casing, to: upper}"])
def test_every_standard_of_words_composes(world: World, form: str) -> None:
    people(
        world,
        [["1", TWO_WAYS[1], "e\u200b\u0301"]],
        f"""
defaults:
  - {{column: name, {form[1:-1]}}}
  - {{column: city, standardise: whitespace}}
""",
    )
    world.run()
    row = world.view("people__clean")[0]
    assert row["name"] == composed(row["name"])
    assert row["city"] == "\u00e9"


def test_borrowing_finds_a_key_written_in_another_way(world: World) -> None:
    world.table("towns_src", {"town": "text", "mayor": "text"}, [["Z\u00fcrich", "Corine"]])
    people(
        world,
        [["1", None, ZUERICH]],
        """
defaults:
  - {column: name, fill_from: towns.mayor}
""",
        refers_to="{towns: city}",
    )
    models = (world.root / "models/m.yml").read_text("utf-8")
    world.write({"models/m.yml": models + "  - {name: towns, table: towns_src, key: town}\n"})
    world.run()
    assert world.view("people__clean")[0]["name"] == "Corine"


PARTIES = """
matching:
  - {id: same, same_if: [[name]], never_if_differs: [city]}
golden:
  - {id: best, from: same, into: persons, pick: [most_common, longest]}
"""


def test_parties_compare_composed_text(world: World) -> None:
    """Equal and present is the same person; to differ is to differ for a reader."""
    people(
        world,
        [
            ["1", TWO_WAYS[0], ZUERICH],
            ["2", TWO_WAYS[1], "Z\u00fcrich"],
            ["3", "\u00a0", "Bern"],
            ["4", "\u00a0", "Bern"],
        ],
        PARTIES,
    )
    world.run()
    found = {r["key"]: r["party_id"] for r in world.view("same__xref") if r["to_run"] is None}
    assert found["1"] == found["2"]
    assert len(set(found.values())) == 3  # of which nothing can be seen names nobody


def test_the_most_common_value_is_counted_composed(world: World) -> None:
    people(
        world,
        [["1", "x", "Bern"], ["2", "x", "Z\u00fcrich"], ["3", "x", ZUERICH]],
        PARTIES.replace(", never_if_differs: [city]", ""),
    )
    world.run()
    assert composed(world.view("persons")[0]["city"]) == "Z\u00fcrich"


def test_facts_find_a_customer_written_in_another_way(world: World) -> None:
    world.table(
        "orders_src",
        {"no": "integer", "who": "text", "day": "date"},
        [[1, "ke\u0301", "2026-10-01"]],
    )
    people(
        world,
        [["k\u00e9", "x", "Bern"]],
        """
tiering:
  - id: level
    measures: {n: {from: orders, count: rows, if_none: 0}}
    levels: [{some: "n > 0"}, {none: otherwise}]
""",
    )
    models = (world.root / "models/m.yml").read_text("utf-8")
    world.write(
        {
            "models/m.yml": models + "  - {name: orders, table: orders_src, key: no, "
            "happened_at: day, refers_to: {people: who}}\n"
        }
    )
    world.run()
    assert world.audit_rows("tier_history", ("level",)) == [("some",)], world.results()
