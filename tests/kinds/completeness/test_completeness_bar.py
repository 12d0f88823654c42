"""Columns whose name has the sign in it that joins the columns of a point."""

from __future__ import annotations

from decimal import Decimal

import pytest
from kinds.completeness.oracle import Record
from kinds.completeness.scoring import ENGINES, Scoring
from kinds.completeness.test_completeness_runs import scores
from runner import World

from cdmq.sql.types import Type


@pytest.mark.parametrize("column", ["limit|amount", "limit | amount", "Limit|amount"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_column_with_a_bar_in_its_name(engine: str, column: str, postgres_uri: str) -> None:
    """A point that is the name of a column is that column, and not those that it would join."""
    columns: dict[str, Type] = {column: "text", "limit": "text", "name": "text"}
    spec = {"points": {"limit|amount": 1, "limit|name": 3}}
    one = Scoring(engine, spec, columns, postgres_uri)
    rows = [Record("1", {column: "x"}), Record("2", {"limit": "x"})]
    assert one.scores(rows) == {
        "1": (Decimal("25.00"), "limit|name", "limit|name"),
        "2": (Decimal("75.00"), "limit|amount", "limit|amount"),
    }


def test_flags_of_a_column_with_a_bar_in_its_name(world: World) -> None:
    """Its rule goes before, and a wrong value in it is missing."""
    world.table("people", {"id": "text", "sum|limit": "text"}, [["1", "x"], ["2", "5"]])
    rule = '{column: "sum|limit", check: regex, pattern: "[0-9]+"}'
    rules = "completeness:\n  - {id: profile, points: {sum|limit: 1}}\n"
    world.write(
        {
            "models/m.yml": "datasets:\n  - {name: people, table: people, key: id}\n",
            "rules/r.yml": f"dataset: people\n{rules}validation:\n  - {rule}\n",
        }
    )
    world.run()
    assert scores(world) == {"1": ("0", "sum|limit", "sum|limit"), "2": ("100", None, None)}
