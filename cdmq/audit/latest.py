"""What was last so: the newest rows of an audit table for each record, open or closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.tables import RULE_RESULTS
from cdmq.sql import nodes
from cdmq.sql.relation import Relation

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


def down(column: str) -> exp.Ordered:
    return exp.Ordered(this=nodes.column(column), desc=True)


def open_first() -> list[exp.Ordered]:
    """The open row, else the one that was opened last."""
    return [exp.Ordered(this=nodes.paren(nodes.present(nodes.column("to_run")))), down("from_run")]


def latest(query: exp.Select, rank: str, of: str, order: Sequence[exp.Ordered]) -> exp.Select:
    """The first rows of a query for each value of a column: `row_number` for one, `rank` for all
    that are equal."""
    names = [nodes.column(e.name) for e in query.expressions]
    place = exp.Window(
        this=nodes.call(rank),
        partition_by=[nodes.column(of)],
        order=exp.Order(expressions=list(order)),
    )
    query.append("expressions", nodes.alias(place, "__place"))
    return nodes.select(
        names, nodes.subquery(query, "r"), nodes.equal(nodes.column("__place"), nodes.number(1))
    )


def last_fingerprints(warehouse: Warehouse, schema: str) -> dict[str, str]:
    """Rule -> what its last evaluation found, as a fingerprint."""
    results = Relation(RULE_RESULTS.name, schema)
    newest = nodes.alias(exp.Max(this=nodes.column("run_id")), "run_id")
    evaluated = nodes.select(
        [nodes.column("rule_id"), newest],
        nodes.table(results),
        nodes.present(nodes.column("fingerprint")),
    )
    last = nodes.subquery(nodes.group_by(evaluated, [nodes.column("rule_id")]), "l")
    query = nodes.select(
        [nodes.column("rule_id", "r"), nodes.column("fingerprint", "r")],
        nodes.table(results, "r"),
    )
    same = [nodes.equal(nodes.column(c, "l"), nodes.column(c, "r")) for c in ("rule_id", "run_id")]
    query.append("joins", exp.Join(this=last, on=nodes.every(same)))
    return {str(r): str(f) for r, f in warehouse.fetch(query.sql(warehouse.dialect))}
