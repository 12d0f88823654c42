"""Functions that choose between values."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql.functions import ANY, Arg, Function
from cdmq.sql.functions.build import by_code_point, call
from cdmq.sql.types import Type


def _greatest_pg(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return call("greatest", *([by_code_point(a) for a in args] if "text" in types else args))


def _least_pg(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return call("least", *([by_code_point(a) for a in args] if "text" in types else args))


_IGNORES = "NULL arguments are passed over; NULL when all are NULL"

FUNCTIONS = (
    Function(
        "coalesce",
        (Arg("value", ANY), Arg("value", ANY)),
        "same",
        "The first argument that is not NULL.",
        "NULL when all arguments are NULL",
        repeats=True,
        also=("ifnull", "nvl"),
        node="Coalesce",
        keys=("this", "expressions"),
    ),
    Function(
        "nullif",
        (Arg("value", ANY), Arg("value", ANY)),
        "same",
        "NULL when both are equal, else the first.",
        "NULL when the first is NULL",
        node="Nullif",
        keys=("this", "expression"),
    ),
    Function(
        "greatest",
        (Arg("value", ANY), Arg("value", ANY)),
        "same",
        "The largest of the arguments; text by code point.",
        _IGNORES,
        repeats=True,
        node="Greatest",
        keys=("this", "expressions"),
        postgres=_greatest_pg,
    ),
    Function(
        "least",
        (Arg("value", ANY), Arg("value", ANY)),
        "same",
        "The smallest of the arguments; text by code point.",
        _IGNORES,
        repeats=True,
        node="Least",
        keys=("this", "expressions"),
        postgres=_least_pg,
    ),
)
