"""NULL as a value to compare or reckon with: SQL's oldest trap, refused with what is meant."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql.fitting import strip
from cdmq.sql.problem import NULLS, SqlProblem, say, start

_EQUAL: dict[type[exp.Expr], str] = {
    exp.EQ: "is null",
    exp.NEQ: "is not null",
    exp.LT: "is not null",
    exp.LTE: "is not null",
    exp.GT: "is not null",
    exp.GTE: "is not null",
}
#: Where NULL says what it seems to say.
_FINE = (exp.Is, exp.If, exp.Case, exp.NullSafeEQ, exp.NullSafeNEQ)


def check_nulls(tree: exp.Expr) -> None:
    """Raise SqlProblem where NULL stands as a value that something is compared with."""
    for node in tree.find_all(exp.Null):
        inner: exp.Expr = node
        around = node.parent
        while isinstance(around, exp.Paren | exp.Cast | exp.Alias):
            inner, around = around, around.parent
        if around is not None and not isinstance(around, _FINE) and not _passes_over(around):
            raise _refused(inner, around)
        if isinstance(around, exp.If) and around.this is inner:
            raise SqlProblem(
                NULLS,
                "NULL is never true: this branch is never taken",
                "write a condition",
                start(around),
            )


def _passes_over(around: exp.Expr) -> bool:
    """coalesce takes the first value that is not NULL: it compares nothing."""
    return isinstance(around, exp.Anonymous) and around.name.lower() == "coalesce"


def _refused(null: exp.Expr, around: exp.Expr) -> SqlProblem:
    place = start(around)
    if isinstance(around, exp.In) and around.this is not null:
        value = say(around.this)
        if isinstance(around.parent, exp.Not):
            return SqlProblem(
                NULLS,
                "NOT IN with NULL in its list is never true: nothing is known to differ from NULL",
                f"take null out of the list; write: {value} is not null and {value} not in (...)",
                place,
            )
        return SqlProblem(
            NULLS,
            "NULL in the list of IN is never found: nothing equals NULL",
            f"take null out of the list; write: {value} is null or {value} in (...)",
            place,
        )
    if type(around) in _EQUAL:
        left, right = around.this, around.expression
        value = say(strip(right if left is null else left))
        return SqlProblem(
            NULLS,
            "a comparison with NULL is never true and never false: it is NULL",
            f"write: {value} {_EQUAL[type(around)]}",
            place,
        )
    if isinstance(around, exp.Anonymous):
        return SqlProblem(NULLS, f"NULL says nothing to {around.name}()", "leave it out", place)
    return SqlProblem(
        NULLS,
        "what is made with NULL is NULL: it is never true and never false",
        "write is null or is not null to ask for a missing value",
        place,
    )
