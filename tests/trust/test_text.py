"""One idea of equal text, of white space and of a missing token, wherever texts are compared."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from runner import ENGINES, Twin, World

from cdmq.standards.whitespace import JOINERS, SPACES, UNSEEN

TWO_WAYS = ["Ren\u00e9", "Rene\u0301"]
ZUERICH = "Zu\u0308rich"
BLANKS = ["", " ", "\t\n", "\u00a0", "\u200b", "\u3000", "\u00ad", "\u0085", "\u2060\u202f", "\x01"]


def composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def flagged(world: World) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for rule, key, *_ in world.flags():
        found.setdefault(rule, []).append(key)
    return {r: sorted(k) for r, k in found.items()}


def people(world: World, rows: list[list[Any]], rules: str, **dataset: str) -> None:
    world.table("people_src", {"id": "text", "name": "text", "city": "text"}, rows)
    more = "".join(f"    {k}: {v}\n" for k, v in dataset.items())
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - name: people\n    table: people_src\n"
            f"    key: id\n{more}",
            "rules/people.yml": f"version: 1\ndataset: people\n{rules}",
        }
    )


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


# white space ----------------------------------------------------------------------------------


def test_not_blank_sees_what_a_reader_sees(world: World) -> None:
    """Everything that is Unicode's white space, or that the standard removes, is blank."""
    listed = [
        chr(c)
        for part in (*SPACES, *UNSEEN, *JOINERS)
        for c in (range(part[0], part[1] + 1) if isinstance(part, tuple) else (part,))
    ]
    names = [*BLANKS, *listed, "".join(listed)]
    rows = [[str(n), name, "x"] for n, name in enumerate(names)]
    people(
        world,
        [*rows, ["seen", "\u00a0x\u200b", "x"]],
        "validation:\n  - {id: there, column: name, check: not_blank}\n",
    )
    world.run()
    assert set(flagged(world)["there"]) == {str(n) for n in range(len(names))}


FORMS = [
    "standardise: whitespace",
    "standardise: name",
    "standardise: casing, to: title",
    "standardise: email",
    "standardise: phone, region: city",
    "standardise: postcode",
    "standardise: date",
]


def in_all_forms(world: World) -> None:
    """The same records as a dataset for each form."""
    world.table(
        "src",
        {"id": "text", "name": "text", "city": "text"},
        [*([str(n), b, "DE"] for n, b in enumerate(BLANKS)), ["seen", "?", "DE"]],
    )
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n"
            + "".join(f"  - {{name: people_{n}, table: src, key: id}}\n" for n in range(len(FORMS)))
        }
    )
    for n, form in enumerate(FORMS):
        world.write(
            {
                f"rules/r{n}.yml": f"""
version: 1
dataset: people_{n}
defaults:
  - {{id: tidy_{n}, column: name, {form}}}
validation:
  - {{id: there_{n}, column: name, check: not_null}}
"""
            }
        )
    world.run()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_text_of_white_space_becomes_null(made_once: Twin, engine: str, form: str) -> None:
    """With or without `otherwise`; what cannot be read stays."""
    world, number = made_once(engine, in_all_forms), FORMS.index(form)
    gone = [str(n) for n in range(len(BLANKS))]
    found = flagged(world)
    assert set(found) == {f"there_{n}" for n in range(len(FORMS))}
    assert found[f"there_{number}"] == gone
    assert sorted(c[1] for c in world.changes() if c[0] == f"tidy_{number}") == gone
    shown = world.view(f"people_{number}__clean")
    assert [r["name"] for r in shown if r["id"] == "seen"] == ["?"]


# tokens ---------------------------------------------------------------------------------------


def test_a_token_is_found_before_and_after_tidying(world: World) -> None:
    """White space around it does not count; letter case does, and what tidying makes of it."""
    world.write({"seeds/codes.csv": "name,code\nnobody,n/a\n"})
    rows = [
        ["1", " n/a ", "n/a"],
        ["2", "\u00a0n/a\u200b", "N/A"],
        ["3", "N/A", "nobody"],
        ["4", "k\u00e9in", "Bern"],
        ["5", " ", "nobody"],
    ]
    people(
        world,
        rows,
        """
defaults:
  - {id: small, column: name, standardise: casing, to: lower}
  - {id: code, column: city, map: {seed: codes, from: name, to: code}}
validation:
  - {id: there, column: name, check: not_null}
  - {id: town, column: city, check: not_null}
""",
        missing_values='["", n/a, "ke\u0301in"]',
    )
    world.run()
    assert flagged(world) == {"there": ["1", "2", "3", "4", "5"], "town": ["1", "3", "5"]}
    changed = {(c[0], c[1], c[3], c[4]) for c in world.changes()}
    assert changed == {
        ("small", "3", "N/A", None),
        ("code", "3", "nobody", None),
        ("code", "5", "nobody", None),
    }


def test_a_token_made_by_tidying_takes_the_placeholder(world: World) -> None:
    people(
        world,
        [["1", "N/A", "x"]],
        """
defaults:
  - column: name
    standardise: casing
    to: lower
    otherwise: {set: unavailable, reason: unknown}
""",
        missing_values="[n/a]",
    )
    world.run()
    assert world.view("people__clean")[0]["name"] is None
    assert world.view("people__defaulted")[0]["name"] == "unavailable"


def test_a_token_is_not_borrowed(world: World) -> None:
    """Tokens of the column that is filled: the next source is asked."""
    people(
        world,
        [["1", None, "none"], ["2", None, "Bern"]],
        """
defaults:
  - {column: name, fill_from: [city, id]}
""",
        missing_values="{name: [none]}",
    )
    world.run()
    assert [r["name"] for r in world.view("people__clean")] == ["1", "Bern"]


def test_trim_takes_every_white_space(world: World) -> None:
    world.write(
        {
            "data/c.csv": "id,name,born\n1,\u00a0Anna\u3000,\u00a02020-01-02\u00a0\n2,\u200b\u00a0,x\n",
            "models/m.yml": "version: 1\ndatasets:\n  - {name: c, file: {path: data/c.csv, trim: true},"
            " key: id, columns: {born: date}}\n",
            "rules/c.yml": "version: 1\ndataset: c\nvalidation:\n"
            "  - {id: there, column: name, check: not_null}\n",
        }
    )
    world.run()
    rows = [(r["id"], r["name"], r["born"]) for r in world.view("c__clean")]
    assert rows == [("1", "Anna", "2020-01-02"), ("2", None, None)]
    assert flagged(world) == {"there": ["2"], "c.born.readable": ["2"]}
