"""When an expression is NULL, said as cheaply as it can be."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql.functions import PASSES_NULL, table

_STRICT = (
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Neg,
    exp.Paren,
    exp.Not,
)
_NEVER = (exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ)


def never_null(tree: exp.Expr) -> bool:
    """It is true or false whatever the row holds, as `company IS NOT NULL` is."""
    if isinstance(tree, exp.Paren | exp.Not):
        return never_null(tree.this)
    if isinstance(tree, exp.And | exp.Or):
        return never_null(tree.left) and never_null(tree.right)
    return isinstance(tree, _NEVER)


def strict(tree: exp.Expr) -> bool:
    """It is NULL exactly where one of its columns is: nothing in it hides or makes a NULL."""
    if isinstance(tree, exp.Column | exp.Literal | exp.Boolean):
        return True
    if isinstance(tree, _STRICT):
        return all(strict(part) for part in tree.iter_expressions())
    if isinstance(tree, exp.Anonymous):
        row = table().get(tree.name)
        passes = row is not None and row.nulls == PASSES_NULL and not row.may_fail
        return passes and all(strict(part) for part in tree.expressions)
    return False
