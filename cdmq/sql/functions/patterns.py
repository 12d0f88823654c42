"""Functions that search text by a regular expression of our portable subset."""

from __future__ import annotations

from sqlglot import exp

from cdmq.sql.functions import TEXT, Arg, Function
from cdmq.sql.functions.build import Dialect, by_code_point, call, op, text
from cdmq.sql.functions.regex import translate
from cdmq.sql.types import Type


def _pattern(args: list[exp.Expr], dialect: Dialect, groups: bool) -> exp.Expr:
    return text(translate(args[1].name, dialect, groups=groups))


def _matches(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return call("regexp_matches", args[0], _pattern(args, "duckdb", False))


def _pg_matches(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return op(exp.RegexpLike, by_code_point(args[0]), _pattern(args, "postgres", False))


def _full(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return call("regexp_full_match", args[0], _pattern(args, "duckdb", False))


def _pg_full(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    whole = text("^(?:" + _pattern(args, "postgres", False).name + ")$")
    return op(exp.RegexpLike, by_code_point(args[0]), whole)


def _replace(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return call("regexp_replace", args[0], _pattern(args, "duckdb", True), *args[2:])


def _pg_replace(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return call(
        "regexp_replace", by_code_point(args[0]), _pattern(args, "postgres", True), *args[2:]
    )


def _extract(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    return call("regexp_extract", args[0], _pattern(args, "duckdb", True), *args[2:])


def _pg_extract(args: list[exp.Expr], types: list[Type]) -> exp.Expr:
    """regexp_substr gives NULL where nothing is found; DuckDB's regexp_extract an empty text."""
    group = args[2].name if len(args) > 2 else "0"
    one = exp.Literal.number(1)
    found = call(
        "regexp_substr",
        by_code_point(args[0]),
        _pattern(args, "postgres", True),
        one,
        one.copy(),
        text(""),
        exp.Literal.number(group),
    )
    missing = exp.Is(this=exp.Paren(this=args[0].copy()), expression=exp.Null())
    return exp.Case(
        ifs=[exp.If(this=exp.Not(this=missing), true=call("coalesce", found, text("")))]
    )


_TEXT = Arg("text", TEXT)
_PATTERN = Arg("pattern", TEXT, constant=True)

FUNCTIONS = (
    Function(
        "regexp_matches",
        (_TEXT, _PATTERN),
        "boolean",
        "True when the pattern is found anywhere in the text; anchors are written.",
        also=("regexp_like",),
        duckdb=_matches,
        postgres=_pg_matches,
    ),
    Function(
        "regexp_full_match",
        (_TEXT, _PATTERN),
        "boolean",
        "True when the pattern matches the whole text.",
        duckdb=_full,
        postgres=_pg_full,
    ),
    Function(
        "regexp_replace",
        (
            _TEXT,
            _PATTERN,
            Arg("to", TEXT, constant=True),
            Arg("options", TEXT, constant=True, optional=True),
        ),
        "text",
        "The text with the first match replaced; with 'g' every one. \\1 is the first group.",
        duckdb=_replace,
        postgres=_pg_replace,
    ),
    Function(
        "regexp_extract",
        (_TEXT, _PATTERN, Arg("group", frozenset({"integer"}), constant=True, optional=True)),
        "text",
        "The first match, or one group of it; empty text when there is none.",
        duckdb=_extract,
        postgres=_pg_extract,
    ),
)
