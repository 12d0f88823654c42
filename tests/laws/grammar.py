"""Random tables and random rules, drawn by hypothesis: what the laws are tried on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st
from pydantic import ValidationError

from cdmq.checks import checks as all_checks
from cdmq.kinds.binding import Binder
from cdmq.kinds.validation.never import check_where_and_check
from cdmq.problems import Problem
from cdmq.sql.expressions import SqlProblem, bind, parse
from cdmq.sql.literals import literal
from cdmq.sql.never import check_where

COLUMNS = {
    "id": "integer",
    "t": "text",
    "u": "text",
    "n": "integer",
    "m": "decimal",
    "f": "double",
    "d": "date",
    "b": "boolean",
    "w": "timestamp",
}
TOKENS = ["", "n/a", "0", "-", "1900-01-01", "true", "1.5"]
TEXTS = [
    "",
    " ",
    "a",
    "A",
    "ab",
    "a b",
    " a",
    "n/a",
    "0",
    "12",
    "-3",
    "1e3",
    "x'y",
    'q"q',
    "ä",
    "Ä",
    "ß",
    "\U0001f600",
    "é",
    "a\nb",
    "\t",
    "%",
    "_",
    "\\",
    "a/b",
    "2024-02-30",
    "2024-01-01",
    "a@b.de",
    "A@B.DE ",
    "İ",
    "\u00a0",
    "[",
    "NULL",
    "$1",
    "{{x}}",
]
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.sampled_from(TEXTS) | st.text("aAbB01 -'\"ä/", max_size=4),
    "integer": st.sampled_from([0, 1, -1, 2, 12, 100, 2**31, -(2**40), 10**15])
    | st.integers(-20, 20),
    "decimal": st.sampled_from(
        [
            Decimal(x)
            for x in ("0", "1.5", "-1.5", "0.000001", "99999999999.5", "-0.1", "100", "2.50", "1")
        ]
    ),
    "double": st.sampled_from(
        [
            0.0,
            -0.0,
            0.1,
            1.5,
            -2.5,
            1e-7,
            1e15,
            1e16,
            123456789.125,
            1e300,
            float("nan"),
            float("inf"),
            float("-inf"),
            2.0,
            1 / 3,
        ]
    ),
    "date": st.sampled_from(
        [
            dt.date(2024, 2, 29),
            dt.date(1900, 1, 1),
            dt.date(2026, 11, 1),
            dt.date(2026, 11, 2),
            dt.date(1, 1, 1),
            dt.date(9999, 12, 31),
            dt.date(2023, 12, 31),
            dt.date(1970, 1, 1),
        ]
    ),
    "boolean": st.booleans(),
    "timestamp": st.sampled_from(
        [
            dt.datetime(2026, 11, 1, 12),
            dt.datetime(2026, 11, 1, 12, 0, 0, 1),
            dt.datetime(2024, 2, 29, 23, 59, 59, 999999),
            dt.datetime(1900, 1, 1),
            dt.datetime(1969, 12, 31, 23, 59, 59),
        ]
    ),
}


@cache
def rows() -> st.SearchStrategy[list[list[Any]]]:
    key = st.none() | st.integers(0, 6)
    cells = [st.one_of(st.none(), VALUES[t], VALUES[t]) for c, t in COLUMNS.items() if c != "id"]
    return st.lists(st.tuples(key, *cells).map(list), max_size=8)


#: As a constant in a rule: braces would be Jinja's.
_WRITTEN = [t for t in TEXTS if "{" not in t]


# expressions ---------------------------------------------------------------------------------


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_PATTERNS = [
    "a",
    "^a",
    "b$",
    "[0-9]+",
    "^\\d+$",
    "\\s",
    "\\w+",
    "(?i)A",
    "a|b",
    "^.$",
    "^[^a]*$",
    "ä",
    "\\.",
    "\\bA\\b",
    "(a)(b)?",
    "^.{2,3}$",
]
_PARTS = ["year", "month", "day", "week", "quarter"]


@cache
def texts(depth: int) -> st.SearchStrategy[str]:
    leaf = st.sampled_from(["t", "u", "raw(t)"]) | st.sampled_from(_WRITTEN).map(quoted)
    if depth == 0:
        return leaf
    inner, size = texts(depth - 1), st.integers(0, 3).map(str)
    return st.one_of(
        leaf,
        st.builds(
            "{}({})".format, st.sampled_from(["upper", "lower", "trim", "ltrim", "rtrim"]), inner
        ),
        st.builds("{}({}, {})".format, st.sampled_from(["left", "right"]), inner, size),
        st.builds("substring({}, {}, {})".format, inner, st.integers(1, 3).map(str), size),
        st.builds("replace({}, {}, {})".format, inner, inner, inner),
        st.builds("concat({}, {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("coalesce({}, {})".format, inner, inner),
        st.builds("nullif({}, {})".format, inner, inner),
        st.builds("greatest({}::text, {})".format, inner, inner),
        st.builds("lpad({}, 3, '*')".format, inner),
        st.builds("split_part({}, '/', {})".format, inner, st.integers(1, 2).map(str)),
        st.builds(
            "regexp_replace({}, {}, 'z', 'g')".format, inner, st.sampled_from(_PATTERNS).map(quoted)
        ),
        st.builds("regexp_extract({}, {})".format, inner, st.sampled_from(_PATTERNS).map(quoted)),
        st.builds("CASE WHEN {} THEN {} ELSE {} END".format, conditions(depth - 1), inner, inner),
        st.builds("CAST({} AS VARCHAR)".format, wholes(depth - 1)),
    )


@cache
def wholes(depth: int) -> st.SearchStrategy[str]:
    leaf = st.sampled_from(["n", "id"]) | st.integers(-3, 12).map(str)
    if depth == 0:
        return leaf
    inner = wholes(depth - 1)
    return st.one_of(
        leaf,
        st.builds("length({})".format, texts(depth - 1)),
        st.builds("strpos({}, {})".format, texts(depth - 1), texts(0)),
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*%"), inner),
        st.builds("({} // {})".format, inner, inner),
        st.builds("abs({})".format, inner),
        st.builds("sign({})".format, inner),
        st.builds("-({})".format, inner),
        st.builds(
            "{}({})".format,
            st.sampled_from(["year", "month", "day", "isodow", "quarter"]),
            dates(depth - 1),
        ),
        st.builds(
            "date_diff('{}', {}, {})".format,
            st.sampled_from(_PARTS),
            dates(depth - 1),
            dates(depth - 1),
        ),
        st.builds(
            "date_sub('{}', {}, {})".format,
            st.sampled_from(_PARTS[:3]),
            dates(depth - 1),
            dates(depth - 1),
        ),
        st.builds("CAST({} AS INTEGER)".format, texts(depth - 1)),
        st.builds("TRY_CAST({} AS BIGINT)".format, texts(depth - 1)),
    )


@cache
def numbers(depth: int) -> st.SearchStrategy[str]:
    leaf = st.one_of(st.sampled_from(["m", "f"]), wholes(0), st.sampled_from(["0.5", "2.25"]))
    if depth == 0:
        return leaf
    inner = numbers(depth - 1)
    return st.one_of(
        leaf,
        wholes(depth - 1),
        st.builds("({} {} {})".format, inner, st.sampled_from("+-"), inner),
        st.builds("({} / {})".format, inner, inner),
        st.builds("{}({})".format, st.sampled_from(["abs", "floor", "ceil"]), inner),
        st.builds("round({}, {})".format, st.sampled_from(["m", "n"]), st.integers(0, 2).map(str)),
        st.builds("coalesce({}, {})".format, inner, inner),
    )


@cache
def dates(depth: int) -> st.SearchStrategy[str]:
    leaf = st.sampled_from(["d", "w", "as_of", "DATE '2024-02-29'", "DATE '1970-01-01'"])
    if depth == 0:
        return leaf
    return st.one_of(
        leaf,
        st.builds("date_trunc('{}', {})".format, st.sampled_from(_PARTS), dates(depth - 1)),
        st.builds("CAST({} AS DATE)".format, st.sampled_from(["t", "trim(u)", "raw(t)"])),
    )


@cache
def conditions(depth: int) -> st.SearchStrategy[str]:
    compare = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])

    def pair(of: Callable[[int], st.SearchStrategy[str]]) -> st.SearchStrategy[str]:
        written = "{}::text {} {}" if of is texts else "{} {} {}"  # letters are meant
        return st.builds(written.format, of(depth), compare, of(depth))

    leaf = st.one_of(
        pair(texts),
        pair(wholes),
        pair(numbers),
        pair(dates),
        st.just("b"),
        st.builds("{} IS NULL".format, texts(depth)),
        st.builds("{} IS NOT NULL".format, numbers(depth)),
        st.builds("{} IN ({}, {})".format, texts(depth), texts(0), texts(0)),
        st.builds("{} BETWEEN {} AND {}".format, wholes(depth), wholes(0), wholes(0)),
        st.builds(
            "{} LIKE {}".format,
            texts(depth),
            st.sampled_from(["a%", "%b", "_", "%", "a_", "x''%"]).map("'{}'".format),
        ),
        st.builds("{} IS DISTINCT FROM {}".format, texts(depth), texts(depth)),
        st.builds(
            "regexp_matches({}, {})".format, texts(depth), st.sampled_from(_PATTERNS).map(quoted)
        ),
        st.builds(
            "{}({}, {})".format,
            st.sampled_from(["contains", "starts_with", "ends_with"]),
            texts(depth),
            texts(0),
        ),
    )
    if depth == 0:
        return leaf
    inner = conditions(depth - 1)
    return st.one_of(
        leaf,
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("NOT ({})".format, inner),
    )


def fits(text: str) -> bool:
    """Whether a rule may say that: a constant that no cast can read is refused, for example."""
    try:
        bound = bind(parse(text), COLUMNS)
        check_where(bound.expression.tree)  # that comes out the same for all rows is refused
        return bound.type == "boolean"
    except SqlProblem:
        return False


# rules ---------------------------------------------------------------------------------------

_NAMES = [c for c in COLUMNS if c != "id"]
_ALLOWED = {
    "text": ["a", "A", "", "12", "x'y", "ä"],
    "integer": ["0", "1", "12"],
    "decimal": ["1.5", "100", "-0.1"],
    "double": ["0.1", "1.5", "0"],
    "date": ["2024-02-29", "1900-01-01"],
    "boolean": ["true"],
    "timestamp": ["2026-11-01 12:00:00", "1900-01-01"],
}


def judges(made: dict[str, Any]) -> bool:
    """Whether some row can fail and some can pass: what can't is refused."""
    known = all_checks()[made["check"]]
    given = {k: v for k, v in made.items() if k not in ("check", "column", "where", "stage")}
    sql = {f: parse(made[f]) for f in ("where", "must") if f in made}
    try:
        rule: Any = SimpleNamespace(
            id="r",
            dataset="d",
            expressions=sql,
            spans={},
            span=None,
            spec=known.model_validate(given),
            stage="clean",
        )
    except ValidationError:
        return False
    problems: list[Problem] = []
    binder = Binder(COLUMNS, "duckdb", problems)  # type: ignore[arg-type]
    at: Any = SimpleNamespace(
        type_of=COLUMNS.get,
        literal=lambda text, type_, _: literal(text, type_),
        problem=lambda *_: RuntimeError(),
        other_column=lambda *_: SimpleNamespace(name="no"),
    )
    columns = (made["column"],) if "column" in made else tuple(made.get("columns", ()))
    try:
        for name in sql:
            binder.bound(rule, name)
        check_where_and_check(rule, columns, at, binder)
    except RuntimeError:
        return False
    return not problems


def checks() -> st.SearchStrategy[dict[str, Any]]:
    return _checks().filter(judges)


@st.composite
def _checks(draw: st.DrawFn) -> dict[str, Any]:
    column = draw(st.sampled_from(_NAMES))
    kind = COLUMNS[column]
    text = draw(st.sampled_from(["t", "u"]))
    missing = {"missing": "fail"} if draw(st.integers(0, 3)) == 0 else {}
    some = draw(st.lists(st.sampled_from(_ALLOWED[kind]), min_size=1, unique=True))
    ends = sorted(some, key=_ALLOWED[kind].index)
    end = draw(st.sampled_from(["min", "max"]))
    length = draw(st.integers(0, 3))
    made = draw(
        st.sampled_from(
            [
                {"check": "not_null", "column": column},
                {"check": "not_blank", "column": text},
                {"check": "unique", "column": column, **missing},
                {
                    "check": "unique_combination_of_columns",
                    "columns": sorted({column, text, "n"}),
                    **missing,
                },
                {"check": "accepted_values", "column": column, "values": some, **missing},
                {
                    "check": "accepted_range",
                    "column": column if kind != "text" else "n",
                    end: ends[0] if kind != "text" else "2",
                    "inclusive": draw(st.sampled_from(["true", "false"])),
                    **missing,
                },
                {
                    "check": "string_length",
                    "column": text,
                    "min": str(length),
                    "max": str(length + 1),
                    **missing,
                },
                {
                    "check": "regex",
                    "column": text,
                    "pattern": draw(st.sampled_from(_PATTERNS)),
                    "match": draw(st.sampled_from(["true", "false"])),
                    **missing,
                },
                {"check": "email", "column": text, **missing},
                {"check": "row_count", "min": str(length), "max": "5"},
                {"check": "relationships", "column": "n", "to": "other", **missing},
                {"check": "expression", "must": draw(conditions(2).filter(fits)), **missing},
                {"check": "expression", "must": draw(conditions(1).filter(fits)), **missing},
            ]
        )
    )
    if draw(st.integers(0, 2)) == 0:
        made["where"] = draw(
            st.sampled_from(["b", "n > 0", "t = 'a'", "d IS NOT NULL"]) | conditions(1).filter(fits)
        )
    if made["check"] != "expression" and draw(st.integers(0, 4)) == 0:
        made["stage"] = "raw"
    return made


@st.composite
def defaults(draw: st.DrawFn) -> list[dict[str, Any]]:
    otherwise = draw(st.sampled_from([{}, {"otherwise": {"set": "none", "reason": "invalid"}}]))
    where = {"where": draw(conditions(1).filter(fits))} if draw(st.integers(0, 3)) == 0 else {}
    seed_map = {"seed": "codes", "from": "from", "to": "to"}
    of_t = draw(
        st.sampled_from(
            [
                [],
                [{"column": "t", "standardise": "whitespace", **otherwise, **where}],
                [{"column": "t", "standardise": "email", **otherwise, **where}],
                [{"column": "t", "standardise": "casing", "to": "title", **where}],
                [{"column": "t", "map": dict(seed_map), **otherwise, **where}],
                [{"column": "t", "set": "none", "reason": "unknown", **where}],
            ]
        )
    )
    of_u = draw(
        st.sampled_from(
            [
                [],
                [{"column": "u", "fill_from": "t", **otherwise}],
                [{"column": "u", "set": "none", "reason": "declined"}],
            ]
        )
    )
    of_n = draw(
        st.sampled_from(
            [
                [],
                [{"column": "n", "fill_from": "id"}],
                [{"column": "n", "set": "-1", "reason": "not_asked"}],
            ]
        )
    )
    if any("u" in str(r.get("where", "")) for r in of_t) and of_u:
        of_u = []  # they would read each other
    return [*of_t, *of_u, *of_n]


@st.composite
def datasets(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "rows": draw(rows()),
        "missing_values": draw(st.lists(st.sampled_from(TOKENS), unique=True, max_size=3)),
        "pii": draw(st.sampled_from([{}, {}, {"t": "mask", "n": "hash", "u": "omit"}])),
        "defaults": draw(defaults()),
        "rules": draw(st.lists(checks(), min_size=4, max_size=8)),
    }
