"""What people read of a rule of freshness: what it keeps, with what it comes to at the time of the
run."""

from __future__ import annotations

from sqlglot import exp

from cdmq.audit.renames import of_rule
from cdmq.kinds.freshness.cells import judged
from cdmq.kinds.freshness.names import RECORD_STATE
from cdmq.kinds.freshness.records import of_records
from cdmq.kinds.freshness.sure import Sure
from cdmq.kinds.freshness.tables import FRESHNESS_CELLS, FRESHNESS_RATES, FRESHNESS_RECORDS
from cdmq.kinds.freshness.watched import Watched
from cdmq.kinds.running import Publishing
from cdmq.sql import nodes

_KEPT = ("key", "column_name", "since", "proof", "proved_by", "result", "first_seen", "whom")
_CELLS = ("key", "column_name", "since", "proof", "proved_by", "result", "rate")
_RECORDS = ("key", "since", "confidence", "due", "ask", "whole", "tries", "last_try")


def cells_shown(watched: Watched, at: Publishing) -> exp.Select:
    """Each value with its proof, its confidence and its due day."""
    mine = of_rule(watched.rule.id, at.ids)
    kept = nodes.subquery(at.kept(FRESHNESS_CELLS.name, (*_KEPT, "rate_of"), mine, open_=True), "c")
    rates = at.kept(
        FRESHNESS_RATES.name, ("column_name", "rate_of", "rate", "lasts"), mine.copy(), open_=True
    )
    rows = nodes.select(
        [
            *(nodes.column(c, "c") for c in _KEPT),
            *(nodes.column(c, "f") for c in ("rate", "lasts")),
        ],
        kept,
    )
    nodes.left_join(
        rows,
        nodes.subquery(rates, "f"),
        nodes.every(
            [
                nodes.equal(nodes.column(c, "f"), nodes.column(c, "c"))
                for c in ("column_name", "rate_of")
            ]
        ),
    )
    sure = Sure(watched.spec, _time(at), watched.dialect, "p")
    return judged(rows, sure, _CELLS, watched.dialect)


def records_shown(watched: Watched, at: Publishing) -> exp.Select:
    """Each record with what its values come to."""
    mine = of_rule(watched.rule.id, at.ids)
    kept = at.kept(FRESHNESS_RECORDS.name, RECORD_STATE, mine, open_=True)
    cells = nodes.subquery(cells_shown(watched, at), "k") if watched.columns else None
    found = of_records(kept, cells, watched.spec, watched.columns, _time(at), watched.dialect)
    return nodes.select([nodes.column(c, "v") for c in _RECORDS], nodes.subquery(found, "v"))


def _time(at: Publishing) -> exp.Expr:
    return nodes.cast(nodes.text(at.as_of), "timestamp")
