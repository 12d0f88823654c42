"""Small projects of hostile names and values, as JSON, which is YAML."""

from __future__ import annotations

import json
from typing import Any

from runner import World


def rules(dataset: str, validation: list[Any], defaults: list[Any] | None = None) -> str:
    return json.dumps(
        {"version": "1", "dataset": dataset, "validation": validation, "defaults": defaults or []}
    )


def models(*datasets: dict[str, Any]) -> str:
    return json.dumps({"version": "1", "datasets": list(datasets)})


def rows_of(world: World, table: str) -> list[Any]:
    quoted = world._quoted(table)
    return sorted(world.sql(f"SELECT * FROM {quoted}"), key=repr)
