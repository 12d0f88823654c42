"""Many columns and many rules: no statement is too deep or too wide."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from runner import World

import cdmq.api
from cdmq.stages.compile import compile_rules
from cdmq.stages.plan import Fuse, plan
from cdmq.values import Project

_WIDE = 500


def test_500_columns(world: World) -> None:
    names = [f"c{i}" for i in range(_WIDE)]
    rows = [",".join(str(r) if i == 0 else f" v{r}" for i in range(_WIDE)) for r in range(3)]

    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: wide, file: data/w.csv, key: c0, "
            'missing_values: ["", n/a]}\n',
            "data/w.csv": "\n".join([",".join(names), *rows]) + "\n",
            "rules/r.yml": "version: 1\ndataset: wide\ndefaults:\n"
            + "".join(f"  - {{column: {c}, standardise: whitespace}}\n" for c in names[1:])
            + "validation:\n"
            + "".join(f"  - {{column: {c}, checks: [not_null]}}\n" for c in names[1:]),
        }
    )
    result = world.run()
    assert (result.failed, [r.message for r in result.results if r.status == "error"]) == ({}, [])
    assert {r.outcome.failing for r in result.results if r.rule.check == "not_null"} == {0}
    assert len(world.view("wide__clean")) == 3


@pytest.fixture(scope="module")
def many_rules(make_world: Callable[[str], World]) -> Project:
    world, rules = make_world("duckdb"), 900
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: wide, table: wide, key: c0}\n",
            "rules/r.yml": "version: 1\ndataset: wide\nvalidation:\n"
            + "".join(
                f"  - {{id: r{i}, column: c1, check: not_null, where: \"c0 <> '{i}'\"}}\n"
                f"  - {{id: s{i}, column: c1, check: not_blank, where: \"c0 <> 's{i}'\"}}\n"
                for i in range(rules)
            ),
        }
    )
    return cdmq.api.parse(world.root)


@pytest.mark.parametrize(
    ("dialect", "fuse", "most"),
    [
        ("duckdb", "column", 50),  # what a subquery costs there grows with their number
        ("postgres", "row", 1_664),  # columns that it can show
    ],
)
def test_no_statement_counts_more_than_its_engine_bears(
    many_rules: Project, dialect: str, fuse: Fuse, most: int
) -> None:
    project = many_rules
    steps = compile_rules(project, {"wide": {"c0": "text", "c1": "text"}}, dialect)
    found = plan(project, steps, fuse).datasets["wide"]
    assert max(len(c.query.expressions) for c in found.counts) <= most
    assert {rule for c in found.counts for rule, _ in c.places} == set(project.rules)
    for counts in found.counts:
        assert max(max(places) for places in counts.places.values()) < len(counts.query.expressions)


def test_what_names_a_record_without_a_key_is_written_once(
    make_world: Callable[[str], World],
) -> None:
    """It reads every column: written once for each column the statement grew with their square."""
    world = make_world("duckdb")

    def length(wide: int) -> int:
        names = [f"c{i}" for i in range(wide)]
        world.write(
            {
                "models/m.yml": "version: 1\ndatasets:\n  - {name: wide, table: wide, key: c0}\n",
                "rules/r.yml": "version: 1\ndataset: wide\nvalidation:\n"
                + "".join(
                    f"  - {{column: {c}, checks: [not_null, not_blank]}}\n" for c in names[1:]
                ),
            }
        )
        project = cdmq.api.parse(world.root)
        steps = compile_rules(project, {"wide": dict.fromkeys(names, "text")}, "duckdb")
        branches = plan(project, steps, "column").part("wide", None, True).row
        return sum(len(b.query.sql("duckdb")) for b in branches)

    assert length(60) < 3 * length(30)
