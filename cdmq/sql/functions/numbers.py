"""Functions on numbers."""

from __future__ import annotations

from decimal import Decimal

from sqlglot import exp

from cdmq.sql.functions import INTEGER, NUMBER, Arg, Function
from cdmq.sql.functions.build import call, cast, number, op, when
from cdmq.sql.types import Type

_NUMBER = Arg("number", NUMBER)
#: Doubles from here on are whole numbers.
_WHOLE = Decimal(2**53)


def rounded(value: exp.Expr, places: int) -> exp.Expr:
    """A double, a half away from zero, in steps that every engine and release does alike.

    Engines' own `round` of a double differs: half to even, or by the digits that it prints.
    """
    scale = cast(number(10**places), "DOUBLE")
    scaled = op(exp.Mul, value, scale) if places else value
    size = call("abs", scaled)
    half = op(exp.GTE, op(exp.Sub, size, call("floor", size.copy())), number("0.5"))
    near = when(half, call("ceil", size.copy()), call("floor", size.copy()))
    signed = op(exp.Mul, call("sign", scaled.copy()), near)
    result = op(exp.Div, signed, scale.copy()) if places else signed
    # Above it a double has no digit at that place, and to scale it could overflow.
    most = cast(number(format(_WHOLE / Decimal(10**places), "f")), "DOUBLE")
    return when(op(exp.LT, call("abs", value.copy()), most), result, value.copy())


def _round(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    places = int(args[1].name) if len(args) > 1 else 0
    if types[0] == "integer":
        return args[0]
    return (
        rounded(args[0], places) if types[0] == "double" else call("round", args[0], number(places))
    )


def _ceil(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return args[0] if types[0] == "integer" else call("ceil", args[0])


def _floor(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return args[0] if types[0] == "integer" else call("floor", args[0])


def _sign(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return cast(call("sign", args[0]), "BIGINT")


def _double(node: exp.Expr) -> exp.Expr:
    return cast(node, "DOUBLE")


def _sqrt(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return when(op(exp.GTE, args[0], number(0)), call("sqrt", _double(args[0].copy())))


def _ln(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return when(op(exp.GT, args[0], number(0)), call("ln", _double(args[0].copy())))


def _places(value: str) -> str | None:
    return None if 0 <= int(value) <= 10 else "round to 0 to 10 places"


FUNCTIONS = (
    Function(
        "abs",
        (_NUMBER,),
        "same",
        "The number without its sign.",
        node="Abs",
        keys=("this",),
    ),
    Function(
        "round",
        (_NUMBER, Arg("places", INTEGER, constant=True, optional=True, check=_places)),
        "first",
        "The number to `places` decimals; a half goes away from zero.",
        node="Round",
        keys=("this", "decimals"),
        render=_round,
    ),
    Function(
        "floor",
        (_NUMBER,),
        "same",
        "The largest whole number not above.",
        node="Floor",
        keys=("this",),
        render=_floor,
    ),
    Function(
        "ceil",
        (_NUMBER,),
        "same",
        "The smallest whole number not below.",
        also=("ceiling",),
        node="Ceil",
        keys=("this",),
        render=_ceil,
    ),
    Function(
        "sign",
        (_NUMBER,),
        "integer",
        "-1, 0 or 1.",
        node="Sign",
        keys=("this",),
        render=_sign,
    ),
    Function(
        "sqrt",
        (_NUMBER,),
        "double",
        "The square root.",
        "NULL for NULL, and (could not be judged) below zero",
        node="Sqrt",
        keys=("this",),
        render=_sqrt,
        may_fail=True,
    ),
    Function(
        "ln",
        (_NUMBER,),
        "double",
        "The natural logarithm.",
        "NULL for NULL, and (could not be judged) for zero and below",
        node="Ln",
        keys=("this",),
        render=_ln,
        may_fail=True,
    ),
)
