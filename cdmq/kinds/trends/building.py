"""Small builders for a long query of named tables, each over those before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.relation import Relation

#: Where a window of rows begins or ends: so many before, or all of them.
Bound = int | None


class Tables:
    """The tables of one statement, in order; a table may read itself (it grows row by row)."""

    def __init__(self) -> None:
        self._made: list[exp.CTE] = []

    def add(self, name: str, query: exp.Query, columns: Sequence[str] = ()) -> None:
        alias = exp.TableAlias(this=nodes.name(name), columns=[nodes.name(c) for c in columns])
        self._made.append(exp.CTE(this=query, alias=alias))

    def under(self, query: exp.Select) -> exp.Select:
        """The statement: a query over them."""
        query.set("with_", exp.With(expressions=self._made, recursive=True))
        return query


def read(name: str, alias: str) -> exp.Table:
    return nodes.table(Relation(name), alias)


def pick(alias: str, *names: str, **shown: exp.Expr) -> list[exp.Expr]:
    """Columns of a table as they are, and others by their names."""
    return [
        *(nodes.alias(nodes.column(n, alias), n) for n in names),
        *(nodes.alias(node, name) for name, node in shown.items()),
    ]


def join(query: exp.Select, table: exp.Expr, *on: exp.Expr, left: bool = False) -> exp.Select:
    side = {"side": "LEFT"} if left else {}
    query.append("joins", exp.Join(this=table, on=nodes.every(list(on)), **side))
    return query


def same(a: str, b: str, *names: str) -> list[exp.Expr]:
    return [nodes.equal(nodes.column(n, a), nodes.column(n, b)) for n in names]


def window(
    aggregate: exp.Expr,
    alias: str,
    by: Sequence[str],
    order: str,
    rows: tuple[Bound, Bound] | None = None,
    ahead: bool = False,
) -> exp.Window:
    """An aggregate over the rows of `by` in their order: all until the present one, or those from
    so many before until so many before; `ahead`: all that follow."""
    spec: dict[str, exp.Expr | str] = {"kind": "ROWS"}
    if ahead:
        spec |= {"start": nodes.number(1), "start_side": "FOLLOWING"}
        spec |= {"end": "UNBOUNDED", "end_side": "FOLLOWING"}
    else:
        begin, end = rows or (None, 0)
        spec |= {"start": "UNBOUNDED" if begin is None else nodes.number(begin)}
        spec |= {"start_side": "PRECEDING"}
        spec |= (
            {"end": nodes.number(end), "end_side": "PRECEDING"} if end else {"end": "CURRENT ROW"}
        )
    return exp.Window(
        this=aggregate,
        partition_by=[nodes.column(n, alias) for n in by],
        order=exp.Order(expressions=[exp.Ordered(this=nodes.column(order, alias))]),
        spec=exp.WindowSpec(**spec),
    )


def where(aggregate: exp.Expr, condition: exp.Expr) -> exp.Filter:
    return exp.Filter(this=aggregate, expression=exp.Where(this=condition))


def or_zero(node: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=node, expressions=[nodes.number(0)])


def surely(condition: exp.Expr) -> exp.Expr:
    """What is not known is not so."""
    return exp.Coalesce(this=nodes.paren(condition), expressions=[exp.false()])


def times(node: exp.Expr, factor: int) -> exp.Expr:
    return exp.Mul(this=nodes.paren(node), expression=nodes.number(factor))


def plus(a: exp.Expr, b: exp.Expr | int) -> exp.Expr:
    if isinstance(b, int):
        if b < 0:
            return exp.Sub(this=nodes.paren(a), expression=nodes.number(-b))
        b = nodes.number(b)
    return exp.Add(this=nodes.paren(a), expression=nodes.paren(b))


def minus(a: exp.Expr, b: exp.Expr) -> exp.Expr:
    return exp.Sub(this=nodes.paren(a), expression=nodes.paren(b))


def positive(node: exp.Expr) -> exp.Expr:
    return exp.GT(this=nodes.paren(node), expression=nodes.number(0))


def by_name(columns: Mapping[str, exp.Expr]) -> list[exp.Expr]:
    return [nodes.alias(node, name) for name, node in columns.items()]
