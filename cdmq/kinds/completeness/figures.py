"""What a run says of all scores together: figures, and how many records have none."""

from __future__ import annotations

from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.kinds.completeness.query import read
from cdmq.kinds.completeness.words import CompletenessRule
from cdmq.kinds.conditions import Conditions
from cdmq.kinds.facts.numbers import quotient, rounded
from cdmq.sql import nodes
from cdmq.sql.logical import logical

MEAN, MEDIAN = "mean", "median"


def share_of(point: str) -> str:
    """The figure that says how many in 100 of those to whom a point applies meet it."""
    return f"share of {point}"


def figures_query(spec: CompletenessRule, made: str, dialect: str) -> exp.Select:
    """A row a figure: `figure` and `value`, which is NULL where nothing is scored. `made` has the
    rows of scores_query."""
    score = nodes.cast(nodes.column("score"), "double")
    median = exp.WithinGroup(
        this=exp.PercentileCont(this=nodes.number("0.5")),
        expression=exp.Order(expressions=[exp.Ordered(this=score.copy())]),
    )
    found: dict[str, exp.Expr] = {
        MEAN: _ratio(nodes.cast(exp.Sum(this=nodes.column("score")), "double"), _score_count()),
        MEDIAN: median,
    }
    for i, point in enumerate(spec.points):
        met = nodes.every([nodes.column(f"a{i}"), exp.Not(this=nodes.column(f"u{i}"))])
        hundred = exp.Mul(this=_count(met), expression=nodes.cast(nodes.number(100), "double"))
        found[share_of(point)] = _ratio(hundred, _count(nodes.column(f"a{i}")))
    wide = nodes.select(
        [nodes.alias(node, f"f{i}") for i, node in enumerate(found.values())], logical(made)
    )
    names = exp.Array(expressions=[nodes.text(name) for name in found])
    values = exp.Array(
        expressions=[
            nodes.cast(rounded(nodes.column(f"f{i}", "w"), dialect), "double")
            for i in range(len(found))
        ]
    )
    return nodes.select(
        [
            nodes.alias(nodes.call("unnest", names), "figure"),
            nodes.alias(nodes.call("unnest", values), "value"),
        ],
        nodes.beneath(wide, "w", dialect),
    )


def counts_query(made: str, rows: Rows, conditions: Conditions) -> exp.Select:
    """One row: `tested` (the records that the rule is about), `scored` (those with a score),
    `without` (those to whom no point applies) and `unnamed` (those without a key of their own)."""
    readable = _all(rows.relation, nodes.all_of([conditions.where, read(conditions)]))
    score = nodes.column("score")
    shown = {
        "tested": _all(rows.relation, conditions.where),
        "scored": _all(made, nodes.present(score)),
        "without": _all(made, nodes.is_null(score.copy())),
        "unnamed": exp.Sub(this=readable, expression=_all(made, None)),
    }
    return nodes.select([nodes.alias(node, name) for name, node in shown.items()])


def _all(relation: str, where: exp.Expr | None) -> exp.Expr:
    count = exp.Count(this=exp.Star())
    return exp.Subquery(this=nodes.select([count], logical(relation), where))


def _count(condition: exp.Expr) -> exp.Expr:
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=condition))


def _score_count() -> exp.Expr:
    return exp.Count(this=nodes.column("score"))


def _ratio(part: exp.Expr, whole: exp.Expr) -> exp.Expr:
    """NULL where the whole is nothing."""
    some = nodes.call("nullif", nodes.cast(whole, "double"), nodes.number(0))
    return quotient(part, some)
