"""compile: the cells that a rule of freshness watches, with what proved each."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cdmq.kinds.freshness.log import Log
from cdmq.kinds.freshness.names import CELL_STATE, CELLS, RATES, SEEN, before, made
from cdmq.kinds.freshness.standing import standing
from cdmq.kinds.freshness.sure import Sure
from cdmq.kinds.freshness.tables import FRESHNESS_CELLS
from cdmq.kinds.freshness.watched import Watched, cells_of
from cdmq.sql import nodes
from cdmq.sql.logical import as_of_node, logical

#: What the run knows of a cell beside: its value, and as it is shown, and its key as a log finds it.
BESIDE = ("ckey", "value", "shown")

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
        nodes.beneath(_proved(watched, log), "w", dialect),
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


def _proved(watched: Watched, log: Log | None) -> exp.Select:
    """Cells with their proof: the latest of what verified_at says and what the log tells."""
    verified, good, bad = (nodes.column(c, "s") for c in ("verified", "good_at", "bad_at"))
    first = nodes.equal(nodes.column("seen", "s"), nodes.text("first"))
    returned = nodes.equal(nodes.column("seen", "s"), nodes.text("returned"))
    since = nodes.column("since", "s")
    told = {
        **{
            c: nodes.column(c, "s") for c in CELL_STATE if c not in ("proof", "proved_by", "result")
        },
        **{c: nodes.column(c, "s") for c in BESIDE},
        "v": nodes.when(nodes.any_of([first, _not_before(verified, since)]), verified.copy()),
        "g": nodes.when(
            nodes.any_of([exp.Not(this=returned), _not_before(good, since.copy())]), good.copy()
        ),
        "b": bad,
    }
    query = nodes.select(
        [nodes.alias(n, c) for c, n in told.items()],
        nodes.beneath(_standing(watched, log), "s", watched.dialect),
    )
    shown = _latest(log)
    kept = [nodes.alias(shown.get(c, nodes.column(c, "q")), c) for c in (*CELL_STATE, *BESIDE)]
    return nodes.select(kept, nodes.beneath(query, "q", watched.dialect))


def _latest(log: Log | None) -> dict[str, exp.Expr]:
    """The proof of a cell, over `v` and `g`, when verified_at and the log say that it was right, and
    `b`, when the log says that it was wrong: of one day that counts."""
    v, g, b = (nodes.column(c, "q") for c in "vgb")
    is_bad = nodes.every(
        [nodes.present(b), *(_not_before(b.copy(), n.copy(), True) for n in (v, g))]
    )
    latest = exp.GTE(this=g.copy(), expression=v.copy())
    by_log = nodes.every([nodes.present(g.copy()), nodes.any_of([nodes.is_null(v.copy()), latest])])
    name = nodes.text(log.spec.dataset if log else "")
    return {
        "proof": nodes.when(is_bad, b.copy(), nodes.call("greatest", v.copy(), g.copy())),
        "proved_by": nodes.cases(
            [
                (is_bad.copy(), name),
                (nodes.every([nodes.is_null(v.copy()), nodes.is_null(g.copy())]), _no_text()),
                (by_log, name.copy()),
            ],
            nodes.text("verified_at"),
        ),
        "result": nodes.cases(
            [
                (is_bad.copy(), nodes.text("bad")),
                (
                    nodes.any_of([nodes.present(v.copy()), nodes.present(g.copy())]),
                    nodes.text("good"),
                ),
            ],
            _no_text(),
        ),
    }


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
    if log is not None:
        on = [nodes.equal(nodes.column("key", "l"), nodes.column("ckey", "u"))]
        on += [
            nodes.equal(nodes.column(c, "l"), nodes.column(c, "u"))
            for c in ("column_name", "value")
        ]
        nodes.left_join(query, nodes.subquery(log.told(), "l"), nodes.every(on))
    for name in ("good_at", "bad_at"):
        said = nodes.column(name, "l") if log else nodes.cast(nodes.null(), "timestamp")
        query.append("expressions", nodes.alias(said, name))
    return query


def _not_before(moment: exp.Expr, other: exp.Expr, or_none: bool = False) -> exp.Expr:
    """Not on a day before another; `or_none`: so too where there is no other."""
    late = exp.GTE(
        this=nodes.cast(moment.copy(), "date"), expression=nodes.cast(other.copy(), "date")
    )
    return exp.Coalesce(
        this=nodes.paren(late), expressions=[exp.true() if or_none else exp.false()]
    )


def _no_text() -> exp.Expr:
    return nodes.cast(nodes.null(), "text")
