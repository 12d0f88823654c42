"""What a function takes, and what an argument that it does not take is told."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql.fitting import NO_TEXT, as_moment, exact_word, how_to_cast, type_at, word
from cdmq.sql.functions import table
from cdmq.sql.problem import TYPES, SqlProblem, say, start
from cdmq.sql.types import Type


def argument(node: exp.Expr, i: int, arg: exp.Expr, type_: Type) -> Type:
    """The argument's type; a written-out ISO text is taken for the date it is."""
    expected = table()[node.name].arg(i)
    if type_ in expected.types or type_ == "unknown":
        return type_
    if type_ == "text" and "date" in expected.types and isinstance(arg, exp.Literal):
        return type_at(as_moment(arg, (node, i), "date"))
    if type_ == "double" and "text" in expected.types:
        raise SqlProblem(
            TYPES,
            f"{say(arg)} is a double, which {node.name} cannot write",
            NO_TEXT,
            start(arg),
        )
    names = sorted({word(t) for t in expected.types})
    wanted = " or ".join(names) if len(names) < 4 else "something else"
    raise SqlProblem(
        TYPES,
        f"{say(arg)} is {exact_word(type_, expected.types)}; {node.name} needs {wanted}",
        how_to_cast(arg, type_, expected.types),
        start(arg),
    )
