"""A pattern means the same on DuckDB, PostgreSQL and Python's re."""

from __future__ import annotations

import re
from typing import Any

import pytest
from depth import depth
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdmq.sql.dialects import dialect_of
from cdmq.sql.functions.regex import RegexProblem, understood, written

ATOMS = [
    "a",
    "b",
    "A",
    "é",
    "É",
    " ",
    "1",
    ".",
    r"\d",
    r"\w",
    r"\s",
    r"\D",
    r"\W",
    r"\S",
    r"\b",
    "^",
    "$",
    "[ab]",
    "[^ab]",
    "[a-c1]",
    r"[^\d]",
    r"[\w-]",
    r"\.",
    r"[\]^]",
    "-",
    "_",
]
REPEATS = ["", "", "", "*", "+", "?", "{2}", "{1,2}", "{0,}", "*?", "+?", "??"]


@st.composite
def patterns(draw: Any, depth: int = 2) -> str:
    parts = []
    for _ in range(draw(st.integers(0, 4))):
        if depth and draw(st.integers(0, 3)) == 0:
            atom = draw(st.sampled_from(["(", "(?:"])) + draw(patterns(depth - 1)) + ")"
        else:
            atom = draw(st.sampled_from(ATOMS))
        anchor = atom in ("^", "$", r"\b")
        parts.append(atom + ("" if anchor else draw(st.sampled_from(REPEATS))))
    if len(parts) > 1 and draw(st.booleans()):
        parts.insert(draw(st.integers(1, len(parts) - 1)), "|")
    return ("(?i)" if depth == 2 and draw(st.integers(0, 3)) == 0 else "") + "".join(parts)


DUCKDB, POSTGRES = (dialect_of(name).patterns.anchors for name in ("duckdb", "postgres"))
PYTHON = (r"\A", r"\Z", r"(?a:\b)")
TEXTS = st.lists(st.text("abcABÉé1 \n\t_-.^]\u00a0\u0661ſK", max_size=6), min_size=1, max_size=8)


def ask(engines: Any, texts: list[str], sql: dict[str, tuple[str, list[Any]]]) -> list[list[Any]]:
    duck = engines.duckdb.execute(sql["duckdb"][0], [texts, *sql["duckdb"][1]]).fetchall()
    with engines.postgres.cursor() as cursor:
        found = cursor.execute(sql["postgres"][0].encode(), [texts, *sql["postgres"][1]]).fetchall()
    return [[row[0] for row in duck], [row[0] for row in found]]


@settings(max_examples=depth(400), deadline=None, suppress_health_check=list(HealthCheck))
@given(pattern=patterns(), texts=TEXTS)
def test_a_match_is_a_match_everywhere(engines: Any, pattern: str, texts: list[str]) -> None:
    found = ask(engines, texts, _match_sql(pattern))
    python = re.compile(written(pattern, PYTHON))
    assert found[0] == found[1] == [bool(python.search(t)) for t in texts]


@pytest.mark.parametrize(
    "pattern", ["(?i)()()", "()()", "()*", "(())|a", "a()b", "(?:)+", "(|a)()"]
)
def test_an_empty_group_matches_as_nothing_does(engines: Any, pattern: str) -> None:
    texts = ["", "ab", "b", "A"]
    found = ask(engines, texts, _match_sql(pattern))
    python = re.compile(written(pattern, PYTHON))
    assert found[0] == found[1] == [bool(python.search(t)) for t in texts]


def _match_sql(pattern: str) -> dict[str, tuple[str, list[Any]]]:
    duck, post = (written(pattern, anchors) for anchors in (DUCKDB, POSTGRES))
    return {
        "duckdb": ("SELECT regexp_matches(x, $2) FROM (SELECT unnest($1::VARCHAR[]) AS x)", [duck]),
        "postgres": (
            'SELECT x COLLATE "C" ~ p FROM unnest(%s::text[]) WITH ORDINALITY AS t(x, n), '
            "(SELECT %s::text AS p) ORDER BY n",
            [post],
        ),
    }


@settings(max_examples=depth(600), deadline=None, suppress_health_check=list(HealthCheck))
@given(pattern=patterns(), texts=TEXTS)
def test_what_is_matched_is_the_same(engines: Any, pattern: str, texts: list[str]) -> None:
    try:
        duck = written(pattern, DUCKDB, groups=True)
    except RegexProblem:
        return
    post = written(pattern, POSTGRES, groups=True)
    found = ask(
        engines,
        texts,
        {
            "duckdb": (
                "SELECT regexp_replace(x, $2, '<>') || '/' || regexp_replace(x, $2, '<>', 'g')"
                " FROM (SELECT unnest($1::VARCHAR[]) AS x)",
                [duck],
            ),
            "postgres": (
                "SELECT regexp_replace(x COLLATE \"C\", p, '<>') || '/' || "
                "regexp_replace(x COLLATE \"C\", p, '<>', 'g') FROM unnest(%s::text[]) "
                "WITH ORDINALITY AS t(x, n), (SELECT %s::text AS p) ORDER BY n",
                [post],
            ),
        },
    )
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"^\d{5}$", "12345", True),
        (r"^\d{5}$", "12345\n", False),
        ("a|", "x", True),
        ("", "x", True),
        ("(?i)straße", "STRASSE", False),
        ("(?i)é", "É", True),
        (r"[\^\-\]]", "]", True),
        ("(?:)", "", True),
        ("a{0}b", "b", True),
    ],
)
def test_examples(engines: Any, pattern: str, text: str, expected: bool) -> None:
    assert ask(engines, [text], _match_sql(pattern)) == [[expected], [expected]]


def test_long_repeats_are_refused() -> None:
    with pytest.raises(RegexProblem):
        understood("((a{100}){100}){100}")
    with pytest.raises(RegexProblem):
        understood("(" * 60 + ")" * 60)
