"""Small builders of sqlglot nodes: every SQL fragment of the functions table is made with these."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.sql.types import Type

if TYPE_CHECKING:
    from cdmq.sql.functions import Render

_NEEDS_NO_BRACKETS = (
    exp.Column,
    exp.Literal,
    exp.Anonymous,
    exp.Paren,
    exp.Null,
    exp.Boolean,
    exp.Cast,
    exp.TryCast,
    exp.Case,
    exp.Identifier,
    exp.Placeholder,
    exp.Parameter,
)


def call(name: str, *args: exp.Expr) -> exp.Expr:
    """A function call, rendered as it stands on every engine."""
    return exp.Anonymous(this=name, expressions=list(args))


def wrap(node: exp.Expr) -> exp.Expr:
    """`node`, in brackets where an operator around it could pull it apart."""
    return node if isinstance(node, _NEEDS_NO_BRACKETS) else exp.Paren(this=node)


def op(cls: type[exp.Expr], left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """An operator between two nodes, each in brackets where it needs them."""
    if cls is exp.Div:
        return exp.Div(this=wrap(left), expression=wrap(right), typed=True, safe=False)
    return cls(this=wrap(left), expression=wrap(right))


def text(value: str) -> exp.Expr:
    return exp.Literal.string(value)


def number(value: int | str) -> exp.Expr:
    """A number literal; a negative one as a negation in brackets."""
    written = str(value)
    if written.startswith("-"):
        return exp.Paren(this=exp.Neg(this=exp.Literal.number(written[1:])))
    return exp.Literal.number(written)


def null() -> exp.Expr:
    return exp.Null()


@lru_cache(maxsize=256)
def _type(name: str) -> exp.DataType:
    if name == "NUMERIC":
        return exp.DataType(this=exp.DType.DECIMAL)
    return exp.DataType.build(name, dialect="duckdb")


def data_type(name: str) -> exp.DataType:
    """A fresh node for a type by DuckDB's name."""
    return _type(name).copy()


def cast(node: exp.Expr, to: str) -> exp.Expr:
    """A plain cast; `to` is DuckDB's name of the type (`BIGINT`, `DECIMAL(10, 2)`).

    `NUMERIC` is PostgreSQL's number without limits.
    """
    return exp.Cast(this=node, to=data_type(to))


def try_cast(node: exp.Expr, to: str) -> exp.Expr:
    """TRY_CAST, where the engine has it (`casts.tries` of its dialect)."""
    return exp.TryCast(this=node, to=data_type(to), safe=True)


def is_null(node: exp.Expr) -> exp.Expr:
    return exp.Is(this=wrap(node), expression=exp.Null())


def is_not_null(node: exp.Expr) -> exp.Expr:
    return exp.Not(this=is_null(node))


def _fold(cls: type[exp.Expr], nodes: tuple[exp.Expr, ...]) -> exp.Expr:
    whole = nodes[0]
    for node in nodes[1:]:
        whole = cls(this=wrap(whole), expression=wrap(node))
    return whole


def both(*nodes: exp.Expr) -> exp.Expr:
    return _fold(exp.And, nodes)


def either(*nodes: exp.Expr) -> exp.Expr:
    return _fold(exp.Or, nodes)


def when(condition: exp.Expr, then: exp.Expr, otherwise: exp.Expr | None = None) -> exp.Expr:
    """CASE WHEN condition THEN then [ELSE otherwise] END."""
    return exp.Case(ifs=[exp.If(this=condition, true=then)], default=otherwise)


def collated(node: exp.Expr, collation: str) -> exp.Expr:
    """Text that is compared by a collation, whatever the column's or the database's."""
    return exp.Paren(
        this=exp.Collate(this=wrap(node), expression=exp.to_identifier(collation, quoted=True))
    )


def this_named(name: str) -> Render:
    """A function of the engine's that is called as rules call it."""

    def render(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
        return call(name, *args)

    return render
