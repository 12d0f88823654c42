"""Conditions that come out the same whatever a row holds: they judge nothing."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql.casts import can_fail
from cdmq.sql.fitting import strip, type_at
from cdmq.sql.functions import table
from cdmq.sql.outcomes import outcomes
from cdmq.sql.problem import CONSTANT, SqlProblem


def check_must(tree: exp.Expr, missing_fails: bool) -> None:
    """Raise SqlProblem where every row would pass, or none could."""
    found = outcomes(tree)
    if True not in found:
        raise SqlProblem(
            CONSTANT, "this is never true: no row could pass", "write what holds for a good row"
        )
    may_fail = found - {True} if missing_fails or may_be_unjudged(tree) else found & {False}
    if not may_fail:
        raise SqlProblem(
            CONSTANT,
            "this is never false: the rule could never fail",
            "write what holds for a good row, and not for a bad one",
        )


def check_where(tree: exp.Expr) -> None:
    """Raise SqlProblem where no row is let in, or every row."""
    found = outcomes(tree)
    if True not in found:
        raise SqlProblem(
            CONSTANT,
            "this is never true: no row would be let in",
            "write what holds for the rows that are meant",
        )
    if found == {True}:
        raise SqlProblem(
            CONSTANT,
            "this is always true: it leaves no row out",
            "leave where: out, or write what holds for the rows that are meant",
        )


def may_be_unjudged(tree: exp.Expr) -> bool:
    """Some value can make a cast, a division or a function fail: such a row is flagged."""
    for node in tree.walk():
        if isinstance(node, exp.Div | exp.IntDiv | exp.Mod):
            return True
        if type(node) is exp.Cast and can_fail(
            type_at(node.this), node.args["to"], strip(node.this)
        ):
            return True
        if isinstance(node, exp.Anonymous) and node.name in table() and table()[node.name].may_fail:
            return True
    return False
