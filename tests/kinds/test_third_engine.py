"""Rules are compiled for an engine by what it states, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

import kind_cases as of
import pytest
from runner import ENGINES, Twin
from sqlglot import exp
from third_engine import third_engine

import cdmq
from cdmq.datasets.remembered import stored_catalog
from cdmq.kinds import kinds
from cdmq.stages.compile import compile_rules
from cdmq.values import Dataset, Project, Rule

BUILT = tuple(name for name, kind in kinds().items() if kind.built)


def nodes_of(value: Any) -> Iterator[exp.Expr]:
    """The SQL within steps, in order."""
    if isinstance(value, exp.Expr):
        yield value
    elif isinstance(value, Mapping):
        yield from nodes_of(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from nodes_of(one)
    elif isinstance(value, partial):
        yield from nodes_of([*value.args, *value.keywords.values()])
    elif is_dataclass(value) and not isinstance(value, Project | Dataset | Rule):
        yield from nodes_of([getattr(value, f.name) for f in fields(value)])


@pytest.mark.parametrize("like", ENGINES)
@pytest.mark.parametrize("kind", BUILT)
def test_nobody_asks_for_another(kind: str, like: str, made_once: Twin) -> None:
    project = cdmq.parse(made_once("duckdb", of.begin, kind).root)
    catalog, _ = stored_catalog(project)
    usual = [n.sql(like) for n in nodes_of(compile_rules(project, catalog, like))]
    with third_engine(like) as third:
        found = [n.sql(like) for n in nodes_of(compile_rules(project, catalog, third))]
    assert len(found) > 5
    assert found == usual
