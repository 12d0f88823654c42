"""Casts and numbers on DuckDB."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql.cast_types import FORMS
from cdmq.sql.dialects.dialect import Casts, Numbers
from cdmq.sql.functions.build import both, call, op, text, try_cast, when
from cdmq.sql.types import Type


def _from_text(node: exp.Expr, type_: Type, target: str) -> exp.Expr:
    form = call("regexp_full_match", node, text(FORMS[type_][1:-1]))
    if type_ in ("date", "timestamp"):
        form = both(form, exp.Not(this=call("starts_with", node.copy(), text("0000"))))
    value = try_cast(node.copy(), target)
    if type_ == "double":
        form = both(form, call("isfinite", value.copy()))
    return when(form, value)


def _quotient(a: exp.Expr, b: exp.Expr) -> exp.Expr:
    return op(exp.IntDiv, a, b)


CASTS = Casts(
    tries=True,
    guard="TRY",
    never_raise=frozenset({"nfc_normalize"}),
    all_digits=True,
    from_text=_from_text,
)
NUMBERS = Numbers(
    whole="BIGINT",
    calculated="HUGEINT",
    hold_fractions=False,
    quotient=_quotient,
    infinity_moves=False,
)
