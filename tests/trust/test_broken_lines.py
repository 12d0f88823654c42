"""A line that cannot be read is a flag with its number; the rest of the file is judged."""

from __future__ import annotations

from pathlib import Path

import pytest
from lines_of_a_file import DATASET, GOOD, RULES, bad_lines, given, people
from runner import ENGINES, Twin, World

ENDS = ["\n", "\r\n", "\r"]


def with_ends(world: World) -> None:
    """A dataset for each way in which lines end."""
    lines = [
        '1,"A name over\ntwo lines",one@example.com',  # lines 2 and 3
        "2,Bo",  # 4: too few
        "3,Weiler, Anna,three@example.com",  # 5: too many
        '4,"Anna,four@example.com',  # 6: not closed
        "5,Eve,no address",  # 7: read, and judged
        '6,"Max" Moritz,six@example.com',  # 8: text behind a quote
        '7,"say ""hi""",seven@example.com',
        '8,a 5" pipe,eight@example.com',  # a quote inside of a plain value
        "9,Nine,nine@example.com,,",  # 11: nothing beyond the header
        "id,name,email",  # 12: the header again
        *GOOD,
    ]
    datasets = []
    for n, end in enumerate(ENDS):
        given(world, [line.replace("\n", end) for line in lines], end=end)
        (world.root / "data/people.csv").rename(world.root / f"data/people_{n}.csv")
        datasets.append(
            f"  - {{name: people_{n}, file: {{path: data/people_{n}.csv, "
            "bad_lines_at_most: 5}, key: id}\n"
        )
        world.write({f"rules/r{n}.yml": RULES.replace("people", f"people_{n}")})
    world.write({"models/m.yml": "version: 1\ndatasets:\n" + "".join(datasets), "rules/r.yml": ""})
    assert world.run().exit_code == 1


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("engine", ENGINES)
def test_each_broken_line_is_a_flag_and_the_rest_is_judged(
    made_once: Twin, engine: str, end: str
) -> None:
    world, name = made_once(engine, with_ends), f"people_{ENDS.index(end)}"
    assert bad_lines(world, name=name) == sorted(
        [
            "line 4 (2 values in place of 3): 2,Bo",
            "line 5 (4 values in place of 3): 3,Weiler, Anna,three@example.com",
            'line 6 (a quote is not closed, or text stands behind it): 4,"Anna,four@example.com',
            'line 8 (a quote is not closed, or text stands behind it): 6,"Max" Moritz,six@example.com',
            "line 12 (the header stands here again): id,name,email",
        ]
    )
    assert people(world, name) == sorted([*"15789", *(str(n) for n in range(10, 410))])
    result = world.results()[f"{name}.lines"]
    assert (result["status"], result["tested"], result["failing"]) == ("fail", 410, 5)
    assert [f[1:4] for f in world.flags() if f[0] == f"{name}.email.email"] == [
        ("5", "email", "no address")
    ]
    assert world.sql(f"SELECT name FROM {name} WHERE id = '1'") == [(f"A name over{end}two lines",)]
    assert world.sql(f"SELECT name FROM {name} WHERE id = '7'") == [('say "hi"',)]
    assert world.sql(f"SELECT email FROM {name} WHERE id = '9'") == [("nine@example.com",)]


def test_a_mended_line_closes_its_flag_as_fixed(world: World) -> None:
    given(world, [*GOOD, "1,A", "2,B"])
    world.run()
    assert len(bad_lines(world)) == 2
    given(world, [*GOOD, "1,A,a@example.com", "2,B"])
    world.run()
    assert bad_lines(world) == ["line 403 (2 values in place of 3): 2,B"]
    given(world, [*GOOD, "1,A,a@example.com", "2,B,b@example.com"])
    assert world.run().exit_code == 0
    closed = world.audit_rows("flags", ("value", "closed_because"), "to_run IS NOT NULL")
    assert closed == [
        ("line 402 (2 values in place of 3): 1,A", "fixed"),
        ("line 403 (2 values in place of 3): 2,B", "fixed"),
    ]


def test_a_flag_whose_record_may_be_the_broken_line_stays_open(world: World) -> None:
    given(world, [*GOOD, "007,A,no address", "0008,B,none", "9,C,nowhere"])
    world.run()
    # The line of 007 is cut, 0008 is there no more, 9 is mended.
    given(world, [*GOOD, "007,A", "9,C,c@example.com"])
    world.run()
    rows = world.audit_rows("flags", ("key", "closed_because"), "rule_id = 'people.email.email'")
    assert rows == [("0008", "gone"), ("007", None), ("9", "fixed")]
    given(world, [*GOOD, "007,A,a@example.com", "9,C,c@example.com"])
    assert world.run().exit_code == 0
    assert world.flags() == []


def test_a_flag_of_a_stack_on_it_stays_open_too(world: World) -> None:
    given(world, [*GOOD, "a/7,A,no address", "8,B,none"])
    stack = """\
version: 1
datasets:
  - {name: all_people, stack: {crm: people}, key: [source, id]}
"""
    world.write({"models/s.yml": stack, "rules/s.yml": RULES.replace("people", "all_people")})
    world.run()
    given(world, [*GOOD, '"a/7",A'])
    world.run()
    rows = world.audit_rows(
        "flags", ("key", "closed_because"), "rule_id = 'all_people.email.email'"
    )
    assert rows == [("crm/8", "gone"), ("crm/a\\/7", None)]


def test_what_a_broken_line_holds_is_hidden_as_its_most_hidden_column(world: World) -> None:
    given(world, [*GOOD, "1,Anna Weiler"], more=", pii: {name: mask}")
    world.run()
    assert bad_lines(world) == ["line 402 (2 values in place of 3): 1***"]
    given(world, [*GOOD, "1,Anna Weiler"], more=", pii: {name: mask, email: omit}")
    world.run()
    assert bad_lines(world) == ["line 402 (2 values in place of 3): "]


def test_two_files_say_which_line_of_which(world: World) -> None:
    given(world, GOOD)
    world.write(
        {
            "data/people2.csv": "id,name,email\n1,A\n",
            "models/m.yml": DATASET.format(file="", more="").replace("people.csv", "people*.csv"),
        }
    )
    world.run()
    assert bad_lines(world) == ["data/people2.csv line 2 (2 values in place of 3): 1,A"]


def test_the_test_command_reads_no_file_and_says_so(world: World) -> None:
    import cdmq.api

    given(world, [*GOOD, "1,A"])
    world.run()
    cdmq.api.test(world.root)
    assert world.results()["people.lines"]["status"] == "skipped"
    assert len(bad_lines(world)) == 1


def test_many_open_quotes_take_no_time_of_their_square(tmp_path: Path) -> None:
    from cdmq.files import csv_lines, headers

    path = tmp_path / "x.csv"
    path.write_text("a,b\n" + 'x,"""\n' * 3_000)
    head = headers.head(path, ("x.csv", None, None, 0, True))
    found = csv_lines.look(path, head, 2)
    assert found.records + len(found.bad) > 0


def test_a_line_that_only_moved_is_the_same_flag(world: World) -> None:
    """Of a dataset with plain values, and of one with hashed ones."""
    file = ", bad_lines_at_most: 9"
    hashed = DATASET.format(file=file, more=", pii: {name: hash}").replace("people,", "hashed,")

    def of_hashed() -> list[tuple[object, ...]]:
        return world.audit_rows(
            "flags", ("value", "digest", "from_run"), "rule_id = 'hashed.lines' AND to_run IS NULL"
        )

    world.write({"models/hashed.yml": hashed})
    given(world, [*GOOD, "1,A", "2,B", "2,B", "1,A"], file)
    world.run()
    first, first_hashed = sorted(bad_lines(world)), of_hashed()
    assert len(first_hashed) == len(first)
    given(
        world,
        [
            "5,New,five@example.com",
            *GOOD[:3],
            *GOOD[4:],
            "1,A",
            "6,Six,six@example.com",
            "2,B",
            "2,B",
            "1,A",
        ],
        file,
    )
    again = world.run()
    assert (again.opened["flags"], again.closed["flags"]) == (0, 0)
    assert (sorted(bad_lines(world)), of_hashed()) == (first, first_hashed)
    given(world, ["3,C", *GOOD, "1,A", "2,B", "2,B"], file)
    less = world.run()
    assert (less.opened["flags"], less.closed["flags"]) == (2, 2)  # one of each
    assert len(bad_lines(world)) == len(of_hashed()) == 4
    same = world.run()
    assert (same.opened["flags"], same.closed["flags"]) == (0, 0)


def test_a_quote_that_is_closed_very_far_below_names_the_limit(world: World) -> None:
    given(world, [*GOOD, '1,"' + "a\n" * 10_001 + '",one@example.com'], ", bad_lines_at_most: 100%")
    world.run()
    assert any("a quote is not closed within 10,000 lines" in v for v in bad_lines(world))
