"""One idea of white space and of a missing token, wherever texts are compared."""

from __future__ import annotations

import pytest
from runner import ENGINES, Twin, World
from texts import BLANKS, flagged, people

from cdmq.standards.whitespace import JOINERS, SPACES, UNSEEN


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
