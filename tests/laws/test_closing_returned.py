"""What closes a flag where a rule was not judged by for a while, and comes back."""

from __future__ import annotations

import pytest
from laws.closed import begin as begin
from laws.closed import closed, with_row
from laws.small import ROWS, RULES, people
from runner import AS_OF, World

import cdmq

OFF = RULES.replace("where: live", "where: live\n    enabled: false")


def turn(world: World, rules: str) -> None:
    world.write({"rules/people.yml": rules})
    world.run()


def why(world: World) -> set[str]:
    return {because for rule, _, because in closed(world) if rule == "age_range"}


def test_a_rule_that_was_switched_off_is_what_it_was(begun: World) -> None:
    turn(begun, OFF)
    people(begun, with_row(2, age=7))
    turn(begun, RULES)
    assert why(begun) == {"fixed"}


def test_what_was_mended_while_it_was_off(begun: World) -> None:
    people(begun, with_row(2, age=7))
    turn(begun, OFF)
    begun.run()
    assert why(begun) == set()
    turn(begun, RULES)
    assert why(begun) == {"fixed"}


@pytest.mark.parametrize(("age", "because"), [(7, "both_changed"), (-1, "rule_changed")])
def test_a_rule_that_was_changed_while_it_was_off(begun: World, age: int, because: str) -> None:
    turn(begun, OFF)
    people(begun, with_row(2, age=age))
    turn(begun, RULES.replace("min: 0", "min: -1"))
    assert why(begun) == {because}


def test_a_rule_that_could_not_be_run_when_it_was_changed(begun: World) -> None:
    """The version of that run is open, and judged nothing."""
    turn(begun, RULES.replace("column: age", "column: nobody"))
    assert begun.results()["age_range"]["status"] == "error"
    people(begun, with_row(2, age=7))
    turn(begun, RULES)
    assert why(begun) == {"fixed"}


DEFAULT_OFF = RULES.replace("id: country_code", "id: country_code\n    enabled: false")


def cells(world: World) -> dict[str, str | None]:
    return {str(r["id"]): r["country"] for r in world.view("people__defaulted")}


def test_a_default_that_is_switched_off_changes_nothing_any_more(begun: World) -> None:
    before, changed = begun.changes(), cells(begun)
    begun.write({"rules/people.yml": DEFAULT_OFF})
    people(begun, [r for r in ROWS if r[0] != 3])
    begun.run(select="orders")  # that reads the people, so they are made
    assert begun.changes() == []
    assert closed(begun, "changes") == {
        ("country_code", "1", "rule_changed"),
        ("country_code", "3", "gone"),
    }
    assert cells(begun)["1"] == "Deutschland"
    again = begun.run()
    assert again.opened["changes"] == again.closed["changes"] == 0
    people(begun, ROWS)
    turn(begun, RULES)
    assert begun.changes() == before
    assert cells(begun) == changed


def test_a_test_of_what_stands_ends_no_change(begun: World) -> None:
    before = begun.changes()
    begun.write({"rules/people.yml": DEFAULT_OFF})
    cdmq.test(begun.root, as_of=AS_OF)
    assert begun.changes() == before
