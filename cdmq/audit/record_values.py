"""The values of records as the last run left them."""

from __future__ import annotations

from collections.abc import Sequence

from cdmq.audit.telling import Telling, one_of
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.text_form import text_of


def values_of(
    telling: Telling, relation: Relation, dataset: str, key: str
) -> dict[str, str | None]:
    """The values of a record as texts, not masked; none where it is not there."""
    return values_of_all(telling, relation, dataset, [key]).get(key, {})


def values_of_all(
    telling: Telling, relation: Relation, dataset: str, keys: Sequence[str]
) -> dict[str, dict[str, str | None]]:
    """Key -> values of some records. Of a key that stands twice the first row is taken."""
    named = telling.keyed(telling.project.datasets[dataset], relation)
    types = telling.audit.warehouse.columns(relation)
    if named is None or not types:
        return {}
    shown = [nodes.alias(nodes.paren(text_of(nodes.column(c), t)), c) for c, t in types.items()]
    query = nodes.select([nodes.alias(named, "__told"), *shown], nodes.table(relation))
    outer = nodes.select(
        [nodes.column(c) for c in ("__told", *types)],
        nodes.subquery(query, "r"),
        one_of("__told", keys),
    )
    rows = telling.audit.fetch(outer.order_by(*(telling.by_code_point(c) for c in types)))
    found: dict[str, dict[str, str | None]] = {}
    for key, *values in rows:
        found.setdefault(str(key), dict(zip(types, values, strict=True)))
    return found
