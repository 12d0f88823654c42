"""Reading, binding and digesting of rules' expressions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cdmq.sql.expressions import SqlProblem, bind, could_not_judge, parse, tokens
from cdmq.sql.types import Type

HERE = Path(__file__).parent
COLUMNS: dict[str, Type] = {
    "email": "text",
    "amount": "decimal",
    "n": "integer",
    "signup_date": "date",
    "x": "double",
    "a b": "text",
    "active": "boolean",
    "ts": "timestamp",
    "Code": "text",
    "code": "text",
    "thing": "unknown",
}


def cases(name: str) -> list[Any]:
    return [
        pytest.param(c, id=c["sql"] or "nothing")
        for c in yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize("case", cases("refusals.yml"))
def test_refused(case: dict[str, Any]) -> None:
    with pytest.raises(SqlProblem) as caught:
        parse(case["sql"])
    problem = caught.value
    assert (problem.column, problem.code, str(problem)) == (case["at"], case["code"], case["says"])


@pytest.mark.parametrize("case", cases("types.yml"))
def test_types_that_do_not_fit(case: dict[str, Any]) -> None:
    with pytest.raises(SqlProblem) as caught:
        bind(parse(case["sql"]), COLUMNS)
    problem = caught.value
    assert (problem.column, problem.code, str(problem)) == (case["at"], case["code"], case["says"])


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("email", "text"),
        ("n", "integer"),
        ("n + amount", "decimal"),
        ("n * x", "double"),
        ("n / 2", "double"),
        ("n // 2", "integer"),
        ("n > 2", "boolean"),
        ("as_of", "timestamp"),
        ("signup_date + 1", "date"),
        ("signup_date - signup_date", "integer"),
        ("signup_date + interval 1 day", "timestamp"),
        ("coalesce(n, 1.5)", "decimal"),
        ("case when active then signup_date else ts end", "timestamp"),
        ("thing", "unknown"),
        ("thing > 5", "boolean"),
        ("lower(thing)", "text"),
        ("null", "unknown"),
        ("reason(n)", "text"),
        ("raw(n)", "integer"),
        ("filled(email)", "text"),
        ("length(email)", "integer"),
        ("coalesce(signup_date, '2024-01-01')", "date"),
        ("email::date", "date"),
        ("coalesce(null, n)", "integer"),
        ("EMAIL", "text"),
        ('"Code"', "text"),
        ("code", "text"),
    ],
)
def test_type(sql: str, kind: str) -> None:
    assert bind(parse(sql), COLUMNS).type == kind


def test_names() -> None:
    read = parse('b > A and (raw(b) = c or "a b" = as_of) and reason(D) = a')
    assert read.columns == ("b", "A", "c", "a b", "a")
    assert read.behind == (("raw", "b"), ("reason", "D"))
    bound = bind(parse("EMAIL = raw(EMAIL)"), COLUMNS)
    assert bound.expression.columns == ("email",)
    assert bound.expression.behind == (("raw", "email"),)


def test_bind_leaves_the_parsed_tree_alone() -> None:
    read = parse("EMAIL = 'x' and signup_date > '2024-01-01'")
    before = tokens(read.tree)
    bind(read, COLUMNS)
    assert tokens(read.tree) == before


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a=1 AND b IS NOT NULL", " ( a = 1 )\n and not (b is null)"),
        ('"a" <> 1', "a != 1"),
        ("LOWER(a)", "lcase( a )"),
        ("ifnull(a, 1)", "COALESCE(a,1)"),
        ("a::int", "CAST(a AS bigint)"),
        ("a::numeric", "a::decimal(18, 3)"),
        ("(a and b) and c", "a and (b and c)"),
        ("a not like 'x'", "not a like 'x'"),
        ("interval '3 months' + d", "interval 3 month + d"),
        ("substr(a, 1)", "substring(a from 1)"),
        ("date_diff('day', a, b)", "datediff('DAYS', a, b)"),
        ("extract(year from d)", "year(d)"),
        ("if(a, 1, 2)", "case when a then 1 else 2 end"),
        ("AS_OF > d", "as_of > d"),
        ("d > date '2024-01-01'", "d > '2024-01-01'::date"),
        ("1_000", "1000"),
    ],
)
def test_the_same_meaning(one: str, other: str) -> None:
    assert tokens(parse(one).tree) == tokens(parse(other).tree)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = 'x'", "a = 'X'"),
        ("a and b or c", "a and (b or c)"),
        ("a - (b - c)", "a - b - c"),
        ("a::int", "try_cast(a as int)"),
        ("a = 1", "a = '1'"),
        ('"a b"', '"a  b"'),
        ("a is null", "a is false"),
        ("date_diff('day', a, b)", "date_diff('day', b, a)"),
        ("trim(a)", "ltrim(a)"),
        ("concat('a', 'b c')", "concat('a b', 'c')"),
        ("regexp_matches(a, 'x')", "regexp_matches(a, 'x', 'i')"),
        ("a like 'x'", "a ilike 'x'"),
    ],
)
def test_another_meaning(one: str, other: str) -> None:
    assert tokens(parse(one).tree) != tokens(parse(other).tree)


def test_tokens_are_written_down() -> None:
    """The exact text: digests of rules hang on it."""
    tree = parse("lower(a) in ('x', 'ü') and b::decimal(6,2) / 2 >= -1.50 or c is null").tree
    assert tokens(tree) == (
        '(or (and (in (lower (column "a")) "x" "\\u00fc") '
        '(>= (/ (cast (column "b") decimal 6 2) 2) (minus 1.50))) (is (column "c") null))'
    )


def test_long_lists_and_chains() -> None:
    parse("n in (" + ", ".join(map(str, range(5000))) + ")")
    read = parse(" or ".join(f"email = 'x{i}'" for i in range(3000)))
    assert bind(read, COLUMNS).type == "boolean"
    assert tokens(read.tree).count("column") == 3000
    for deep in (
        "(" * 3000 + "a" + ")" * 3000,
        "not " * 3000 + "a",
        "-" + "(-" * 500 + "a" + ")" * 500,
        "lower(" * 500 + "a" + ")" * 500,
        "a" + " + a" * 2000,
    ):
        with pytest.raises(SqlProblem):
            parse(deep)


def test_nothing_can_fail() -> None:
    from sqlglot import exp

    def ask(sql: str) -> object:
        return could_not_judge(
            bind(parse(sql), COLUMNS).expression.tree,
            "duckdb",
            exp.column,
            lambda f, c: exp.column(c),
            exp.null(),
        )

    for sql in (
        "email = 'x'",
        "n / 2 > 1",
        "n::text = '5'",
        "signup_date > '2024-01-01'",
        "try_cast(email as date) > as_of",
        "n::double > 5",
    ):
        assert ask(sql) is None, sql
    for sql in (
        "email::date > as_of",
        "1 / n > 2",
        "sqrt(n) > 2",
        "amount::integer > 5",
        "thing::date > as_of",
    ):
        assert ask(sql) is not None, sql
