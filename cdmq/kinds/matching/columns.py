"""compile: what a matching rule reads of its dataset's records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder, real
from cdmq.kinds.conditions import Conditions
from cdmq.kinds.matching.words import MatchingRule
from cdmq.problems import Problem, did_you_mean
from cdmq.sql import nodes
from cdmq.sql.equality import composed
from cdmq.sql.logical import logical
from cdmq.sql.text_form import text_of
from cdmq.sql.types import OPAQUE, Type, a
from cdmq.standards.whitespace import blank
from cdmq.values import Rule


@dataclass(frozen=True)
class MatchStep:
    """What a matching rule reads: a query of its columns (text or date), over the clean rows."""

    rule: Rule
    types: Mapping[str, Type]
    query: exp.Select


def match_step(
    rule: Rule, rows: Rows, binder: Binder, problems: list[Problem], check_only: bool
) -> MatchStep | None:
    """The query that gives a matching rule its records; None where a column does not fit."""
    assert isinstance(rule.spec, MatchingRule)
    found = list(_problems(rule, rule.spec, rows))
    problems += found
    if found or (rule.where and binder.bound(rule, "where") is None):
        return None
    if check_only:
        return MatchStep(rule, {}, nodes.select([nodes.null()]))
    within = Conditions(rule, binder, rows.behind).where
    types: dict[str, Type] = {}
    shown = []
    for column in rule.spec.columns:
        own = real(column, rows.columns)
        type_ = rows.columns[own]
        types[column] = "date" if type_ == "date" else "text"
        value = nodes.column(own) if type_ == "date" else text_of(nodes.column(own), type_)
        if type_ == "text":  # of which nothing can be seen says nothing about who it is
            seen = exp.Not(this=nodes.paren(blank(nodes.column(own), binder.dialect)))
            value = nodes.when(seen, composed(value, binder.dialect))
        shown.append(nodes.alias(_evidence(value, own, rows, within), column))
    return MatchStep(rule, types, nodes.select(shown, logical(rows.relation)))


def _evidence(value: exp.Expr, column: str, rows: Rows, within: exp.Expr | None) -> exp.Expr:
    """A borrowed cell, and a record that `where` leaves out, say nothing about who it is."""
    conditions = [within.copy()] if within is not None else []
    borrowable = rows.stage.borrowable if rows.stage else ()
    if column in borrowable:
        bit = nodes.number(1 << borrowable.index(column))
        own = exp.BitwiseAnd(this=nodes.column("__borrowed"), expression=bit)
        conditions.append(nodes.equal(own, nodes.number(0)))
    condition = nodes.all_of(conditions)
    return nodes.when(condition, value) if condition is not None else value


def _problems(rule: Rule, spec: MatchingRule, rows: Rows) -> Iterator[Problem]:
    for field, column in spec.named_columns():
        if real(column, rows.columns) not in rows.columns:
            yield Problem(
                rule.spans.get(field, rule.span),
                "CDMQ203",
                f"{rule.dataset} has no column '{column}' (rule {rule.id})",
                did_you_mean(column, rows.columns),
            )
    for field, column in spec.named_columns():
        if column.lower() in ("rid", "key"):
            yield Problem(
                rule.spans.get(field, rule.span),
                "CDMQ222",
                f"the column '{column}' of "
                f"{rule.dataset} has a name that matching keeps for itself (rule "
                f"{rule.id})",
                "rename it in the stack or in a SQL model",
            )
    for column in spec.columns:
        if same := [c for c in spec.columns if c < column and c.lower() == column.lower()]:
            yield Problem(
                rule.span,
                "CDMQ222",
                f"matching does not tell '{same[0]}' from "
                f"'{column}', which differ by case alone (rule {rule.id})",
                "write a column in one way, or rename it in a SQL model",
            )
    for column in spec.columns:
        type_ = rows.columns.get(real(column, rows.columns), "unknown")
        if type_ in OPAQUE:
            yield Problem(
                rule.span,
                "CDMQ247",
                f"{column} is {a(type_)}: records are not matched by it (rule {rule.id})",
                "take what you need out of it in a SQL model",
            )
    for column, what in spec.compare.items():
        type_ = rows.columns.get(real(column, rows.columns), "unknown")
        if (
            (what == "date") != (type_ == "date")
            and what != "exact"
            and type_ not in ("unknown", "text")
        ):
            yield Problem(
                rule.spans.get(f"compare.{column}", rule.span),
                "CDMQ217",
                f"the column {column} is {type_}, it cannot be compared as {what} (rule {rule.id})",
                "compare it as exact, or declare its type in columns:",
            )
