"""Small builders of SQL nodes. Nothing here parses text; names are always quoted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, reduce

from sqlglot import exp

from cdmq.sql.dialects import dialect_of
from cdmq.sql.relation import Relation


def name(text: str) -> exp.Identifier:
    return exp.Identifier(this=text, quoted=True)


def column(text: str, table: str | None = None) -> exp.Column:
    return exp.Column(this=name(text), table=name(table) if table else None)


def table(relation: Relation, alias: str | None = None) -> exp.Table:
    node = exp.Table(
        this=name(relation.name),
        db=name(relation.schema) if relation.schema else None,
        catalog=name(relation.catalog) if relation.catalog else None,
    )
    if alias:
        node.set("alias", exp.TableAlias(this=name(alias)))
    return node


def text(value: str) -> exp.Expr:
    return exp.Literal(this=value, is_string=True)


def number(value: int | float | str) -> exp.Expr:
    written = str(value)
    if written.startswith("-"):
        return exp.Neg(this=exp.Literal(this=written[1:], is_string=False))
    return exp.Literal(this=written, is_string=False)


def null() -> exp.Expr:
    return exp.Null()


def cast(node: exp.Expr, type_: str) -> exp.Cast:
    return exp.Cast(this=node, to=_type(type_).copy())


@cache
def _type(text: str) -> exp.DataType:
    return exp.DataType.build(text, dialect="duckdb")


def alias(node: exp.Expr, as_: str) -> exp.Alias:
    return exp.Alias(this=node, alias=name(as_))


def is_null(node: exp.Expr) -> exp.Expr:
    return exp.Is(this=node, expression=exp.Null())


def present(node: exp.Expr) -> exp.Expr:
    return exp.Not(this=is_null(node))


def paren(node: exp.Expr) -> exp.Expr:
    return node if isinstance(node, exp.Column | exp.Literal | exp.Paren) else exp.Paren(this=node)


def all_of(nodes: Iterable[exp.Expr | None]) -> exp.Expr | None:
    """AND of what is there; None when nothing is."""
    parts = [n for n in nodes if n is not None]
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    return _tree(exp.And, parts)


def _tree(join: type[exp.Binary], parts: Sequence[exp.Expr]) -> exp.Expr:
    """Many parts as a tree of few levels: engines and sqlglot go down it level by level."""
    if len(parts) > _FLAT:
        size = -(-len(parts) // _FLAT)
        parts = [_tree(join, parts[i : i + size]) for i in range(0, len(parts), size)]
    return reduce(lambda a, b: join(this=a, expression=b), [paren(p) for p in parts])


#: So many parts stand side by side.
_FLAT = 16


def every(nodes: Sequence[exp.Expr]) -> exp.Expr:
    """AND of some conditions, of which there is one at least."""
    joined = all_of(nodes)
    assert joined is not None
    return joined


def by_code_point(node: exp.Expr, dialect: str) -> exp.Expr:
    """Text in the order of its code points, whatever the collation of the database."""
    collations = dialect_of(dialect).texts.collations
    if collations is None:
        return node
    return exp.Collate(this=node, expression=name(collations.code_points))


def as_usual(node: exp.Expr, dialect: str) -> exp.Expr:
    """Text that by_code_point put in order, for a table: with the collation of the database."""
    collations = dialect_of(dialect).texts.collations
    if collations is None:
        return node
    return exp.Collate(this=paren(node), expression=name(collations.usual))


def any_of(nodes: Sequence[exp.Expr]) -> exp.Expr:
    if len(nodes) == 1:
        return nodes[0]
    return _tree(exp.Or, nodes)


def all_present(nodes: Sequence[exp.Expr]) -> exp.Expr | None:
    return all_of(present(n) for n in nodes)


def when(condition: exp.Expr, then: exp.Expr, otherwise: exp.Expr | None = None) -> exp.Case:
    return exp.Case(ifs=[exp.If(this=condition, true=then)], default=otherwise)


def cases(
    pairs: Sequence[tuple[exp.Expr, exp.Expr]], otherwise: exp.Expr | None = None
) -> exp.Case:
    return exp.Case(ifs=[exp.If(this=c, true=t) for c, t in pairs], default=otherwise)


def call(function: str, *arguments: exp.Expr) -> exp.Anonymous:
    """A function that the engine knows under this name."""
    return exp.Anonymous(this=function, expressions=list(arguments))


def equal(a: exp.Expr, b: exp.Expr) -> exp.Expr:
    return exp.EQ(this=paren(a), expression=paren(b))


def one_of(node: exp.Expr, values: Sequence[str]) -> exp.Expr:
    """The condition that a text is one of some, of which there is one at least."""
    if len(values) == 1:
        return equal(node, text(values[0]))
    return exp.In(this=node, expressions=[text(v) for v in values])


def distinct_from(a: exp.Expr, b: exp.Expr) -> exp.Expr:
    return exp.NullSafeNEQ(this=paren(a), expression=paren(b))


def same(a: exp.Expr, b: exp.Expr) -> exp.Expr:
    return exp.NullSafeEQ(this=paren(a), expression=paren(b))


def concat(parts: Sequence[exp.Expr]) -> exp.Expr:
    """Texts one after the other; NULL if one is NULL."""
    return _tree(exp.DPipe, parts)


def select(
    columns: Sequence[exp.Expr], source: exp.Expr | None = None, where: exp.Expr | None = None
) -> exp.Select:
    node = exp.Select(expressions=list(columns))
    if source is not None:
        node.set("from_", exp.From(this=source))
    if where is not None:
        node.set("where", exp.Where(this=where))
    return node


def subquery(query: exp.Query, as_: str) -> exp.Subquery:
    return exp.Subquery(this=query, alias=exp.TableAlias(this=name(as_)))


def beneath(query: exp.Select, as_: str, dialect: str) -> exp.Subquery:
    """A subquery whose columns are computed once, however often the query above speaks of them.

    An engine that flattens it would compute them each time: OFFSET 0 keeps it apart.
    """
    if dialect_of(dialect).queries.flattens:
        query.set("offset", exp.Offset(expression=number(0)))
    return subquery(query, as_)


def left_join(node: exp.Select, source: exp.Expr, on: exp.Expr) -> exp.Select:
    node.append("joins", exp.Join(this=source, side="LEFT", on=on))
    return node


def group_by(node: exp.Select, keys: Sequence[exp.Expr]) -> exp.Select:
    node.set("group", exp.Group(expressions=list(keys)))
    return node


def union_all(queries: Sequence[exp.Query]) -> exp.Query:
    """UNION ALL of many, as a balanced tree: depth grows with the logarithm."""
    if len(queries) == 1:
        return queries[0]
    middle = len(queries) // 2
    return exp.Union(
        this=union_all(queries[:middle]), expression=union_all(queries[middle:]), distinct=False
    )


def create(
    relation: Relation,
    query: exp.Expr,
    what: str = "TABLE",
    temporary: bool = False,
    replace: bool = False,
) -> exp.Create:
    node = exp.Create(this=table(relation), kind=what, expression=query, replace=replace)
    if temporary:
        node.set("properties", exp.Properties(expressions=[exp.TemporaryProperty()]))
    return node


def drop(relation: Relation, what: str = "TABLE") -> exp.Drop:
    return exp.Drop(tables=[table(relation)], kind=what.upper(), exists=True)


def among(value: exp.Expr, values: exp.Query) -> exp.Exists:
    """Whether `value` is one of a query of one column, as a join that every engine can hash.

    `NOT IN (query)` is none: it asks for each row, which at a million rows never ends. `value`
    may be named as in the rows around it: only the one column stands in between.
    """
    inner = alias_columns(values, "__among", ("__one",))
    return exp.Exists(this=select([number(1)], inner, equal(column("__one", "__among"), value)))


def alias_columns(query: exp.Query, table_name: str, names: Sequence[str]) -> exp.Subquery:
    """A query as a table whose columns are named anew."""
    return exp.Subquery(
        this=query, alias=exp.TableAlias(this=name(table_name), columns=[name(n) for n in names])
    )


def insert(relation: Relation, columns: Sequence[str], query: exp.Expr) -> exp.Insert:
    target = exp.Schema(this=table(relation), expressions=[name(c) for c in columns])
    return exp.Insert(this=target, expression=query)


def comment(relation: Relation, what: str, said: str | None) -> exp.Comment:
    return exp.Comment(
        this=table(relation), kind=what.upper(), expression=null() if said is None else text(said)
    )
