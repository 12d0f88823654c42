"""Conditions that come out the same for every row: found where they are, and nowhere else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cdmq.sql.expressions import SqlProblem, bind, parse
from cdmq.sql.outcomes import Plan, outcomes

COLUMNS: Any = {
    "n": "integer",
    "x": "decimal",
    "t": "text",
    "u": "text",
    "b": "boolean",
    "d": "date",
    "e": "date",
}


def found(sql: str) -> frozenset[bool | None]:
    return outcomes(bind(parse(sql), COLUMNS).expression.tree)


@pytest.mark.parametrize(
    "sql",
    [
        "1 = 1",
        "true",
        "t is null or t is not null",
        "t = 'a' or t <> 'a'",
        "t = t",
        "n <= n",
        "x > 1 or x <= 1",
        "x > 5 or x < 10",
        "not (t = 'a' and t = 'b')",
        "n <> 1 or n <> 2",
        "n > 1 or n < 2",
        "t like 'a%' or t not like 'a%'",
        "b or not b",
        "length(t) >= 0",
        "abs(n) > -1",
        "x < n or x >= n",
        "n > x or x >= n",
        "t in ('a', 'b') or t not in ('a', 'b', 'c') or t = 'c'",
        "d >= '2024-01-01' or d < '2024-01-01'",
        "case when n > 1 then true else n <= 1 end",
        "t::text = 'a' or t::text <> 'a'",
        "n between 0 and 5 or n not between 1 and 4",
        "'a' = 'a' or n > 5",
        "b is null or b = true or b = false",
        "d = e or d <> e",
    ],
)
def test_never_false(sql: str) -> None:
    assert False not in found(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "1 = 2",
        "false",
        "t = 'a' and t = 'b'",
        "n > 5 and n < 3",
        "n > 5 and n < 6",
        "t <> t",
        "x between 10 and 1",
        "t is null and t = 'a'",
        "t in ('a', 'b') and t = 'c'",
        "n = 1.5",
        "length(t) < 0",
        "x > n and x < n",
        "x > n and n >= x",
        "d < e and e < d",
        "d > '2024-01-02' and d < '2024-01-01'",
        "b and not b",
        "t like 'a%' and t not like 'a%'",
        "not (n > 1 or n <= 1)",
        "n is not null and n is null",
        "1 > 2 and t = 'a'",
        "x >= 5 and x <= 5 and x <> 5",
        "t = 'é' and t = 'e'",
    ],
)
def test_never_true(sql: str) -> None:
    assert True not in found(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "t = 'a'",
        "x > 1 and x < 2",
        "n > 1 and n < 3",
        "t = 'a' or t = 'b'",
        "x > n",
        "x > n and n > 0",
        "t <> 'a' and t <> 'b'",
        "d > '2024-01-01' and d < '2024-01-03'",
        "b",
        "t like '%'",
        "regexp_matches(t, 'a')",
        "coalesce(t, '') = ''",
        "as_of > '2024-01-01'",
        "raw(t) = 'a'",
        "t = 'a' and raw(t) = 'b'",
        "n + 1 > 5 and n < 3",
        "lower(t) = 'a' and t = 'A'",
        "t = u",
        "n % 2 = 0 and n % 3 = 0",
        "year(d) = 2024 and d > '2025-01-01'",
        "x = 1.0 and n = 1",
    ],
)
def test_both_may_be(sql: str) -> None:
    assert {True, False} <= found(sql)


def test_what_is_too_much_is_let_be() -> None:
    many = " ".join(f"when n + {i} > 1 then n + {i} > 2 or n + {i} <= 2" for i in range(20))
    assert found(f"case {many} else n = 1 or n <> 1 end") == {True, False, None}


def test_what_is_too_much_is_looked_at_by_parts() -> None:
    many = " and ".join(f"(n + {i} > 1 or n + {i} <= 1)" for i in range(20))
    assert found(many) == {True, None}
    assert found(f"not ({many}) or x > 1 and x < 0") == {False, None}
    assert found(f"({many}) and x > 1") == {True, False, None}


def test_floors() -> None:
    plan = Plan({"n": Decimal(0)})
    held, values = plan.add(bind(parse("n < 0 or n = -1"), COLUMNS).expression.tree)
    worlds = plan.worlds(values)
    assert worlds is not None
    assert True not in {held(w) for w in worlds}


# against an engine -------------------------------------------------------------------------------

_NUMBERS = st.sampled_from(["-1", "0", "1", "2", "1.5", "3"])
_TEXTS = st.sampled_from(["'a'", "'b'", "''", "'ab'"])
_SIGN = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
_ATOMS = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from(["n", "x"]), _SIGN, _NUMBERS),
    st.builds("{} {} {}".format, _NUMBERS, _SIGN, st.sampled_from(["n", "x"])),
    st.builds("t::text {} {}".format, _SIGN, _TEXTS),
    st.just("n < x"),
    st.just("x <= n"),
    st.builds("{} is null".format, st.sampled_from(["n", "t", "b", "n > 1"])),
    st.builds("t in ({}, {})".format, _TEXTS, _TEXTS),
    st.just("b"),
    st.just("b is not true"),
    st.builds("n between {} and {}".format, _NUMBERS, _NUMBERS),
    st.just("t like 'a%'"),
    st.just("length(t) > 1"),
    st.just("case when n > 1 then b else x < 2 end"),
)
CONDITIONS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=6,
)
VALUES = {
    "n": (-2, -1, 0, 1, 2, 3, 4, None),
    "x": (-2, -1, 0, 0.5, 1, 1.5, 1.7, 2, 3, 9, None),
    "t": ("", "a", "aa", "ab", "b", "c", None),
    "b": (True, False, None),
}


@pytest.fixture(scope="module")
def every_row() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE r (n BIGINT, x DECIMAL(9, 3), t TEXT, b BOOLEAN)")
    connection.executemany(
        "INSERT INTO r VALUES (?, ?, ?, ?)",
        [
            [n, x, t, b]
            for n in VALUES["n"]
            for x in VALUES["x"]
            for t in VALUES["t"]
            for b in VALUES["b"]
        ],
    )
    return connection


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(sql=CONDITIONS)
def test_no_outcome_that_a_row_has_is_missing(
    sql: str, every_row: duckdb.DuckDBPyConnection
) -> None:
    """A rule that can fail is never refused: what some row comes out as is among the outcomes."""
    rows = every_row.execute(f"SELECT DISTINCT {sql} FROM r").fetchall()
    assert {r[0] for r in rows} <= found(sql)


#: Conditions that nothing can make false, made of any condition.
ALWAYS = [
    "({0}) or not ({0}) or ({0}) is null",
    "({0}) is null or ({0}) is not null",
    "n > 3 or n <= 3 or ({0})",
    "t = 'a' or t <> 'a' or ({0})",
    "not (({0}) and n = 1 and n = 2)",
    "({0}) or 1 = 1",
    "coalesce(t, '') = '' or coalesce(t, '') <> '' or ({0})",
]


#: More values than are looked at together.
WIDE = (
    "n < x and t in ('a', 'b') and length(t) > 1 "
    "and case when n > 1 then b else x < 2 end and n = -1"
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(sql=CONDITIONS, form=st.sampled_from(ALWAYS))
@example(sql=WIDE, form=ALWAYS[-1])
def test_no_rule_that_can_never_fail_is_taken(sql: str, form: str) -> None:
    from cdmq.sql.never import check_must, check_where

    tree = bind(parse(form.format(sql)), COLUMNS).expression.tree
    with pytest.raises(SqlProblem, match="never false"):
        check_must(tree, missing_fails=False)
    no = bind(parse(f"not ({form.format(sql)})"), COLUMNS).expression.tree
    with pytest.raises(SqlProblem, match="never true"):
        check_where(no)
