"""The nearest allowed value of each wrong one, for `suggest: true`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.outcomes import FOUND
from cdmq.sql import nodes
from cdmq.values import Project, Rule

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

#: More different wrong values than this have no suggestion: they are no slips of the pen.
MOST = 1000


def suggestions(
    rule: Rule, code: int, project: Project, warehouse: Warehouse
) -> list[tuple[str, str]]:
    """(wrong value, nearest allowed value) for what a run found."""
    value = nodes.column("value")
    query = nodes.group_by(
        nodes.select(
            [value],
            nodes.table(FOUND),
            nodes.equal(nodes.column("code"), nodes.number(code)),
        ),
        [value.copy()],
    )
    query = query.order_by(exp.Ordered(this=nodes.by_code_point(value.copy(), warehouse.dialect)))
    by_lower = {a.lower(): a for a in allowed(rule.spec, project)}
    rows = []
    for (wrong,) in warehouse.fetch(query.limit(MOST).sql(warehouse.dialect)):
        near = difflib.get_close_matches(str(wrong).strip().lower(), by_lower, 1, 0.6)
        if wrong is not None and near:
            rows.append((wrong, by_lower[near[0]]))
    return rows


def allowed(check: object, project: Project) -> Sequence[str]:
    values = getattr(check, "values", None)
    if values is not None:
        return list(values)
    seed = project.seeds[str(getattr(check, "seed", ""))]
    column = getattr(check, "column", None) or seed.columns[0]
    at = seed.columns.index(column)
    return [str(r[at]) for r in seed.rows if r[at] is not None]
