"""compile: the cells that a rule of freshness watches, with what proved each, and the records."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cdmq.kinds.freshness.log import Log
from cdmq.kinds.freshness.standing import standing
from cdmq.kinds.freshness.sure import Sure
from cdmq.kinds.freshness.tables import FRESHNESS_CELLS, FRESHNESS_RECORDS
from cdmq.kinds.freshness.watched import Watched, cells_of
from cdmq.kinds.freshness.words import FreshnessRule
from cdmq.sql import nodes
from cdmq.sql.logical import as_of_node, logical

#: What a run makes for itself, of a rule, and what stays.
SEEN, RATES = "seen", "rates"
CELLS, RECORDS = "cells", "records"
#: What is kept of a cell, and of a record.
CELL_STATE = (
    "key",
    "column_name",
    "digest",
    "since",
    "seen",
    "first_seen",
    "proof",
    "proved_by",
    "result",
    "whom",
    "rate_of",
)
RECORD_STATE = ("key", "digest", "since", "seen", "first_seen")


def made(rule: str, what: str) -> str:
    return f"made:{rule}__{what}"


def before(rule: str, what: str, part: str) -> str:
    """What was kept: the `last` of each cell or record, or all digests that it `had`."""
    return f"{part}_{what}:{rule}"


def cells_query(watched: Watched, log: Log | None) -> exp.Select:
    """A row a cell in which a value stands: what is kept of it, the value as `pii` lets it be
    shown, its rate, its confidence and when it is due."""
    spec, dialect = watched.spec, watched.dialect
    sure = Sure(spec, as_of_node(), dialect, "p")
    joined = nodes.select(
        [
            *(nodes.alias(nodes.column(c, "w"), c) for c in (*CELL_STATE, "shown")),
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
    return judged(joined, sure, (*CELL_STATE, "shown", "rate"), dialect)


def judged(rows: exp.Select, sure: Sure, kept: Sequence[str], dialect: str) -> exp.Select:
    """Rows with what sure.py works out of them."""
    worked = nodes.select(
        [
            *(nodes.alias(nodes.column(c, "p"), c) for c in kept),
            nodes.alias(sure.confidence(), "confidence"),
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
        "shown": nodes.column("shown", "s"),
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
    kept = [nodes.alias(shown.get(c, nodes.column(c, "q")), c) for c in (*CELL_STATE, "shown")]
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
    shown = [nodes.column(c, "u") for c in ("key", "column_name", "digest", "whom", "shown")]
    query = nodes.select(
        [*shown, nodes.alias(nodes.text(""), "rate_of"), nodes.column("verified", "u")],
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


def records_query(watched: Watched) -> exp.Select:
    """A row a record: what is kept of it, the confidence of its least sure value, the first day on
    which something of it is due, and the columns that are."""
    id_ = watched.rule.id
    rows = nodes.select(
        [nodes.column(c) for c in ("key", "changed", "whole")], logical(made(id_, SEEN))
    )
    query = nodes.select(
        [nodes.column("key", "u"), nodes.alias(nodes.column("whole", "u"), "digest")]
    )
    query.set("from_", exp.From(this=nodes.beneath(rows, "u", watched.dialect)))
    entity = FRESHNESS_RECORDS.entity
    whole = (before(id_, RECORDS, "last"), before(id_, RECORDS, "had"), "whole")
    for name, node in standing(query, entity, *whole).items():
        query.append("expressions", nodes.alias(node, name))
    cells = logical(made(id_, CELLS)) if watched.columns else None
    return of_records(query, cells, watched.spec, watched.columns, as_of_node(), watched.dialect)


def of_records(
    records: exp.Select,
    cells: exp.Expr | None,
    spec: FreshnessRule,
    columns: Sequence[str],
    as_of: exp.Expr,
    dialect: str,
) -> exp.Select:
    """Records with what their cells come to. `cells`: a relation with those of cells_query."""
    sure = Sure(spec, as_of, dialect, "r")
    shown: list[exp.Expr] = [nodes.alias(nodes.column(c, "r"), c) for c in RECORD_STATE]
    survey = sure.survey()
    if cells is None:
        none = nodes.cast(nodes.null(), "decimal(5, 4)")
        found = [none, survey, nodes.cast(nodes.null(), "text")]
    else:
        confidence = nodes.cases(
            [
                (
                    nodes.present(nodes.column("bad", "c")),
                    nodes.cast(nodes.number(0), "decimal(5, 4)"),
                ),
                (nodes.is_null(nodes.column("unsure", "c")), nodes.column("least", "c")),
            ]
        )
        due = nodes.call("least", nodes.column("due", "c"), survey)
        found = [confidence, due, nodes.column("ask", "c")]
    for name, node in zip(("confidence", "due", "ask"), found, strict=True):
        shown.append(nodes.alias(node, name))
    shown.append(nodes.alias(sure.is_due(survey.copy()), "whole"))
    query = nodes.select(shown, nodes.beneath(records, "r", dialect))
    if cells is not None:
        least = nodes.subquery(_least(cells, columns), "c")
        nodes.left_join(
            query, least, nodes.equal(nodes.column("key", "c"), nodes.column("key", "r"))
        )
    return query


def _least(cells: exp.Expr, columns: Sequence[str]) -> exp.Select:
    """Of each record: the least confidence, whether a value is bad or not to be told, the first day
    on which one is due, and those that are, in the order of the rule."""
    bad = nodes.equal(nodes.column("result"), nodes.text("bad"))
    unsure = nodes.is_null(nodes.column("confidence"))
    listed = []
    for column in columns:
        here = nodes.every(
            [nodes.column("is_due"), nodes.equal(nodes.column("column_name"), nodes.text(column))]
        )
        named = exp.Max(this=nodes.when(here, nodes.text(f", {column}")))
        listed.append(nodes.paren(exp.Coalesce(this=named, expressions=[nodes.text("")])))
    ask = nodes.call("nullif", nodes.concat(listed), nodes.text(""))
    shown = {
        "least": exp.Min(this=nodes.column("confidence")),
        "bad": exp.Max(this=nodes.when(bad, nodes.number(1))),
        "unsure": exp.Max(this=nodes.when(unsure, nodes.number(1))),
        "due": exp.Min(this=nodes.column("due")),
        "ask": nodes.call("substr", ask, nodes.number(3)),
    }
    query = nodes.select(
        [nodes.column("key"), *(nodes.alias(n, c) for c, n in shown.items())], cells
    )
    return nodes.group_by(query, [nodes.column("key")])


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
