"""When a value could not be judged: the risky parts of a tree, as conditions."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql import casts
from cdmq.sql.fitting import strip, type_at
from cdmq.sql.functions import table
from cdmq.sql.functions.build import both, either, is_not_null, is_null, number, op
from cdmq.sql.lower import Lowering, never_zero


def risks(low: Lowering, node: exp.Expr) -> exp.Expr | None:
    """The condition under which some part of a tree failed on a value; None when none can."""
    if isinstance(node, exp.Case):
        return _case_risks(low, node)
    found = [r for r in (risks(low, n) for n in _children(node)) if r is not None]
    own = _own_risk(low, node)
    if own is not None:
        found.append(own)
    return either(*found) if found else None


def may_fail(node: exp.Expr) -> bool:
    """Whether some part of a tree may fail on a value, whatever the types of columns are."""
    return any(
        type(n) is exp.Cast
        or isinstance(n, exp.Div | exp.IntDiv | exp.Mod)
        or (isinstance(n, exp.Anonymous) and n.name in table() and table()[n.name].may_fail)
        for n in node.walk()
    )


def _children(node: exp.Expr) -> list[exp.Expr]:
    out: list[exp.Expr] = []
    for key, value in node.args.items():
        if key == "to":
            continue
        if isinstance(value, list):
            out.extend(v for v in value if isinstance(v, exp.Expr))
        elif isinstance(value, exp.Expr):
            out.append(value)
    return out


def _case_risks(low: Lowering, node: exp.Expr) -> exp.Expr | None:
    """A branch that was not taken cannot have failed."""
    tests = [r for r in (risks(low, b.this) for b in node.args["ifs"]) if r is not None]
    thens = [risks(low, b.args["true"]) for b in node.args["ifs"]]
    default = node.args.get("default")
    last = None if default is None else risks(low, default)
    if any(thens) or last is not None:
        ifs = [
            exp.If(this=low.node(b.this), true=then or exp.false())
            for b, then in zip(node.args["ifs"], thens, strict=True)
        ]
        tests.append(exp.Case(ifs=ifs, default=last or exp.false()))
    return either(*tests) if tests else None


def _own_risk(low: Lowering, node: exp.Expr) -> exp.Expr | None:
    if isinstance(node, (exp.Div, exp.IntDiv, exp.Mod)):
        if never_zero(node.expression):
            return None
        divisor = low.node(node.expression)
        return both(op(exp.EQ, divisor, number(0)), is_not_null(low.node(node.this)))
    if type(node) is exp.Cast:
        inner = strip(node.this)
        if not casts.can_fail(type_at(node.this), node.args["to"], inner):
            return None
        return both(is_not_null(low.node(node.this)), is_null(low.node(node)))
    if isinstance(node, exp.Anonymous) and node.name in table():
        return _call_risk(low, node)
    return None


def _call_risk(low: Lowering, node: exp.Expr) -> exp.Expr | None:
    if not table()[node.name].may_fail:
        return None
    given = [is_not_null(low.node(a)) for a in node.expressions]
    return both(*given, is_null(low.node(node)))
