"""Columns of two types that are compared are told before anything runs, on both engines."""

from __future__ import annotations

import pytest
from runner import World

MODELS = """
version: 1
datasets:
  - {name: d, table: d_src, key: id, refers_to: {other: [n]}}
  - {name: other, table: other_src, key: no}
"""
HEAD = "version: 1\ndataset: d\n"


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(
            "validation: [{column: n, checks: [{relationships: {to: other}}]}]", id="relationships"
        ),
        pytest.param("defaults: [{column: a, fill_from: other.a}]", id="fill_from"),
    ],
)
def test_types_that_cannot_be_compared(rules: str, world: World) -> None:
    world.table("d_src", {"id": "integer", "n": "integer", "a": "text"}, [[1, 1, None]])
    world.table("other_src", {"no": "text", "a": "text"}, [["1", "x"]])
    world.write({"models/m.yml": MODELS, "rules/d.yml": HEAD + rules})
    result = world.run()
    assert result.exit_code == 2
    told = [*result.failed.values(), *(r.message for r in result.results if r.status == "error")]
    assert "CDMQ217 other.no is text, n is integer" in "\n".join(told)
    assert {r.rule.id for r in result.results if r.status == "pass"} >= {"other.key"}


def test_an_empty_text_is_a_placeholder(world: World) -> None:
    world.table("d_src", {"id": "integer", "n": "integer", "a": "text"}, [[1, 1, None]])
    world.table("other_src", {"no": "integer"}, [])
    world.write(
        {
            "models/m.yml": MODELS,
            "rules/d.yml": HEAD + "defaults: [{column: a, set: '', reason: unknown}]",
        }
    )
    world.run()
    assert [c[4:8] for c in world.changes()] == [("", None, "set", "unknown")]


def test_a_where_that_fails_on_a_value_in_a_set_rule(world: World) -> None:
    world.table(
        "d_src",
        {"id": "integer", "n": "integer", "a": "text"},
        [[1, 7, "1"], [2, 7, "1"], [3, 7, "x"]],
    )
    world.table("other_src", {"no": "integer"}, [])
    world.write(
        {
            "models/m.yml": MODELS,
            "rules/d.yml": HEAD
            + """
validation:
  - id: u
    column: n
    check: unique
    where: CAST(a AS INTEGER) = 1
""",
        }
    )
    world.run()
    assert [(f[1], f[5]) for f in world.flags()] == [
        ("1", "failed"),
        ("2", "failed"),
        ("3", "could_not_judge"),
    ]
