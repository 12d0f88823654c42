"""Functions that are called by one name on every engine: each knows them, and gives the same."""

from __future__ import annotations

import ast
from pathlib import Path

import duckdb
import psycopg
import pytest
import yaml

HERE = Path(__file__).parent
CDMQ = HERE.parents[1] / "cdmq"
WORDS = yaml.safe_load((HERE / "shared_words.yml").read_text("utf-8"))
CASES = [(call, gives) for calls in WORDS.values() for call, gives in calls.items()]
#: What is said for one engine alone.
OF_ONE = ("sql/dialects", "warehouses", "files", "kinds/matching/engine")
#: The builders of a call by its name.
BUILDERS = {"call", "over"}


def called() -> set[str]:
    """The names that are given to a builder of calls."""
    found = set()
    for file in CDMQ.rglob("*.py"):
        if file.relative_to(CDMQ).as_posix().startswith(OF_ONE):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                how = node.func.attr if isinstance(node.func, ast.Attribute) else None
                how = node.func.id if isinstance(node.func, ast.Name) else how
                found |= {node.args[0].value} if how in BUILDERS else set()
    return found


def test_each_word_that_is_called_stands_in_the_list() -> None:
    assert called() == set(WORDS)


@pytest.mark.parametrize(("call", "gives"), CASES, ids=[call for call, _ in CASES])
def test_on_duckdb(call: str, gives: str) -> None:
    assert duckdb.sql(f"SELECT CAST({call} AS text)").fetchall() == [(gives,)]


@pytest.mark.parametrize(("call", "gives"), CASES, ids=[call for call, _ in CASES])
def test_on_postgres(call: str, gives: str, postgres_uri: str) -> None:
    with psycopg.connect(postgres_uri) as connection:
        assert connection.execute(f"SELECT CAST({call} AS text)".encode()).fetchall() == [(gives,)]
