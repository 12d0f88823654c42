"""Other points of the same data: what is told of the flags that close."""

from __future__ import annotations

import pytest
from kinds.completeness.test_completeness_runs import low
from runner import World

FILED = """
version: 1
datasets:
  - {name: people, file: people.csv, key: id, missing_values: [""]PII}
"""
POINTS = """
version: 1
dataset: people
completeness:
  - {id: profile, why: We write., points: {name: 4, email: 6}, ask_at_least: 60}
"""


@pytest.mark.parametrize("pii", ["", ", pii: {email: mask}"])
@pytest.mark.parametrize(
    ("points", "people", "because"),
    [
        ("{name: 6, email: 4}", "id,name,email\n1,Ada,\n2,Bo,b@x\n", "rule_changed"),
        ("{name: 5, email: 5}", "id,name,email\n1,Ada,\n2,Bo,b@x\n", "rule_changed"),
        ("{name: 6, email: 4}", "id,name,email\n1,Ada,a@x\n2,Bo,b@x\n", "both_changed"),
        ("{name: 4, email: 6}", "id,name,email\n1,,\n2,Bo,b@x\n", "changed"),
    ],
)
def test_other_points_of_the_same_data_are_the_rule_that_changed(
    world: World, points: str, people: str, because: str, pii: str
) -> None:
    """Its value is the score, which is another though nothing else stands there."""
    world.write(
        {
            "models/m.yml": FILED.replace("PII", pii),
            "rules/people.yml": POINTS,
            "people.csv": "id,name,email\n1,Ada,\n2,Bo,b@x\n",
        }
    )
    world.run()
    assert low(world) == [("1", "", "40", None)]
    world.write(
        {
            "rules/people.yml": POINTS.replace("{name: 4, email: 6}", points),
            "people.csv": people,
        }
    )
    world.run()
    assert low(world, "to_run IS NOT NULL") == [("1", "", "40", because)]
