"""How the functions that rules may call are written for PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.sql.dialects.postgres.dates import DATES
from cdmq.sql.dialects.postgres.texts import PATTERNS, by_code_point, cased
from cdmq.sql.functions.build import call, cast, is_not_null, number, op, text, this_named, when
from cdmq.sql.functions.regex import written
from cdmq.sql.types import Type

if TYPE_CHECKING:
    from cdmq.sql.functions import Render

#: What DuckDB's trim takes for a space: the Unicode class Zs. Tabs and line ends stay.
_SPACES = (
    "\u0020\u00a0\u1680\u2000\u2001\u2002\u2003\u2004"
    "\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)


def _lower(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return by_code_point(cased("lower", args[0]))


def _upper(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return call("replace", by_code_point(cased("upper", args[0])), text("ß"), text("ẞ"))


def _trimming(name: str) -> Render:
    def render(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
        return call(name, args[0], args[1] if len(args) > 1 else text(_SPACES))

    return render


def _with_counts(name: str) -> Render:
    """Its counts are of the smaller type."""

    def render(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
        return call(name, args[0], *[cast(a, "INTEGER") for a in args[1:]])

    return render


def _length(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return call("char_length", args[0])


def _contains(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return op(exp.GT, call("strpos", args[0], args[1]), number(0))


def _ends_with(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    tail = call("right", args[0], call("char_length", args[1]))
    return op(exp.EQ, tail, args[1])


def _concat(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return call(
        "concat", *[cast(a, "TEXT") if t != "text" else a for a, t in zip(args, types, strict=True)]
    )


def _choosing(name: str) -> Render:
    def render(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
        return call(name, *([by_code_point(a) for a in args] if "text" in types else args))

    return render


def _abs(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return call("abs", cast(args[0], "NUMERIC") if types[0] == "integer" else args[0])


def _pattern(args: list[exp.Expr], groups: bool) -> str:
    return written(args[1].name, PATTERNS.anchors, groups)


def _matches(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return op(exp.RegexpLike, by_code_point(args[0]), text(_pattern(args, False)))


def _full_match(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    whole = text("^(?:" + _pattern(args, False) + ")$")
    return op(exp.RegexpLike, by_code_point(args[0]), whole)


def _replace(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return call("regexp_replace", by_code_point(args[0]), text(_pattern(args, True)), *args[2:])


def _extract(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    """regexp_substr gives NULL where nothing is found; DuckDB's regexp_extract an empty text."""
    group = args[2].name if len(args) > 2 else "0"
    where = (number(1), number(1), text(""), number(group))
    found = call("regexp_substr", by_code_point(args[0]), text(_pattern(args, True)), *where)
    given = is_not_null(exp.Paren(this=args[0].copy()))
    return when(given, call("coalesce", found, text("")))


#: PostgreSQL's own, by the names that rules call them.
_OWN = ("coalesce", "lpad", "nullif", "replace", "rpad", "split_part", "starts_with", "strpos")
FUNCTIONS: Mapping[str, Render] = {
    **{name: this_named(name) for name in _OWN},
    **DATES,
    "abs": _abs,
    "concat": _concat,
    "contains": _contains,
    "ends_with": _ends_with,
    "greatest": _choosing("greatest"),
    "least": _choosing("least"),
    "left": _with_counts("left"),
    "length": _length,
    "lower": _lower,
    "ltrim": _trimming("ltrim"),
    "regexp_extract": _extract,
    "regexp_full_match": _full_match,
    "regexp_matches": _matches,
    "regexp_replace": _replace,
    "right": _with_counts("right"),
    "rtrim": _trimming("rtrim"),
    "substring": _with_counts("substr"),
    "trim": _trimming("btrim"),
    "upper": _upper,
}
