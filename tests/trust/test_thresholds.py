"""warn_above and error_above: one alone speaks for its own severity only."""

from __future__ import annotations

import pytest
from runner import World

from cdmq.kinds.thresholds import threshold_problems, thresholds

MODEL = "version: 1\ndatasets: [{name: c, table: t, key: id}]\n"
RULE = "version: 1\ndataset: c\nvalidation:\n"


def rule(name: str, keys: str) -> str:
    return f"  - {{id: {name}, column: v, check: accepted_values, values: [x]{keys}}}\n"


def test_each_threshold_speaks_for_itself(world: World) -> None:
    world.table("t", {"id": "integer", "v": "text"}, [[1, "x"], [2, "y"], [3, "z"]])
    expected = {
        ", warn_above: 5": "pass",
        ", warn_above: 1": "warn",
        ", warn_above: 0%": "warn",
        ", warn_above: 90%": "pass",
        ", warn_above: 66%": "warn",
        ", error_above: 5": "pass",
        ", error_above: 2": "pass",
        ", error_above: 1": "fail",
        ", error_above: 67%": "pass",
        ", error_above: 66%": "fail",
        ", warn_above: 0, error_above: 5": "warn",
        ", warn_above: 1, error_above: 2": "warn",
        ", warn_above: 0, error_above: 1": "fail",
        ", warn_above: 2, error_above: 5": "pass",
        ", warn_above: 1%, error_above: 5": "warn",
        "": "fail",
        ", severity: warn": "warn",
        ", severity: warn, warn_above: 2": "pass",
        ", severity: error, error_above: 2": "pass",
        ", severity: info": "pass",
    }
    rules = "".join(rule(f"r{i}", keys) for i, keys in enumerate(expected))
    world.write({"models/m.yml": MODEL, "rules/r.yml": RULE + rules})
    world.run()
    found = world.results()
    assert {k: found[f"r{i}"]["status"] for i, k in enumerate(expected)} == expected


def test_a_warning_alone_never_fails_the_run(world: World) -> None:
    world.table("t", {"id": "integer", "v": "text"}, [[1, "y"]] + [[i, "y"] for i in range(2, 9)])
    world.write({"models/m.yml": MODEL, "rules/r.yml": RULE + rule("a", ", warn_above: 5")})
    assert world.run().exit_code == 0
    assert world.results()["a"]["status"] == "warn"


@pytest.mark.parametrize(
    ("warn", "error", "both"),
    [
        (None, None, ("0", "0")),
        ("5", None, ("5", "never")),
        (None, "1%", ("never", "1%")),
        ("0", "5", ("0", "5")),
    ],
)
def test_what_two_thresholds_come_to(warn: str | None, error: str | None, both: object) -> None:
    assert thresholds(warn, error) == both


@pytest.mark.parametrize(
    ("severity", "warn", "error", "fields"),
    [
        (None, "5", "5", ["warn_above"]),
        (None, "1%", "0.5%", ["warn_above"]),
        (None, "4", "5", []),
        (None, "5%", "3", []),
        (None, None, "100%", ["error_above"]),
        ("warn", "5", None, []),
        ("warn", None, "5", ["error_above"]),
        ("error", "5", None, ["warn_above"]),
        ("error", None, "5", []),
        ("info", "1", "2", ["warn_above", "error_above"]),
    ],
)
def test_what_can_never_speak_is_told(
    severity: str | None, warn: str | None, error: str | None, fields: list[str]
) -> None:
    told = threshold_problems(severity, warn, error, "row", "not_null")
    assert [f for f, *_ in told] == fields


def test_row_count_fails_once() -> None:
    told = threshold_problems(None, "1", "0", "dataset", "row_count")
    assert [f for f, *_ in told] == ["warn_above", "warn_above"]
