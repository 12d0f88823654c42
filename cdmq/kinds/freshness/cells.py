"""compile: the cells that a rule of freshness watches, with what proved each."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cdmq.kinds.freshness.log import Log
from cdmq.kinds.freshness.names import BESIDE, CELL_STATE, CELLS, RATES, SEEN, before, made
from cdmq.kinds.freshness.proofs import heard, proved
from cdmq.kinds.freshness.standing import standing
from cdmq.kinds.freshness.sure import Sure
from cdmq.kinds.freshness.tables import FRESHNESS_CELLS
from cdmq.kinds.freshness.watched import Watched, cells_of
from cdmq.sql import nodes
from cdmq.sql.logical import as_of_node, logical

_OF_CELL = ("key", "column_name", "digest", "whom", "rate_of", *BESIDE)


def cells_query(watched: Watched, log: Log | None) -> exp.Select:
    """A row a cell in which a value stands: what is kept of it, the value, and as `pii` lets it be
    shown, the key as the log finds it, its rate, its confidence, and `odds`, the same where it was
    never proved as if it had been right when it came; and when it is due."""
    spec, dialect = watched.spec, watched.dialect
    sure = Sure(spec, as_of_node(), dialect, "p")
    joined = nodes.select(
        [
            *(nodes.alias(nodes.column(c, "w"), c) for c in (*CELL_STATE, *BESIDE)),
            *(nodes.alias(nodes.column(c, "r"), c) for c in ("rate", "lasts")),
        ],
        nodes.beneath(proved(watched, _standing(watched, log), log), "w", dialect),
    )
    rates = nodes.subquery(nodes.select([exp.Star()], logical(made(watched.rule.id, RATES))), "r")
    nodes.left_join(
        joined,
        rates,
        nodes.every(
            [
                nodes.equal(nodes.column(c, "r"), nodes.column(c, "w"))
                for c in ("column_name", "rate_of")
            ]
        ),
    )
    told = judged(joined, sure, (*CELL_STATE, *BESIDE, "rate"), dialect)
    told.expressions.append(nodes.alias(nodes.column("odds", "j"), "odds"))
    return told


def judged(rows: exp.Select, sure: Sure, kept: Sequence[str], dialect: str) -> exp.Select:
    """Rows with what sure.py works out of them."""
    worked = nodes.select(
        [
            *(nodes.alias(nodes.column(c, "p"), c) for c in kept),
            nodes.alias(sure.confidence(), "confidence"),
            nodes.alias(sure.odds(), "odds"),
            nodes.alias(sure.due(), "due"),
        ],
        nodes.beneath(rows, "p", dialect),
    )
    return nodes.select(
        [
            *(nodes.column(c, "j") for c in (*kept, "confidence", "due")),
            nodes.alias(sure.is_due(nodes.column("due", "j")), "is_due"),
        ],
        nodes.beneath(worked, "j", dialect),
    )


def _standing(watched: Watched, log: Log | None) -> exp.Select:
    """Cells with since when each value stands there, and what the log says of it."""
    id_ = watched.rule.id
    cells = cells_of(made(id_, SEEN), watched.columns)
    shown = [nodes.column(c, "u") for c in _OF_CELL]
    query = nodes.select(
        [*shown, nodes.column("verified", "u")],
        nodes.beneath(cells, "u", watched.dialect),
    )
    entity = FRESHNESS_CELLS.entity
    stands = standing(
        query, entity, before(id_, CELLS, "last"), before(id_, CELLS, "had"), "digest"
    )
    for name, node in stands.items():
        query.append("expressions", nodes.alias(node, name))
    heard(query, id_, log)
    return query
