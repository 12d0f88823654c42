"""A rule whose `where` and check leave nothing to find, or let nothing pass."""

from __future__ import annotations

from sqlglot import exp

from cdmq.checks.accepted_range import AcceptedRange
from cdmq.checks.accepted_values import AcceptedValues
from cdmq.checks.base import Check
from cdmq.checks.relationships import Relationships
from cdmq.kinds.binding import Binder
from cdmq.kinds.validation.context import RuleContext
from cdmq.sql.fitting import TYPE, clone
from cdmq.sql.never import may_be_unjudged
from cdmq.sql.outcomes import Plan
from cdmq.sql.types import Type
from cdmq.values import Rule

#: A longer list is not looked at: each value is tried with each.
_LONGEST = 100


def check_where_and_check(
    rule: Rule, columns: tuple[str, ...], at: RuleContext, binder: Binder
) -> None:
    """Raise CdmqError where no row that `where` lets in can fail, or none can pass."""
    if isinstance(rule.spec, Relationships) and rule.spec.to == rule.dataset:
        _check_own_column(rule, rule.spec, columns[0], at)
    bound = binder.bound(rule, "where") if "where" in rule.expressions else None
    check = rule.spec
    assert isinstance(check, Check)
    if bound is None or check.SCOPE == "dataset":
        return
    failing = _failing(check, columns, at, binder, rule)
    if failing is None:
        return
    plan = Plan()
    let_in, of_where = plan.add(bound.expression.tree)
    fails, of_check = plan.add(failing)
    worlds = plan.worlds(of_where | of_check)
    if worlds is None or not of_where & of_check:
        return
    found = {fails(w) for w in worlds if let_in(w)}
    if not found:
        return
    unjudged = check.NAME == "expression" and may_be_unjudged(failing)
    if True not in found and not (unjudged and None in found):
        raise at.problem(
            "where",
            "CDMQ318",
            "no row that 'where' lets in could fail: the rule can never fail",
            "leave out what where: says of the same columns",
        )
    if found == {True}:
        raise at.problem(
            "where",
            "CDMQ318",
            "every row that 'where' lets in fails: where: says "
            "which rows are tested, not which are wrong",
            "leave where: out; the check finds these rows by itself",
        )


def _check_own_column(rule: Rule, check: Relationships, column: str, at: RuleContext) -> None:
    field = at.other_column(check.to, check.field).name
    if field == column and rule.stage == "clean":
        raise at.problem(
            "to",
            "CDMQ246",
            f"{column} is looked for in itself: no value could fail",
            "name another column with field:, or another dataset",
        )


def _failing(
    check: Check, columns: tuple[str, ...], at: RuleContext, binder: Binder, rule: Rule
) -> exp.Expr | None:
    """When a row fails, in the language of rules; what is not understood stands as itself."""
    if check.NAME == "expression":
        bound = binder.bound(rule, "must")
        if bound is None:
            return None
        tree = clone(bound.expression.tree)
        if check.missing == "fail":
            return exp.Not(
                this=exp.Paren(this=exp.Is(this=exp.Paren(this=tree), expression=exp.true()))
            )
        return exp.Not(this=exp.Paren(this=tree))
    if not columns:
        return None
    values = [_column(c, at.type_of(c)) for c in columns]
    missing = _any_of([exp.Is(this=v.copy(), expression=exp.Null()) for v in values])
    if check.NAME == "not_null":
        return missing
    found = _found(check, values[0], at)
    if check.NAME == "not_blank" or check.missing == "fail":
        return exp.Or(this=missing, expression=exp.Paren(this=found))
    return exp.And(this=exp.Not(this=exp.Paren(this=missing)), expression=exp.Paren(this=found))


def _found(check: Check, value: exp.Expr, at: RuleContext) -> exp.Expr:
    """When a value that is there fails."""
    type_: Type = value.meta[TYPE]
    if isinstance(check, AcceptedValues):
        allowed = check.allowed(at)
        if len(allowed) <= _LONGEST:
            return exp.Not(
                this=exp.In(
                    this=value.copy(), expressions=[at.literal(v, type_, "values") for v in allowed]
                )
            )
    if isinstance(check, AcceptedRange) and "as_of" not in (check.min, check.max):
        below, above = (exp.LT, exp.GT) if check.inclusive else (exp.LTE, exp.GTE)
        return _any_of(
            [
                cls(this=value.copy(), expression=at.literal(end, type_, field))
                for cls, field in ((below, "min"), (above, "max"))
                if (end := getattr(check, field)) is not None
            ]
        )
    unknown = exp.Column(this=exp.to_identifier(" fails "))  # no column has such a name
    unknown.meta[TYPE] = "boolean"
    return unknown


def _column(name: str, type_: Type) -> exp.Expr:
    node = exp.Column(this=exp.to_identifier(name, quoted=True))
    node.meta[TYPE] = type_
    return node


def _any_of(parts: list[exp.Expr]) -> exp.Expr:
    found = parts[0]
    for part in parts[1:]:
        found = exp.Or(this=found, expression=part)
    return exp.Paren(this=found)
