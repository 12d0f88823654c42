"""What a form gives back, what a form is, and the nodes they are built from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field
from sqlglot import exp

from cdmq.sql.dialects import dialect_of
from cdmq.sql.patterns import found

Option = exp.Expr | str
Options = Mapping[str, Option]

#: An option that names a column of the dataset: it reaches the form as an expression.
ColumnName = Annotated[str, Field(min_length=1, json_schema_extra={"cdmq": "column"})]


class NoOptions(BaseModel):
    """A form without words of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Lookup:
    """A reference table joined to the dataset's rows: LEFT JOIN, at most one match per row.

    `on` may use the columns of the lookups that stand before it.
    """

    table: str
    alias: str
    on: exp.Expr


@dataclass(frozen=True)
class Layer:
    """A query over the rows beneath: the lookups joined, the columns added to the rows."""

    lookups: tuple[Lookup, ...]
    columns: tuple[tuple[str, exp.Expr], ...]


@dataclass(frozen=True)
class Tidied:
    """The standard form of a value: NULL where the value is NULL or can't be brought to it.

    `layers` come first, each over the one before, and `value` and `lookups` speak of their
    columns. Only `layered` gives them.
    """

    value: exp.Expr
    lookups: tuple[Lookup, ...] = ()
    layers: tuple[Layer, ...] = ()


class Form(Protocol):
    """A form is a module: its docstring is the manual page, `tidy` builds the expression.

    `already(value, dialect)`, where a module has it, is a cheap condition that is true only for
    values which `tidy` gives back as they are: most are, and are spared the work.
    """

    NAME: str
    SEMANTICS: int
    OPTIONS: type[BaseModel]
    __doc__: str | None

    def tidy(self, value: exp.Expr, options: Options, dialect: str, alias: str) -> Tidied: ...


Shape = Literal["text", "integer"]


def text(value: str) -> exp.Expr:
    """A text literal."""
    return exp.Literal.string(value)


def number(value: int) -> exp.Expr:
    """A whole number."""
    return exp.Literal.number(value)


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A call by the very name both engines know, so that no dialect rewrites it."""
    return exp.Anonymous(this=name, expressions=[a.copy() for a in arguments])


def as_text(value: exp.Expr) -> exp.Expr:
    """`value` as text, whatever the column's type."""
    return exp.Cast(this=value.copy(), to=exp.DataType.build("text"))


def equal(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """left = right"""
    return exp.EQ(this=left.copy(), expression=right.copy())


def joined(*parts: exp.Expr) -> exp.Expr:
    """The parts one after the other, NULL if one is NULL."""
    first, *rest = parts
    node = first.copy()
    for part in rest:
        node = exp.DPipe(this=node, expression=part.copy(), safe=False)
    return exp.Paren(this=node)


def case(*branches: tuple[exp.Expr, exp.Expr], otherwise: exp.Expr | None = None) -> exp.Expr:
    """CASE WHEN ... THEN ... [ELSE ...] END"""
    ifs = [exp.If(this=when.copy(), true=then.copy()) for when, then in branches]
    return exp.Case(ifs=ifs, default=otherwise.copy() if otherwise else None)


def none_if_empty(value: exp.Expr) -> exp.Expr:
    """NULL in place of the empty text."""
    return call("nullif", value, text(""))


def replace_all(value: exp.Expr, pattern: str, by: str) -> exp.Expr:
    """Every match of `pattern` replaced; groups are written \\1."""
    return call("regexp_replace", value, text(pattern), text(by), text("g"))


def matches(value: exp.Expr, pattern: str, dialect: str) -> exp.Expr:
    """True where `pattern` is found in the value."""
    return found(value.copy(), pattern, dialect)


def extract(value: exp.Expr, pattern: str, dialect: str, group: int = 0) -> exp.Expr:
    """The first match (or its only group); NULL if there is none or it is empty.

    Groups that are not asked for are written (?:...): an engine may take the first that it sees.
    """
    return none_if_empty(dialect_of(dialect).patterns.extract(value.copy(), text(pattern), group))


def char_class(points: Iterable[int | tuple[int, int]], dialect: str) -> str:
    """A bracket expression of code points, as escapes that can be read in the SQL."""
    one = dialect_of(dialect).patterns.escaped
    parts = [one(p) if isinstance(p, int) else f"{one(p[0])}-{one(p[1])}" for p in points]
    return "[" + "".join(parts) + "]"


def octets(value: exp.Expr, dialect: str) -> exp.Expr:
    """The bytes of a text in UTF-8: as many as characters where it is plain ASCII."""
    return call(dialect_of(dialect).texts.octets, value)


def bound(
    value: exp.Expr, body: Callable[[exp.Expr], exp.Expr], name: str, dialect: str
) -> exp.Expr:
    """`body` of `value`, which is computed once however often `body` speaks of it.

    A column is computed already.
    """
    if isinstance(value, exp.Column):
        return body(value)
    return dialect_of(dialect).queries.once(value, body, name)
