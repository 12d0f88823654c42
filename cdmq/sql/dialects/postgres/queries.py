"""Queries, aggregates and digests on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from cdmq.sql.dialects.dialect import Digests, Queries
from cdmq.sql.functions.build import call, cast, number, text


def _once(value: exp.Expr, body: Callable[[exp.Expr], exp.Expr], name: str) -> exp.Expr:
    """A subquery that OFFSET 0 keeps from being flattened."""
    inner = exp.Select(
        expressions=[exp.alias_(value.copy(), name)], offset=exp.Offset(expression=number(0))
    )
    source = exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier(f"{name}_of")))
    whole = body(exp.column(name))
    return exp.Subquery(this=exp.Select(expressions=[whole], from_=exp.From(this=source)))


def _first(value: exp.Order, where: exp.Where) -> exp.Expr:
    """With one order for many columns it sorts once."""
    listed = exp.Filter(this=call("array_agg", value), expression=where)
    return exp.Bracket(this=exp.Paren(this=listed), expressions=[number(1)], offset=1)


def _json_text(value: exp.Expr, name: str) -> exp.Expr:
    return call("json_extract_path_text", cast(value, "JSON"), text(name))


def _unhex(value: exp.Expr) -> exp.Expr:
    return call("decode", value, text("hex"))


def _hmac(inner: exp.Expr, outer: exp.Expr, message: exp.Expr) -> exp.Expr:
    """`sha256` gives bytes."""
    said = call("convert_to", message, text("UTF8"))
    first = call("sha256", exp.DPipe(this=inner, expression=said))
    second = call("sha256", exp.DPipe(this=outer, expression=first))
    return call("encode", second, text("hex"))


QUERIES = Queries(
    flattens=True,
    once=_once,
    first=_first,
    first_of_lists=False,  # of an array of arrays none is picked
    quick_hash=None,
    json_text=_json_text,
)
DIGESTS = Digests(unhex=_unhex, hmac=_hmac)
