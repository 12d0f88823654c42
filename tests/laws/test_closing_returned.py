"""What closes a flag where a rule was not judged by for a while, and comes back."""

from __future__ import annotations

import pytest
from laws.closed import begin as begin
from laws.closed import closed, with_row
from laws.small import RULES, people
from runner import World

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
