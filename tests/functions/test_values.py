"""Every function and operator by value, on both engines (the cases are in *.yml beside)."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from cdmq.sql.expressions import parse
from cdmq.sql.functions import table

HERE = Path(__file__).parent
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['e']}")
    for path in sorted(HERE.glob("*.yml"))
    for case in yaml.load(path.read_text(), yaml.BaseLoader)
]


def read(item: Any, like: Any) -> Any:
    """The expected value, which YAML gave as text, as the type of the one found."""
    if item in ("null", "UNJUDGED"):
        return None
    if isinstance(like, bool):
        return item == "true"
    if isinstance(like, (int, Decimal)):
        return Decimal(item)
    return float(item) if isinstance(like, float) else item


def same(found: Any, expected: Any) -> bool:
    if isinstance(found, float) and isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=1e-14)
    return bool(found == expected)


@pytest.mark.parametrize("case", CASES)
def test_value(case: dict[str, Any], engines: Any) -> None:
    rows = [[None if v == "null" else v for v in row[:-1]] for row in case["r"]]
    found = engines.both(case["e"], case["c"], rows)
    for dialect, results in found.items():
        for row, (value, failed) in zip(case["r"], results, strict=True):
            expected = read(row[-1], value)
            assert same(value, expected), f"{dialect} {row}: {value!r}"
            assert failed == (row[-1] == "UNJUDGED"), f"{dialect} {row}: could_not_judge {failed}"
    kinds = [[type(v) for v, _ in results] for results in found.values()]
    assert kinds[0] == kinds[1] or "timestamp" in str(case["c"])


def test_every_function_has_a_case() -> None:
    from sqlglot import exp

    used = set()
    for param in CASES:
        for node in parse(param.values[0]["e"]).tree.find_all(exp.Anonymous):
            used.add(node.name)
    assert set(table()) - used == set()
