"""A review that was made by mistake, at a time to come, is undone: closed with who and why.

The levels that it gave end as `review_undone`; those that it took away begin again, since the
review that gave them. Nothing is deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp, parse_one

from cdmq.audit.tables import audit_schema
from cdmq.kinds.tiering.tables import TIER_HISTORY, TIER_REVIEWS
from cdmq.sql import nodes
from cdmq.sql.relation import Relation

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

_REVIEWS = """
UPDATE tier_reviews SET undone_run = :run
WHERE undone_run IS NULL AND left(review, :length) > :day
"""
_GIVEN = """
UPDATE tier_history AS h
SET to_run = :run, closed_because = 'review_undone', to_review = from_review
WHERE h.to_run IS NULL AND EXISTS (
    SELECT 1 FROM tier_reviews AS t WHERE t.undone_run = :run AND t.rule_id = h.rule_id
        AND t.review = h.from_review AND h.from_run >= t.run_id)
"""
_TAKEN = """
SELECT * FROM (
    SELECT h.*, row_number() OVER (PARTITION BY rule_id, key ORDER BY from_run DESC) AS place
    FROM tier_history AS h
    WHERE h.replayed IS NULL AND h.closed_because = 'changed'
        AND left(h.from_review, :length) <= :day AND EXISTS (
        SELECT 1 FROM tier_reviews AS t WHERE t.undone_run = :run AND t.rule_id = h.rule_id
            AND t.review = h.to_review AND h.to_run >= t.run_id)
) AS c
WHERE place = 1 AND NOT EXISTS (
    SELECT 1 FROM tier_history AS o
    WHERE o.rule_id = c.rule_id AND o.key = c.key AND o.to_run IS NULL)
"""
_UNDONE = """
NOT EXISTS (SELECT 1 FROM tier_reviews AS t WHERE t.rule_id = tier_history.rule_id
    AND t.review = tier_history.from_review AND tier_history.from_run >= t.run_id
    AND tier_history.from_run < t.undone_run)
"""
#: All that a level was, but not in which runs, nor until which review.
_KEPT = tuple(
    c.name
    for c in TIER_HISTORY.columns
    if c.name not in ("from_run", "to_run", "closed_because", "to_review")
)


def undo(warehouse: Warehouse, day: str, run_id: str) -> list[tuple[str, str, int]]:
    """Undo the reviews after a day (or time); (rule, review, how many times it was made)."""
    schema = audit_schema(warehouse)

    def run(sql: str) -> None:
        warehouse.run(
            _filled(parse_one(sql, dialect="duckdb"), schema, day, run_id).sql(warehouse.dialect)
        )

    with warehouse.transaction():
        run(_REVIEWS)
        run(_GIVEN)
        taken = _filled(parse_one(_TAKEN, dialect="duckdb"), schema, day, run_id)
        taken.set("expressions", [*(nodes.column(c, "c") for c in _KEPT), nodes.text(run_id)])
        again = nodes.insert(Relation(TIER_HISTORY.name, schema), [*_KEPT, "from_run"], taken)
        warehouse.run(again.sql(warehouse.dialect))
    columns = [nodes.column(c) for c in ("rule_id", "review")]
    undone = nodes.group_by(
        nodes.select(
            [*columns, exp.Count(this=exp.Star())],
            nodes.table(Relation(TIER_REVIEWS.name, schema)),
            nodes.equal(nodes.column("undone_run"), nodes.text(run_id)),
        ),
        [c.copy() for c in columns],
    )
    return sorted(warehouse.fetch(undone.sql(warehouse.dialect)))


def not_undone(schema: str) -> exp.Expr:
    """The condition that a row of tier_history was not given by a review that was undone."""
    return _filled(parse_one(_UNDONE, dialect="duckdb"), schema, "", "")


def _filled(node: exp.Expr, schema: str, day: str, run_id: str) -> exp.Expr:
    values = {"run": nodes.text(run_id), "day": nodes.text(day), "length": nodes.number(len(day))}
    for parameter in list(node.find_all(exp.Placeholder)):
        parameter.replace(values[parameter.name].copy())
    for table in list(node.find_all(exp.Table)):
        table.set("db", nodes.name(schema))
    return node
