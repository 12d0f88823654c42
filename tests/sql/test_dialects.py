"""What each engine states of its SQL is whole, and nobody gets that of another by accident."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from runner import ENGINES
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect as SqlglotDialect
from third_engine import third_engine

from cdmq.sql import nodes
from cdmq.sql.dialects import dialect, dialect_of, names
from cdmq.sql.expressions import bind, could_not_judge, lower, parse
from cdmq.sql.functions import table
from cdmq.sql.logical import as_of_node
from cdmq.standards import FORMS, layered
from cdmq.warehouses.base import Traits

CDMQ = Path(__file__).parents[2] / "cdmq"
PARTS: tuple[type[NamedTuple], ...] = (
    dialect.Dialect,
    dialect.Texts,
    dialect.Patterns,
    dialect.Casts,
    dialect.Numbers,
    dialect.Queries,
    dialect.Digests,
)


def test_the_engines_of_the_tests_are_stated() -> None:
    assert set(ENGINES) == set(names())


@pytest.mark.parametrize("name", names())
def test_a_dialect_bears_the_name_of_its_folder_and_sqlglots(name: str) -> None:
    assert dialect_of(name).name == name
    assert SqlglotDialect.get_or_raise(name)


@pytest.mark.parametrize("name", names())
def test_each_function_has_one_writing(name: str) -> None:
    """In its row for all engines, or with each of them; never both, never none."""
    own = {row.name for row in table().values() if row.render is None}
    assert set(dialect_of(name).functions) == own


def test_an_engine_that_is_not_stated_is_refused() -> None:
    with pytest.raises(LookupError) as told:
        nodes.by_code_point(nodes.column("a"), "spark")
    assert str(told.value).endswith("there are: duckdb, postgres")
    assert "'spark'" in str(told.value)


def test_what_is_stated_has_a_reader() -> None:
    read = {
        node.attr
        for file in CDMQ.rglob("*.py")
        if not {"duckdb", "postgres"} & set(file.relative_to(CDMQ).parts)
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
    }
    stated = {name for part in PARTS for name in part._fields}
    stated |= {field.name for field in dataclasses.fields(Traits)}
    assert not stated - read


@pytest.mark.parametrize("part", PARTS)
def test_a_new_engine_states_all(part: type[NamedTuple]) -> None:
    assert part._fields
    assert not part._field_defaults


def expressions(dialect: str, written: str) -> list[str]:
    """Each function and form, as it is said to one engine."""
    found = []
    for file in sorted((Path(__file__).parents[1] / "functions").glob("*.yml")):
        for case in yaml.safe_load(file.read_text("utf-8")):
            tree = bind(parse(case["e"]), case["c"]).expression.tree
            for say in (lower, could_not_judge):
                node = say(tree, dialect, nodes.column, _behind, as_of_node())
                found.append(node.sql(written) if node else "")
    for form in FORMS.values():
        said = layered(form, exp.column("v", "x"), {"to": "lower"}, dialect, "t")
        shown = [n for layer in said.layers for _, n in layer.columns]
        found += [n.sql(written) for n in (*shown, said.value)]
    return found


def _behind(function: str, name: str) -> exp.Expr:
    return nodes.column(f"__{function}_{name}")


@pytest.mark.parametrize("like", names())
def test_a_third_engine_gets_what_it_states_and_nothing_of_another(like: str) -> None:
    usual = expressions(like, like)
    with third_engine(like) as third:
        assert expressions(third, like) == usual
        with pytest.raises(LookupError):
            expressions(like, like)
    assert len(usual) > 200
