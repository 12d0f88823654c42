"""compile: the records that a rule of freshness watches, with what their values come to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cdmq.kinds.freshness.log import Log
from cdmq.kinds.freshness.names import CELLS, RECORD_STATE, RECORDS, SEEN, before, made
from cdmq.kinds.freshness.standing import standing
from cdmq.kinds.freshness.sure import Sure
from cdmq.kinds.freshness.tables import FRESHNESS_RECORDS
from cdmq.kinds.freshness.watched import Watched
from cdmq.kinds.freshness.words import FreshnessRule
from cdmq.sql import nodes
from cdmq.sql.logical import as_of_node, logical


def records_query(watched: Watched, log: Log | None) -> exp.Select:
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
    _tried(query, id_, log)
    cells = logical(made(id_, CELLS)) if watched.columns else None
    return of_records(query, cells, watched.spec, watched.columns, as_of_node(), watched.dialect)


def _tried(query: exp.Select, rule: str, log: Log | None) -> None:
    """Joins to records, the rows of `u`, on how many days somebody tried in vain to prove a value
    since it was last proved right or wrong, and when last."""
    shown: dict[str, exp.Expr] = {"tries": nodes.number(0), "last_try": nodes.null()}
    if log is not None:
        nodes.left_join(
            query,
            nodes.subquery(_in_vain(rule, log), "t"),
            nodes.equal(nodes.column("key", "t"), nodes.column("key", "u")),
        )
        tries = exp.Coalesce(this=nodes.column("tries", "t"), expressions=[nodes.number(0)])
        shown = {"tries": tries, "last_try": nodes.column("last_try", "t")}
    types = {"tries": "bigint", "last_try": "timestamp"}
    for name, node in shown.items():
        query.append("expressions", nodes.alias(nodes.cast(node, types[name]), name))


def _in_vain(rule: str, log: Log) -> exp.Select:
    at, proof = nodes.column("at", "w"), nodes.column("proof", "c")
    day = nodes.cast(at.copy(), "date")
    since = exp.GT(this=day, expression=nodes.cast(proof, "date"))
    query = nodes.select(
        [
            nodes.alias(nodes.column("key", "c"), "key"),
            nodes.alias(exp.Count(this=exp.Distinct(expressions=[day.copy()])), "tries"),
            nodes.alias(exp.Max(this=at), "last_try"),
        ],
        nodes.subquery(nodes.select([exp.Star()], logical(made(rule, CELLS))), "c"),
        nodes.every(
            [
                nodes.equal(nodes.column("result", "w"), nodes.text("other")),
                nodes.any_of([nodes.is_null(proof.copy()), since]),
            ]
        ),
    )
    same = [nodes.equal(nodes.column("key", "w"), nodes.column("ckey", "c"))]
    same += [
        nodes.equal(nodes.column(c, "w"), nodes.column(c, "c")) for c in ("column_name", "value")
    ]
    tries = nodes.subquery(log.tries(), "w")
    query.append("joins", exp.Join(this=tries, on=nodes.every(same)))
    return nodes.group_by(query, [nodes.column("key", "c")])


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
