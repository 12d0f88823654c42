"""How many lines may be broken before a delivery is held back."""

from __future__ import annotations

import pytest
from lines_of_a_file import GOOD, bad_lines, given, people
from runner import Twin, World


def test_above_bad_lines_at_most_all_stays_as_it_was(world: World) -> None:
    given(world, [*GOOD, "1,A,no address"])
    world.write(
        {
            "models/loud.sql": "select id from {{ ref('people') }}",
            "rules/loud.yml": "version: 1\ndataset: loud\nvalidation:\n"
            "  - {column: id, checks: [not_null]}\n",
            "models/other.yml": "version: 1\ndatasets:\n  - {name: loud, key: id}\n"
            "  - {name: other, file: data/other.csv, key: id}\n",
            "data/other.csv": "id\n1\n",
        }
    )
    world.run()
    before = world.flags()
    world.write({"data/other.csv": "id\n1\n2\n"})
    given(world, [*GOOD[:300], "1,A", "2,B", "3,C", "4,D"])  # 4 of 304 are more than 1%
    for words in ({}, {"select": "people.email.email"}, {"select": "loud"}):
        found = world.run(**words)
        assert (found.exit_code, found.failed) == (1, {}), words
        assert world.results()["people.lines"]["status"] == "fail", words
        told = {r.rule.id: r.message for r in found.results}
        assert told["people.lines"] == (
            "4 of 304 lines cannot be read (line 302: 2 values in place of 3), and "
            "bad_lines_at_most allows 1%: people and all that stands on it stay as they were"
        )
        if words != {"select": "loud"}:
            assert told["people.email.email"] == "held back: people.lines does not pass"
        assert [f for f in world.flags() if f[0] != "people.lines"] == before
        assert len(people(world)) == len(world.view("loud")) == 401
    assert told["loud.id.not_null"] == "it reads people, which is held back"
    assert len(world.view("other")) == 2  # what does not need it goes on
    assert bad_lines(world) == [
        f"line {n} (2 values in place of 3): {t}"
        for n, t in ((302, "1,A"), (303, "2,B"), (304, "3,C"), (305, "4,D"))
    ]
    given(world, [*GOOD, "1,A,a@example.com"])
    assert world.run().exit_code == 0
    assert world.flags() == []


def test_the_limit_speaks_with_the_severity_of_the_rule(make_world: object) -> None:
    world = make_world("duckdb")  # type: ignore[operator]
    given(world, GOOD)
    world.write(
        {
            "rules/lines.yml": "version: 1\ndataset: people\nvalidation:\n"
            "  - {check: lines, severity: warn}\n"
        }
    )
    world.run()
    given(world, [*GOOD[:9], "1,A"])
    assert world.run().exit_code == 0
    assert world.results()["people.lines"]["status"] == "warn"
    assert len(people(world)) == 400


def test_a_bad_line_that_may_be_is_not_told_where_nobody_asked(world: World) -> None:
    given(world, [*GOOD, "1,A"])
    assert world.run(select="people.email.email").exit_code == 0
    assert world.results()["people.lines"]["status"] == "skipped"
    assert bad_lines(world) == []
    assert world.run().exit_code == 1
    assert len(bad_lines(world)) == 1


SHARES = {
    "1%": True,
    "4": True,
    "3": False,
    "0": False,
    "0.5%": False,
    "0.99%": False,
    "0.9901%": True,
}


def with_shares(world: World) -> None:
    """One file, read by a dataset for each share."""
    given(world, [*GOOD, "1,A", "2,B", "3,C", "4,D"])
    world.write(
        {
            "rules/r.yml": "",
            "models/m.yml": "version: 1\ndatasets:\n"
            + "".join(
                f"  - {{name: people_{n}, file: {{path: data/people.csv, bad_lines_at_most: '{most}'}}, "
                "key: id}\n"
                for n, most in enumerate(SHARES)
            ),
        }
    )
    world.run()


@pytest.mark.parametrize("most", SHARES)
def test_the_share_that_may_be_unreadable(made_once: Twin, most: str) -> None:
    there = f"people_{[*SHARES].index(most)}" in made_once("duckdb", with_shares).relations()
    assert there is SHARES[most]
