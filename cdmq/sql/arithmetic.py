"""The type of a sum, a difference, a product or a quotient, and what cannot be one."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql.fitting import moment_arithmetic, number_remedy, wider, word
from cdmq.sql.problem import TYPES, SqlProblem, say, start
from cdmq.sql.types import NUMBERS, Type


def arithmetic(node: exp.Expr, left: Type, right: Type) -> Type:
    """The type of what is worked out of values of two types."""
    result = moment_arithmetic(node, left, right)
    if result is not None:
        return result
    for side, type_ in ((node.this, left), (node.expression, right)):
        if type_ not in NUMBERS and type_ != "unknown":
            raise SqlProblem(
                TYPES,
                f"{say(side)} is {word(type_)}, not a number",
                number_remedy(side, type_),
                start(side),
            )
    whole = isinstance(node, exp.IntDiv)
    for side, type_ in ((node.this, left), (node.expression, right)):
        if whole and type_ not in ("integer", "unknown"):
            raise SqlProblem(
                TYPES,
                f"// divides whole numbers, and {say(side)} is {type_}",
                "write floor(a / b)",
                start(side),
            )
        if isinstance(node, exp.Mod) and type_ == "double":
            raise SqlProblem(
                TYPES,
                f"% needs exact numbers, and {say(side)} is a double",
                "write floor() or round() first",
                start(side),
            )
    if isinstance(node, exp.Div):
        return "double"
    return "integer" if whole else wider(left, right) or "unknown"
