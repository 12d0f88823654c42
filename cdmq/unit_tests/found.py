"""The flags and changes that the rules of a unit test made, as its `expect` names them."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cdmq.values import Project, Rule

if TYPE_CHECKING:
    from cdmq.steps import DatasetSteps
    from cdmq.warehouses.duckdb import DuckDB


def _rows(warehouse: DuckDB, relation: Any, names: Sequence[str]) -> Counter[tuple[Any, ...]]:
    from cdmq.sql import nodes

    query = nodes.select([nodes.column(n) for n in names], nodes.table(relation))
    return Counter(warehouse.fetch(query.sql("duckdb")))


def flags(
    project: Project,
    rules: Sequence[Rule],
    steps: Mapping[str, DatasetSteps],
    numbers: Mapping[str, int],
    warehouse: DuckDB,
) -> list[dict[str, str | None]]:
    from cdmq.steps import FOUND

    by_code = {numbers[r.id]: r for r in rules if r.kind == "validation"}
    shown = {j.rule.id: ", ".join(j.shown) or None for s in steps.values() for j in s.judgements}
    found: list[dict[str, str | None]] = []
    for (code, key, value, _), records in _rows(
        warehouse, FOUND, ("code", "key", "value", "digest")
    ).items():
        rule = by_code.get(code // 2)
        if rule is not None:
            found.append(
                {
                    "rule": rule.id,
                    "key": key,
                    "column": shown.get(rule.id),
                    "value": value,
                    "state": "could_not_judge" if code % 2 else "failed",
                    "suggestion": _suggestion(rule, value, project),
                    "records": str(records),
                }
            )
    return found


def changes(
    rules: Sequence[Rule], numbers: Mapping[str, int], warehouse: DuckDB
) -> list[dict[str, str | None]]:
    from cdmq.steps import CHANGED

    by_code = {2 * numbers[r.id]: r for r in rules if r.kind == "defaults"}
    names = ("code", "key", "old_value", "new_value", "act", "reason")
    return [
        {
            "rule": by_code[code].id,
            "key": key,
            "column": by_code[code].columns[0],
            "old": old,
            "new": new,
            "act": act,
            "reason": reason,
            "records": str(records),
        }
        for (code, key, old, new, act, reason), records in _rows(warehouse, CHANGED, names).items()
        if code in by_code
    ]


def _suggestion(rule: Rule, value: str | None, project: Project) -> str | None:
    """The nearest allowed value, as a run writes it into the flag."""
    if value is None or not getattr(rule.spec, "suggest", False):
        return None
    from cdmq.audit.suggestions import allowed

    by_lower = {a.lower(): a for a in allowed(rule.spec, project)}
    near = difflib.get_close_matches(value.strip().lower(), by_lower, 1, 0.6)
    return by_lower[near[0]] if near else None
