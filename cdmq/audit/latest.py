"""What was last so: the newest rows of an audit table for each record, open or closed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cdmq.sql import nodes


def down(column: str) -> exp.Ordered:
    return exp.Ordered(this=nodes.column(column), desc=True)


def open_first() -> list[exp.Ordered]:
    """The open row, else the one that was opened last."""
    return [exp.Ordered(this=nodes.paren(nodes.present(nodes.column("to_run")))), down("from_run")]


def latest(
    query: exp.Select, rank: str, of: str | Sequence[str], order: Sequence[exp.Ordered]
) -> exp.Select:
    """The first rows of a query for each value of a column, or of several: `row_number` for one,
    `rank` for all that are equal."""
    by = [of] if isinstance(of, str) else of
    names = [nodes.column(e.name) for e in query.expressions]
    place = exp.Window(
        this=nodes.call(rank),
        partition_by=[nodes.column(c) for c in by],
        order=exp.Order(expressions=list(order)),
    )
    query.append("expressions", nodes.alias(place, "__place"))
    return nodes.select(
        names, nodes.subquery(query, "r"), nodes.equal(nodes.column("__place"), nodes.number(1))
    )
