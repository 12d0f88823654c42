"""Functions that choose between values."""

from __future__ import annotations

from cdmq.sql.functions import ANY, Arg, Function

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
    ),
)
