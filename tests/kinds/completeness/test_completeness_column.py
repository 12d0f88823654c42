"""The score as a column of the dataset, named after its rule: others read it."""

from __future__ import annotations

from kinds.completeness.test_completeness_runs import COLUMNS, ROWS, scores, write
from runner import AS_OF, World

import cdmq

READER = """
version: 1
dataset: people
validation:
  - {id: well_known, check: expression, must: "profile >= 70", where: "type = 'company'"}
"""


def begin(world: World) -> None:
    world.table("people", COLUMNS, ROWS)
    write(world)
    world.write({"rules/readers.yml": READER})
    world.run()


def flagged(world: World) -> list[tuple[object, ...]]:
    return world.audit_rows(
        "flags", ("key", "column_name", "value"), "rule_id = 'well_known' AND to_run IS NULL"
    )


def test_a_check_reads_the_score(left: World) -> None:
    assert flagged(left) == [("borrowed", "profile", "66.67")]
    assert left.results()["well_known"]["judged"] == 2


def test_with_a_selected_reader_the_score_is_made_anew(begun: World) -> None:
    rows = [list(r) for r in ROWS]
    rows[1][3] = "ada@example.com"
    begun.table("people", COLUMNS, rows)
    begun.run(select="well_known")
    assert flagged(begun) == []
    assert begun.results()["profile"]["status"] == "warn", "of others"


def test_a_test_reads_the_kept_score(begun: World) -> None:
    assert cdmq.test(begun.root, as_of=AS_OF, select="well_known").results
    assert flagged(begun) == [("borrowed", "profile", "66.67")]


def test_it_reads_the_score_of_this_run(begun: World) -> None:
    rows = [list(r) for r in ROWS]
    rows[1][3] = "ada@example.com"
    begun.table("people", COLUMNS, rows)
    begun.run()
    assert flagged(begun) == []


def test_without_a_score_nothing_is_said(world: World) -> None:
    """Scores that were never made are not taken for missing ones."""
    world.table("people", COLUMNS, ROWS)
    write(world, "severity: warn; enabled: false")
    world.write({"rules/readers.yml": READER})
    world.run()
    assert world.results()["well_known"]["status"] == "skipped"
    assert flagged(world) == []


def test_a_completeness_rule_reads_the_column_of_another(begun: World) -> None:
    """Points, conditions and `where` may all name it. A check finds the score of `borrowed` wrong:
    there it counts as missing."""
    begun.write(
        {
            "rules/readers.yml": READER
            + "completeness:\n"
            + "  - id: of_the_rest\n"
            + "    where: profile < 80\n"
            + "    points: {email: 1, full name: 1, profile: 2}\n"
            + '    not_applicable: {full name: "profile = 0"}\n'
        }
    )
    begun.run()
    assert scores(begun, "of_the_rest") == {
        "blank": ("66.67", "email", "email"),
        "borrowed": ("25", "email, profile", "profile"),
        "wrong": ("75", "email", "email"),
    }
    assert begun.results()["of_the_rest"]["tested"] == 3
