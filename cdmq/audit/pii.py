"""How a personal value is stored and shown: plain, mask, hash or omit."""

from __future__ import annotations

from sqlglot import exp

from cdmq.spec import Pii
from cdmq.sql import nodes


def stored(value: exp.Expr, how: Pii) -> exp.Expr:
    """`value` (a text) as the audit tables hold it."""
    if how == "omit":
        return nodes.cast(nodes.null(), "text")
    if how == "hash":
        return nodes.call("md5", value)
    if how == "mask":
        first = nodes.call("left", value, nodes.number(1))
        short = exp.LT(this=exp.Length(this=value.copy()), expression=nodes.number(4))
        stars = nodes.concat([first, nodes.text("***")])
        hidden = nodes.when(short, nodes.text("***"), stars)
        return nodes.when(nodes.present(value.copy()), hidden)
    return value


def masked(value: str | None) -> str | None:
    """A value as it is shown outside the warehouse."""
    if not value:
        return value
    return "***" if len(value) < 4 else value[0] + "***"
