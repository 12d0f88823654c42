"""Casts and numbers on PostgreSQL."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql.cast_types import FORMS
from cdmq.sql.dialects.dialect import Casts, Numbers
from cdmq.sql.dialects.postgres.texts import by_code_point
from cdmq.sql.functions.build import call, cast, op, text, when
from cdmq.sql.types import Type

_NAMES = {
    "integer": "bigint",
    "double": "double precision",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}


def _from_text(node: exp.Expr, type_: Type, target: str) -> exp.Expr:
    form = op(exp.RegexpLike, by_code_point(node), text(FORMS[type_]))
    name = target.lower().replace("decimal", "numeric") if type_ == "decimal" else _NAMES[type_]
    valid = call("pg_input_is_valid", cast(node.copy(), "TEXT"), text(name))
    return when(form, when(valid, cast(cast(node.copy(), "TEXT"), target)))


def _quotient(a: exp.Expr, b: exp.Expr) -> exp.Expr:
    return call("div", a, b)


CASTS = Casts(
    tries=False,
    guard=None,
    never_raise=frozenset(),
    all_digits=False,  # 15 of them; all stand in its text
    from_text=_from_text,
)
NUMBERS = Numbers(
    whole="NUMERIC",
    calculated="NUMERIC",
    hold_fractions=True,
    quotient=_quotient,
    infinity_moves=True,
)
