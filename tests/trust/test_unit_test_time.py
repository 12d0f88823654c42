"""A unit test finds the same on every day: where its rules judge by as_of, it says one."""

from __future__ import annotations

from typing import Any

import pytest
from runner import World

from cdmq.unit_tests.tests import UnitTestRun, unit_test

MODEL = """\
version: 1
datasets:
  - {name: orders, file: orders.csv, key: id, happened_at: day, refers_to: {people: id},
     columns: {day: date, until: date}}
  - {name: people, file: orders.csv, key: id, columns: {day: date, until: date}}
"""
ENDS = {
    "a range": "validation: [{id: r, column: day, check: accepted_range, max: as_of}]",
    "a condition": 'validation: [{id: r, check: expression, must: "day <= as_of"}]',
    "a where": 'validation: [{id: r, column: day, check: not_null, where: "until < as_of"}]',
    "a default": "defaults: [{id: d, column: day, set: 2020-01-01, reason: unknown,"
    ' where: "until > as_of"}]\n'
    "validation: [{id: r, column: day, check: not_null}]",
    "a level": "tiering: [{id: r, measures: {n: {from: orders, count: rows}},"
    ' levels: [{some: "n > 0"}, {none: otherwise}]}]',
}


def run(world: World, rules: str, test: dict[str, Any]) -> UnitTestRun:
    dataset = "people" if "tiering" in rules else "orders"
    level = "{levels: [{key: 1, level: some}]}" if "tiering" in rules else "{flags: []}"
    world.write(
        {
            "orders.csv": "id,day,until\n1,2024-05-01,2024-06-01\n",
            "models/m.yml": MODEL,
            "rules/r.yml": f"version: 1\ndataset: {dataset}\n{rules}\n",
            "rules/unit_tests/t.yml": "version: 1\nunit_tests:\n  - name: t\n    rule: r\n"
            + "".join(f"    {k}: {v}\n" for k, v in test.items())
            + "    given:\n"
            + "".join(
                f"      {d}: [{{id: 1, day: 2024-05-01, until: 2024-06-01}}]\n"
                for d in dict.fromkeys((dataset, "orders"))
            )
            + f"    expect: {level}\n",
        }
    )
    return unit_test(world.root)


@pytest.mark.parametrize("rules", ENDS.values(), ids=ENDS)
def test_no_clock_is_asked(rules: str, make_world: Any) -> None:
    world = make_world("duckdb")
    (result,) = run(world, rules, {}).results
    assert "CDMQ520" in result.message
    assert "as_of" in result.message
    # The remedy, followed.
    assert run(world, rules, {"as_of": "2026-11-01"}).exit_code == 0


def test_where_no_time_matters_none_is_asked_for(make_world: Any) -> None:
    rules = "validation: [{id: r, column: day, check: not_null}]"
    assert run(make_world("duckdb"), rules, {}).exit_code == 0
