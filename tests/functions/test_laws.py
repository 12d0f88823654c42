"""Random values: both engines and a plain Python reading agree."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from depth import depth
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SETTINGS = settings(max_examples=depth(60), deadline=None, suppress_health_check=list(HealthCheck))
DATES = st.dates(dt.date(1, 1, 1), dt.date(9000, 12, 31))
PAIRS = st.lists(st.tuples(DATES, DATES), min_size=5, max_size=40)
MOMENTS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1))
NUMBER_TEXTS = st.lists(
    st.text("0123456789+-.eE x_", max_size=8) | st.floats().map(str) | st.integers().map(str),
    min_size=5,
    max_size=40,
)
WORDS = st.lists(
    st.tuples(*[st.text("aäßẞİıſ k\u00a0\t😀\u0301%_\\'", max_size=6)] * 2), min_size=5, max_size=30
)


def agree(engines: Any, expression: str, columns: dict[str, str], rows: list[Any]) -> list[Any]:
    found = engines.both(expression, columns, rows)
    assert found["duckdb"] == found["postgres"], expression
    return [v for v, _ in found["duckdb"]]


@SETTINGS
@given(rows=PAIRS)
def test_dates(engines: Any, rows: list[Any]) -> None:
    columns = {"d": "date", "e": "date"}
    for part in ("year", "month", "day"):
        agree(engines, f"date_sub('{part}', d, e)", columns, rows)
    for part in ("year", "quarter", "month", "day", "hour"):
        agree(engines, f"date_diff('{part}', d, e)", columns, rows)
    assert agree(engines, "d - e", columns, rows) == [(d - e).days for d, e in rows]
    assert agree(engines, "week(d)", columns, rows) == [d.isocalendar()[1] for d, _ in rows]
    agree(engines, "d + interval '1 month' - interval '1 year' < e", columns, rows)
    agree(engines, "date_trunc('week', d)", columns, rows)


@SETTINGS
@given(rows=st.lists(st.tuples(MOMENTS, MOMENTS), min_size=5, max_size=30))
def test_moments(engines: Any, rows: list[Any]) -> None:
    columns = {"t": "timestamp", "u": "timestamp"}
    for part in ("year", "month", "day"):
        agree(engines, f"date_sub('{part}', t, u)", columns, rows)
    for part in ("year", "month", "day", "hour", "minute", "second"):
        agree(engines, f"date_diff('{part}', t, u)", columns, rows)
    agree(engines, "t::text", columns, rows)


@SETTINGS
@given(texts=NUMBER_TEXTS)
def test_casts(engines: Any, texts: list[str]) -> None:
    rows = [(t,) for t in texts]
    for to in ("integer", "decimal(10, 3)", "double", "date", "timestamp", "boolean"):
        agree(engines, f"a::{to}", {"a": "text"}, rows)


@SETTINGS
@given(
    texts=st.lists(st.text("0129-: T.", min_size=8, max_size=20), min_size=5, max_size=40),
    moments=st.lists(MOMENTS | DATES, min_size=3, max_size=10),
)
def test_date_casts(engines: Any, texts: list[str], moments: list[Any]) -> None:
    rows = [(t,) for t in [*texts, *map(str, moments)]]
    agree(engines, "a::date", {"a": "text"}, rows)
    agree(engines, "a::timestamp", {"a": "text"}, rows)


@SETTINGS
@given(rows=WORDS)
def test_text(engines: Any, rows: list[Any]) -> None:
    columns = {"a": "text", "b": "text"}
    for expression in (
        "lower(a)",
        "upper(a)",
        "trim(a)",
        "length(a)",
        "a::text < b",
        "a like b",
        "a ilike b",
        "replace(a, b, 'x')",
        "greatest(a::text, b)",
        "strpos(a, b)",
        "left(a, 2)",
        "right(a, 2)",
        "substring(a, 2, 2)",
        "lpad(a, 4, 'ab')",
        "split_part(a, 'k', -2)",
        "concat(a, b)",
        "ends_with(a, b)",
        "trim(a, b)",
        "contains(a, b)",
        "a::text between b and 'z'",
    ):
        agree(engines, expression, columns, rows)


@SETTINGS
@given(
    rows=st.lists(
        st.tuples(
            st.integers(-(2**31), 2**31 - 1),
            st.integers(-5, 5),
            st.decimals(-9_999_999, 9_999_999, places=2),
        ),
        min_size=5,
        max_size=30,
    )
)
def test_numbers(engines: Any, rows: list[Any]) -> None:
    columns = {"n": "integer", "m": "integer", "x": "decimal"}
    for expression in (
        "n + m",
        "n * n - m",
        "n / m",
        "n // m",
        "n % m",
        "x % m",
        "round(x, 1)",
        "x * m",
        "x - n",
        "abs(n)",
        "-n",
        "floor(x)",
        "ceil(x)",
        "x::integer",
        "n::decimal(6, 1)",
        "x::text",
        "n > x",
        "x / 7 > n",
    ):
        agree(engines, expression, columns, rows)


def away_from_zero(value: float, places: int) -> float:
    """Half away from zero, step by step in Python's doubles."""
    scaled = abs(value) * 10**places
    near = math.ceil(scaled) if scaled - math.floor(scaled) >= 0.5 else math.floor(scaled)
    return math.copysign(near / 10**places, value)


HALVES = st.integers(-(10**12), 10**12).map(lambda n: (2 * n + 1) / 2000)


@SETTINGS
@given(
    rows=st.lists(
        st.tuples(st.floats(-1e12, 1e12, allow_subnormal=False) | HALVES), min_size=5, max_size=30
    )
)
def test_doubles(engines: Any, rows: list[Any]) -> None:
    for expression in ("floor(x)", "x::integer", "x * 2", "abs(x)"):
        agree(engines, expression, {"x": "double"}, rows)
    for places, expression in ((0, "round(x)"), (2, "round(x, 2)"), (3, "round(x, 3)")):
        found = agree(engines, expression, {"x": "double"}, rows)
        assert found == [away_from_zero(x, places) for (x,) in rows]
