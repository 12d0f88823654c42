"""Conditions over figures, judged in plain Python: comparisons, and what joins them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlglot import exp

from cdmq.sql.constants import NULL, constant
from cdmq.sql.fitting import strip

World = Mapping[str, Any]
SIGNS: dict[type[exp.Expr], Any] = {
    exp.EQ: lambda a, b: a == b,
    exp.NEQ: lambda a, b: a != b,
    exp.LT: lambda a, b: a < b,
    exp.LTE: lambda a, b: a <= b,
    exp.GT: lambda a, b: a > b,
    exp.GTE: lambda a, b: a >= b,
}


class NotTold(Exception):
    """A condition is more than comparisons of figures with each other and with constants."""


def holds(tree: exp.Expr, world: World) -> bool:
    return _condition(tree, world) is True


def _condition(node: exp.Expr, world: World) -> bool | None:
    node = strip(node)
    if isinstance(node, exp.Not):
        inner = _condition(node.this, world)
        return None if inner is None else not inner
    if isinstance(node, exp.And | exp.Or):
        found = {_condition(n, world) for n in (node.left, node.right)}
        wanted = isinstance(node, exp.Or)
        return wanted if wanted in found else None if None in found else not wanted
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return value_of(node.this, world) is None
    if type(node) in SIGNS:
        return _compare(node.this, type(node), node.expression, world)
    if isinstance(node, exp.Between):
        ends = ((exp.GTE, node.args["low"]), (exp.LTE, node.args["high"]))
        parts = {_compare(node.this, sign, end, world) for sign, end in ends}
        return False if False in parts else None if None in parts else True
    if isinstance(node, exp.In) and node.expressions:
        parts = {_compare(node.this, exp.EQ, e, world) for e in node.expressions}
        return True if True in parts else None if None in parts else False
    raise NotTold


def _compare(a: exp.Expr, sign: type[exp.Expr], b: exp.Expr, world: World) -> bool | None:
    left, right = value_of(a, world), value_of(b, world)
    if left is None or right is None:
        return None
    if type(left) is not type(right):
        raise NotTold
    return bool(SIGNS[sign](left, right))


def value_of(node: exp.Expr, world: World) -> Any:
    node = strip(node)
    if isinstance(node, exp.Column):
        if node.name.lower() not in world:
            raise NotTold
        return world[node.name.lower()]
    value = constant(node)
    if value is NULL:
        return None
    if not isinstance(value, Decimal | str):
        raise NotTold
    return value
