"""How types fit together: which values compare, what a cast may do, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from cdmq.problems import did_you_mean
from cdmq.project.column_names import folded
from cdmq.sql.functions.build import cast
from cdmq.sql.literals import literal
from cdmq.sql.problem import COLUMN, MOMENT, TYPES, SqlProblem, say, start
from cdmq.sql.refusals import moment_value, not_a_moment
from cdmq.sql.types import MOMENTS, NUMBERS, Type, a

#: Where the type of a node is kept: `node.meta[TYPE]`.
TYPE = "cdmq_type"

CASTS: dict[str, frozenset[str]] = {
    "text": frozenset({"text", "integer", "decimal", "double", "boolean", "date", "timestamp"}),
    "integer": frozenset({"text", "integer", "decimal", "double"}),
    "decimal": frozenset({"text", "integer", "decimal", "double"}),
    "double": frozenset({"integer", "double"}),
    "boolean": frozenset({"text", "boolean"}),
    "date": frozenset({"text", "date", "timestamp"}),
    "timestamp": frozenset({"text", "date", "timestamp"}),
    "interval": frozenset(),
    "uuid": frozenset({"text"}),
    "time": frozenset({"text"}),
}
NO_TEXT = "a double has no one text form; compare the number, or declare the column decimal"
CAST_REMEDIES: dict[tuple[str, str], str] = {
    ("double", "text"): NO_TEXT,
    ("double", "decimal"): "compare with round(...); or declare the column decimal",
    ("boolean", "integer"): "write: case when ... then 1 else 0 end",
}
_WORDS: dict[str, str] = {
    "integer": "a number",
    "decimal": "a number",
    "double": "a number",
    "date": "a date",
    "boolean": "true or false",
    "timestamp": "a timestamp",
    "interval": "an interval",
    "text": "text",
    "unknown": "unknown",
    "uuid": "a uuid",
    "time": "a time",
}


def word(type_: Type) -> str:
    return _WORDS.get(type_) or a(type_)


def type_at(node: exp.Expr) -> Type:
    """The type that was found for a node; `unknown` when it was never bound."""
    type_: Type = node.meta.get(TYPE, "unknown")
    return type_


def clone(node: exp.Expr) -> exp.Expr:
    """A copy of a tree; faster than sqlglot's own, which copies positions deeply."""
    args: dict[str, object] = {}
    for key, value in node.args.items():
        if isinstance(value, exp.Expr):
            value = clone(value)
        elif isinstance(value, list):
            value = [clone(v) if isinstance(v, exp.Expr) else v for v in value]
        args[key] = value
    new = type(node)(**args)
    new.meta.update(node.meta)
    return new


def strip(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def exact_word(type_: Type, wanted: frozenset[Type]) -> str:
    close = type_ in NUMBERS and bool(wanted & NUMBERS)
    return f"a {type_}" if close else word(type_)


def how_to_cast(node: exp.Expr, type_: Type, wanted: frozenset[Type]) -> str:
    for to in ("text", "date", "integer", "decimal"):
        if to in wanted and to in CASTS.get(type_, ()):
            return f"write: {say(node)}::{to}"
    return ""


def number_remedy(node: exp.Expr, type_: Type) -> str:
    if type_ == "text":
        return f"write: {say(node)}::integer, or ::decimal(18, 2)"
    return "add an interval: interval '3 months'" if type_ in MOMENTS else ""


def item(owner: exp.Expr, key: str | int) -> exp.Expr:
    found: exp.Expr = owner.expressions[key] if isinstance(key, int) else owner.args[key]
    return found


def as_moment(node: exp.Expr, place: tuple[exp.Expr, str | int], wanted: Type) -> exp.Expr:
    """A text literal as a date (or timestamp, when it has a time); others as they are."""
    inner = strip(node)
    if not (isinstance(inner, exp.Literal) and inner.is_string):
        return node
    type_: Type = "date" if moment_value(inner.name, "date") else "timestamp"
    value = moment_value(inner.name, type_)
    if value is None:
        raise not_a_moment(inner, wanted, start(inner))
    literal = exp.Literal.string(value)
    literal.meta.update(inner.meta)
    new = cast(literal, type_.upper())
    new.meta[TYPE] = type_
    literal.meta[TYPE] = "text"
    owner, key = place
    if isinstance(key, int):
        owner.set("expressions", new, index=key)
    else:
        owner.set(key, new)
    return new


def as_quoted(node: exp.Expr, place: tuple[exp.Expr, str | int], wanted: Type) -> exp.Expr:
    """A text literal as a uuid or a time; others as they are."""
    inner = strip(node)
    if not (isinstance(inner, exp.Literal) and inner.is_string):
        return node
    written = literal(inner.name, wanted)
    if written is None:
        example = "'12:30:00'" if wanted == "time" else "'123e4567-e89b-12d3-a456-426614174000'"
        raise SqlProblem(
            MOMENT, f"{say(inner)} is no {wanted}", f"write it as {example}", start(inner)
        )
    new = cast(exp.Literal.string(written.this.name), wanted.upper())
    new.meta[TYPE] = wanted
    new.this.meta.update(inner.meta)
    new.this.meta[TYPE] = "text"
    owner, key = place
    if isinstance(key, int):
        owner.set("expressions", new, index=key)
    else:
        owner.set(key, new)
    return new


def wider(a: Type, b: Type) -> Type | None:
    """The type that holds both; None when they do not fit together."""
    if a == b or b == "unknown":
        return a
    if a == "unknown":
        return b
    if a in NUMBERS and b in NUMBERS:
        order: list[Type] = ["integer", "decimal", "double"]
        return order[max(order.index(a), order.index(b))]
    return "timestamp" if a in MOMENTS and b in MOMENTS else None


def differ(a: exp.Expr, b: exp.Expr) -> SqlProblem:
    return SqlProblem(
        TYPES,
        f"{say(a)} is {word(type_at(a))}, {say(b)} is {word(type_at(b))}",
        _one_type(a, b) or _one_type(b, a),
        start(a),
    )


def _one_type(one: exp.Expr, other: exp.Expr) -> str:
    """How a text and a value of another type are made to fit."""
    type_, literal, value = type_at(other), strip(one), strip(other)
    if type_at(one) != "text" or type_ not in NUMBERS | MOMENTS:
        return ""
    if isinstance(literal, exp.Literal):
        plain = literal.name.replace(".", "", 1).isdecimal()
        return f"write {literal.name} without quotes" if plain else "use values of one type"
    equal = isinstance(one.parent, exp.EQ | exp.NEQ)  # < goes by letters beside a text
    if isinstance(value, exp.Literal) and equal:
        return f"write '{value.name}' in quotes, or {say(one)}::{type_}"
    return f"write: {say(one)}::{type_}"


def moment_arithmetic(node: exp.Expr, left: Type, right: Type) -> Type | None:
    """Arithmetic with dates; None when no date or interval is in it."""
    if not {left, right} & (MOMENTS | {"interval"}):
        return None
    plus, minus = isinstance(node, exp.Add), isinstance(node, exp.Sub)
    if plus and left == "interval" and right in (*MOMENTS, "unknown"):
        swapped = node.expression, node.this
        node.set("this", swapped[0])
        node.set("expression", swapped[1])
        return "timestamp"
    if (plus or minus) and right == "interval" and left in (*MOMENTS, "unknown"):
        return "timestamp"
    if (plus or minus) and left == "date" and right == "integer":
        return "date"
    if minus and left == "date" and right == "date":
        return "integer"
    remedy = "add an interval: interval '3 months'"
    if minus and left in MOMENTS and right in MOMENTS:
        remedy = f"write: date_diff('day', {say(node.expression)}, {say(node.this)})"
    raise SqlProblem(
        TYPES,
        f"{say(node.this)} is {word(left)}, {say(node.expression)} is "
        f"{word(right)}: this cannot be calculated",
        remedy,
        start(node),
    )


def resolve(
    name: str,
    columns: Mapping[str, Type],
    by_name: Mapping[str, list[str]],
    place: int,
    *,
    quoted: bool = False,
) -> str:
    """The dataset's column: exactly so named, or else the only one but for case."""
    if name in columns:
        return name
    near = by_name.get(folded(name), [])
    if len(near) == 1:
        return near[0]
    if near:
        several = " and ".join(f"'{n}'" for n in sorted(near))
        raise SqlProblem(
            COLUMN,
            f"'{name}' could be {several}",
            "write the name with its capitals, in double quotes",
            place,
        )
    remedy = did_you_mean(name, columns)
    signs = [c for c in columns if c.startswith(name) and not c.isidentifier()]
    if signs and not quoted:
        remedy = f'a column is called {signs[0]}: write it in double quotes, "{signs[0]}"'
    if quoted:
        remedy = f"double quotes name a column; is it a text, write '{name}'; {remedy}"
    raise SqlProblem(COLUMN, f"there is no column '{name}'", remedy, place)
