"""compile: the records that a rule of freshness watches, with what their values come to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from cdmq.kinds.freshness.log import Log
from cdmq.kinds.freshness.names import CELLS, HEARD, RECORD_STATE, RECORDS, SEEN, before, made
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
    _tried(query, id_, log, watched.columns)
    cells = logical(made(id_, CELLS)) if watched.columns else None
    return of_records(query, cells, watched.spec, watched.columns, as_of_node(), watched.dialect)


def _tried(query: exp.Select, rule: str, log: Log | None, columns: Sequence[str]) -> None:
    """Joins to records, the rows of `u`, on how many days somebody tried in vain to prove a value
    since it was last proved right or wrong, and when last; and when people last answered that
    something of it is right."""
    tried = nodes.subquery(_counted(_in_vain(rule, log, columns)), "t")
    right = nodes.subquery(_answered(rule), "y")
    for joined, alias in ((tried, "t"), (right, "y")):
        on = nodes.equal(nodes.column("key", alias), nodes.column("key", "u"))
        nodes.left_join(query, joined, on)
    tries = exp.Coalesce(this=nodes.column("tries", "t"), expressions=[nodes.number(0)])
    shown = {
        "tries": nodes.cast(tries, "bigint"),
        "last_try": nodes.column("last_try", "t"),
        "answered": nodes.column("answered", "y"),
    }
    for name, node in shown.items():
        query.append("expressions", nodes.alias(node, name))


def _counted(tries: exp.Query) -> exp.Select:
    at = nodes.column("at", "v")
    days = exp.Distinct(expressions=[nodes.cast(at, "date")])
    shown = [
        nodes.column("key", "v"),
        nodes.alias(exp.Count(this=days), "tries"),
        nodes.alias(exp.Max(this=at.copy()), "last_try"),
    ]
    query = nodes.select(shown, nodes.subquery(tries, "v"))
    return nodes.group_by(query, [nodes.column("key", "v")])


def _answered(rule: str) -> exp.Select:
    last = nodes.alias(exp.Max(this=nodes.column("at")), "answered")
    reached = nodes.column("reached")
    query = nodes.select([nodes.column("key"), last], logical(made(rule, HEARD)), reached)
    return nodes.group_by(query, [nodes.column("key")])


def _in_vain(rule: str, log: Log | None, columns: Sequence[str]) -> exp.Query:
    """A row a try of a value since it was proved: `key` and `at`."""
    reached = nodes.subquery(_answered(rule), "y")
    heard = nodes.select(
        [nodes.column(c, "h") for c in ("key", "column_name", "at")],
        nodes.subquery(nodes.select([exp.Star()], logical(made(rule, HEARD))), "h"),
        nodes.every(
            [
                exp.Not(this=nodes.column("reached", "h")),
                nodes.any_of(
                    [
                        nodes.is_null(nodes.column("answered", "y")),
                        exp.GT(
                            this=nodes.column("at", "h"), expression=nodes.column("answered", "y")
                        ),
                    ]
                ),
            ]
        ),
    )
    mine = nodes.equal(nodes.column("key", "y"), nodes.column("key", "h"))
    nodes.left_join(heard, reached, mine)
    if not columns:
        return heard
    said = [_since_proof("w"), _same("key")]
    named = nodes.any_of([nodes.is_null(nodes.column("column_name", "w")), _same("column_name")])
    found = [_of_cells(rule, heard, [*said, named])]
    if log is not None:
        other = nodes.equal(nodes.column("result", "w"), nodes.text("other"))
        mine = nodes.equal(nodes.column("key", "w"), nodes.column("ckey", "c"))
        about = [mine, _same("column_name"), _same("value")]
        found.append(_of_cells(rule, log.tries(), [_since_proof("w"), other, *about]))
    return nodes.union_all(found)


def _of_cells(rule: str, tries: exp.Select, on: Sequence[exp.Expr]) -> exp.Select:
    cells = nodes.subquery(nodes.select([exp.Star()], logical(made(rule, CELLS))), "c")
    query = nodes.select([nodes.column("key", "c"), nodes.column("at", "w")], cells)
    query.append("joins", exp.Join(this=nodes.subquery(tries, "w"), on=nodes.every(on)))
    return query


def _same(column: str) -> exp.Expr:
    return nodes.equal(nodes.column(column, "w"), nodes.column(column, "c"))


def _since_proof(of: str) -> exp.Expr:
    proof = nodes.column("proof", "c")
    later = exp.GT(
        this=nodes.cast(nodes.column("at", of), "date"), expression=nodes.cast(proof, "date")
    )
    return nodes.any_of([nodes.is_null(proof.copy()), later])


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
