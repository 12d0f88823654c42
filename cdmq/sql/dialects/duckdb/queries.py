"""Queries, aggregates and digests on DuckDB."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from cdmq.sql.dialects.dialect import Digests, Queries
from cdmq.sql.functions.build import call, number, text


def _once(value: exp.Expr, body: Callable[[exp.Expr], exp.Expr], name: str) -> exp.Expr:
    """A lambda over a list of one."""
    each = exp.Lambda(this=body(exp.column(name)), expressions=[exp.to_identifier(name)])
    one = call("list_value", value.copy())
    return call("list_extract", call("list_transform", one, each), number(1))


def _first(value: exp.Order, where: exp.Where) -> exp.Expr:
    return exp.Filter(this=call("first", value), expression=where)


def _json_text(value: exp.Expr, name: str) -> exp.Expr:
    path = '$."' + name.replace('"', '\\"') + '"'
    return call("json_extract_string", value, text(path))


def _unhex(value: exp.Expr) -> exp.Expr:
    return call("unhex", value)


def _hmac(inner: exp.Expr, outer: exp.Expr, message: exp.Expr) -> exp.Expr:
    """`sha256` gives hex."""
    first = call("sha256", exp.DPipe(this=inner, expression=call("encode", message)))
    return call("sha256", exp.DPipe(this=outer, expression=_unhex(first)))


QUERIES = Queries(
    flattens=False,
    once=_once,
    first=_first,
    first_of_lists=True,
    quick_hash="hash",
    json_text=_json_text,
)
DIGESTS = Digests(unhex=_unhex, hmac=_hmac)
