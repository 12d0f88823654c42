"""Standards that make values of a typed column, and the country of all as a word."""

from __future__ import annotations

from typing import Any

import pytest
from runner import World

import cdmq.api
from cdmq.problems import CdmqError

AMOUNTS = [
    "4.15",
    "$4.15",
    "1.234,50 €",
    "(12)",
    "₹3,000",
    "12.5 %",
    "1,234",
    "soon",
    "n/a",
    "",
    "0.0000000001 €",
]
DATES = ["2024-12-31", "31.12.2024", "Dec 31, 2024", "2024-12-31 10:15", "31/12/2024", "soon"]


def project(
    world: World,
    rules: str,
    columns: str,
    texts: dict[str, list[str]],
    file: str = "",
    more: str = "",
) -> None:
    names = ["id", *texts]
    rows = [",".join(f'"{c}"' for c in row) for row in zip(*texts.values(), strict=True)]
    lines = "\n".join(f"{n},{row}" for n, row in enumerate(rows))
    world.write(
        {
            "data/c.csv": f"{','.join(names)}\n{lines}\n",
            "models/m.yml": f"version: 1\ndatasets:\n  - name: c\n    key: id\n    file: {{path: "
            f"data/c.csv{file}}}\n    columns: {columns}\n{more}",
            "rules/c.yml": f"version: 1\ndataset: c\n{rules}",
        }
    )


def read(world: World, column: str) -> dict[int, Any]:
    found = {int(r["id"]): r[column] for r in world.view("c__clean")}
    return dict(sorted(found.items()))


def test_amounts_as_they_are_written_become_decimals(world: World) -> None:
    project(
        world,
        """
defaults:
  - {id: plain, column: amount, standardise: number}
validation:
  - {id: positive, column: amount, check: accepted_range, min: 0}
""",
        "{amount: decimal}",
        {"amount": AMOUNTS},
        more='    missing_values: ["", n/a]\n',
    )
    world.run()
    values = ["4.15", "4.15", "1234.5", "-12", None, "0.125", None, None, None, None, None]
    assert list(read(world, "amount").values()) == values
    assert {(f[0], f[1], f[3]) for f in world.flags()} == {
        ("positive", "3", "-12"),
        ("c.amount.readable", "4", "₹3,000"),
        ("c.amount.readable", "6", "1,234"),
        ("c.amount.readable", "7", "soon"),
        ("c.amount.readable", "10", "0.0000000001 €"),
    }
    changes = {(c[1], c[3], c[4]) for c in world.changes()}
    assert changes == {
        ("1", "$4.15", "4.15"),
        ("2", "1.234,50 €", "1234.5"),
        ("3", "(12)", "-12"),
        ("5", "12.5 %", "0.125"),
    }
    result = world.results()["c.amount.readable"]
    assert (result["judged"], result["failing"]) == (9, 4)


def test_the_decimal_of_the_file_decides(world: World) -> None:
    project(
        world,
        "defaults:\n  - {id: plain, column: amount, standardise: number}\n",
        "{amount: decimal, whole: integer, rate: double}",
        {
            "amount": ["1,234 €", "1.234"],
            "whole": ["3.000 St", "3.000,5 €"],
            "rate": ["1", "1e400"],
        },
        ', decimal: ","',
    )
    rules = (world.root / "rules/c.yml").read_text("utf-8")
    world.write(
        {
            "rules/c.yml": rules + "  - {column: whole, standardise: number}\n"
            "  - {column: rate, standardise: number}\n"
        }
    )
    world.run()
    assert read(world, "amount") == {0: "1.234", 1: "1234"}
    assert read(world, "whole") == {0: None, 1: None}
    assert {(f[0], f[1]) for f in world.flags()} == {
        ("c.whole.readable", "0"),
        ("c.whole.readable", "1"),
        ("c.rate.readable", "1"),
    }


def test_two_ways_to_read_a_cell_are_refused(world: World) -> None:
    project(
        world,
        'defaults:\n  - {id: plain, column: amount, standardise: number, decimal: ","}\n',
        "{amount: decimal}",
        {"amount": ["1"]},
    )
    with pytest.raises(CdmqError, match=r'CDMQ344 .*write in file: decimal: ","'):
        world.run()


def test_mixed_days_become_dates(world: World) -> None:
    project(
        world,
        """
defaults:
  - {id: days, column: born, standardise: date}
validation:
  - {id: past, column: born, check: accepted_range, max: as_of}
""",
        "{born: date}",
        {"born": DATES},
    )
    world.run()
    assert list(read(world, "born").values()) == ["2024-12-31"] * 4 + [None, None]
    assert {(f[0], f[1]) for f in world.flags()} == {
        ("c.born.readable", "4"),
        ("c.born.readable", "5"),
    }


def test_the_dates_of_the_file_say_the_order(world: World) -> None:
    project(
        world,
        "defaults:\n  - {id: days, column: born, standardise: date}\n",
        "{born: date}",
        {"born": ["31/12/2024", "3-4-2024"]},
        ", dates: DD/MM/YYYY",
    )
    world.run()
    assert list(read(world, "born").values()) == ["2024-12-31", "2024-04-03"]


def test_what_is_borrowed_does_not_hide_what_cannot_be_read(world: World) -> None:
    project(
        world,
        """
defaults:
  - {id: plain, column: amount, standardise: number}
  - {id: other, column: amount, fill_from: spare, after: plain}
""",
        "{amount: decimal, spare: decimal}",
        {"amount": ["soon", "$5", ""], "spare": ["7", "8", "9"]},
    )
    world.run()
    assert read(world, "amount") == {0: "7", 1: "5", 2: "9"}
    assert [(f[0], f[1]) for f in world.flags()] == [("c.amount.readable", "0")]


def test_a_standard_that_makes_no_value_of_the_type_is_refused(world: World) -> None:
    project(
        world,
        "defaults:\n  - {id: x, column: amount, standardise: date}\n",
        "{amount: decimal}",
        {"amount": ["1"]},
    )
    with pytest.raises(CdmqError, match="CDMQ217"):
        cdmq.api.compile(world.root)


def test_a_unit_test_reads_cells_in_the_same_way(world: World) -> None:
    from cdmq.unit_tests.tests import unit_test

    project(
        world,
        "defaults:\n  - {id: plain, column: amount, standardise: number}\n",
        "{amount: decimal}",
        {"amount": ["1"]},
    )
    world.write(
        {
            "unit_tests/t.yml": """
version: 1
unit_tests:
  - name: dollars
    rule: plain
    given: {c: [{id: "1", amount: "$4.15"}, {id: "2", amount: "5"}]}
    expect: {changes: [{key: "1", old: "$4.15", new: "4.15"}]}
"""
        }
    )
    assert [t.status for t in unit_test(world.root).results] == ["pass"]


# the country of all ---------------------------------------------------------------------------


def test_the_country_of_all_rows(world: World) -> None:
    world.table(
        "c_src",
        {"id": "integer", "phone": "text", "code": "text", "AT": "text"},
        [[1, "089 12345678", "1067", "DE"], [2, "030 1234567", "D-80331", "DE"]],
    )
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets: [{name: c, table: c_src, key: id}]\n",
            "rules/c.yml": """
version: 1
dataset: c
defaults:
  - {id: phones, column: phone, standardise: phone, region: DE}
  - {id: codes, column: code, standardise: postcode, region: AT}
""",
        }
    )
    world.run()
    assert read(world, "phone") == {1: "+498912345678", 2: "+49301234567"}
    assert read(world, "code") == {1: "1067", 2: "80331"}  # the column AT goes first: it says DE


@pytest.mark.parametrize(
    ("word", "said"),
    [("XX", "nor is it a country"), ("de", "did you mean 'DE'"), ("countri", "did you mean")],
)
def test_a_country_that_is_none(world: World, word: str, said: str) -> None:
    world.table("c_src", {"id": "integer", "phone": "text", "country": "text"}, [[1, "1", "DE"]])
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets: [{name: c, table: c_src, key: id}]\n",
            "rules/c.yml": "version: 1\ndataset: c\ndefaults:\n  - {column: phone, "
            f"standardise: phone, region: {word}}}\n",
        }
    )
    with pytest.raises(CdmqError, match=said):
        cdmq.api.compile(world.root)
