"""What a unit test runs on: the datasets and defaults that its rules need, its rows as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cdmq.kinds import kinds
from cdmq.kinds.given import given_columns
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.project.unit_test import UnitTest
from cdmq.sql.relation import Relation
from cdmq.sql.types import OPAQUE, Type
from cdmq.unit_tests.needed import Columns, Needed
from cdmq.values import ALL, ROW_NUMBER, Dataset, Project, Rule, Seed

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


def known_columns(project: Project, warehouse: Warehouse) -> dict[str, Columns]:
    """The columns of every dataset without its warehouse.

    Declared types, else the headers of the live files, else what the last run saw
    (target/catalog.json), else the columns that tests give and rules use, as text.
    """
    from cdmq.datasets.from_others import made_columns, stacked
    from cdmq.datasets.model_columns import model_columns
    from cdmq.datasets.remembered import stored_catalog
    from cdmq.files.reading import file_columns

    stored, _ = stored_catalog(project)
    given = _given_columns(t for t, _ in project.unit_tests)
    known: dict[str, Columns] = {}
    for name, dataset in project.datasets.items():
        try:
            if dataset.seed is not None:
                known[name] = {c: dataset.spec.columns.get(c, "text") for c in dataset.seed.columns}
            elif dataset.source == "file":
                known[name] = file_columns(dataset, project.root)
            elif dataset.source == "stack":
                known[name] = stacked(dataset, known)
            elif dataset.source == "rule":
                known[name] = made_columns(dataset, project, known)
            elif dataset.source == "model":
                known[name] = model_columns(dataset, project, known, warehouse)
        except (CdmqError, KeyError):
            pass  # a file that is not here, a model over tables that are not: as for a table
        if name not in known:
            known[name] = _guessed(project, dataset, given.get(name, {}), stored.get(name, {}))
    return known


def _given_columns(tests: Iterable[UnitTest]) -> dict[str, dict[str, None]]:
    found: dict[str, dict[str, None]] = {}
    for test in tests:
        for name, rows in test.given.items():
            for row in rows:
                found.setdefault(name, {}).update(dict.fromkeys(row))
    return found


def _guessed(project: Project, dataset: Dataset, given: Iterable[str], stored: Columns) -> Columns:
    if set(stored) - set(dataset.spec.columns):  # else it holds the declared columns alone
        return {**stored, **dataset.spec.columns}
    of_rules = project.given(dataset.name)
    used: dict[str, None] = dict.fromkeys(
        [*dataset.key, *dataset.spec.columns, *(c for c in given if c.lower() not in of_rules)]
    )
    types: dict[str, Type] = {}
    for rule in project.rules.values():
        read = project.uses[rule.id].columns(dataset.name) - {ALL}
        used.update(dict.fromkeys(sorted(c for c in read if c.lower() not in of_rules)))
        types |= kinds()[rule.kind].types(rule, dataset)
    types |= dataset.spec.columns
    return {c: types.get(c, "text") for c in used}


def project_of(
    project: Project, test: UnitTest, rules: Sequence[Rule], need: Needed, schema: str
) -> Project:
    """The project that one test runs: what it needs, with given rows in place of sources."""
    seeds = dict(project.seeds)
    for name in test.given:
        if name in seeds:
            seeds[name] = _given_seed(seeds[name], test.given[name])
    datasets = {}
    for name in need.datasets:
        dataset = project.datasets[name]
        dataset = replace(dataset, guards=())  # what a test gives is delivered as it is
        if dataset.source == "seed":
            datasets[name] = replace(dataset, seed=seeds[name])
        elif name in test.given or dataset.source in ("file", "table"):
            datasets[name] = _as_table(dataset, f"{schema}.given_{len(datasets)}")
        else:
            datasets[name] = dataset
    if any(e.bare for r in rules for e in kinds()[r.kind].expects.values()):
        datasets = {
            n: replace(d, spec=d.spec.model_copy(update={"pii": {}})) for n, d in datasets.items()
        }
    kept = {*need.rules, *(r.id for r in rules)}
    return replace(
        project,
        datasets=datasets,
        seeds=seeds,
        rules={name: rule for name, rule in project.rules.items() if name in kept},
    )


def _as_table(dataset: Dataset, table: str) -> Dataset:
    """The labels of a stack stay, a golden rule trusts by them; so does how a file is written."""
    spec = dataset.spec.model_copy(update={"table": table, "from_dbt": None})
    return replace(
        dataset,
        source="table",
        spec=spec,
        depends_on=(),
        model=None,
        made_by=None,
        made_as=None,
        made_of=None,
    )


def _given_seed(seed: Seed, rows: Sequence[Mapping[str, str | None]]) -> Seed:
    return replace(seed, rows=tuple(tuple(row.get(c) for c in seed.columns) for row in rows))


def make_tables(
    project: Project,
    own: Project,
    test: UnitTest,
    catalog: Mapping[str, Columns],
    warehouse: Warehouse,
    span: Span,
) -> None:
    """The given rows of a test as tables; a dataset that it does not give is empty."""
    from cdmq.datasets.catalog import relation_of

    for name, dataset in own.datasets.items():
        if dataset.source == "table":
            rows = test.given.get(name, [])
            _make_table(
                project.datasets[name], relation_of(dataset), rows, catalog[name], warehouse, span
            )


def _make_table(
    dataset: Dataset,
    relation: Relation,
    rows: Sequence[Mapping[str, str | None]],
    columns: Columns,
    warehouse: Warehouse,
    span: Span,
) -> None:
    from cdmq.files.cells import typed_rows
    from cdmq.sql import nodes

    if dataset.numbered:  # a test may say the numbers; else they are the places of its rows
        rows = [{ROW_NUMBER: str(i), **row} for i, row in enumerate(rows, start=1)]
        dataset = replace(
            dataset,
            spec=dataset.spec.model_copy(
                update={"columns": {**dataset.spec.columns, ROW_NUMBER: "integer"}}
            ),
        )
    plain: dict[str, Type] = {c: "text" for c in columns}
    if dataset.source == "file":
        # A file's cells are texts, read as the dataset says: what cannot be read is found so.
        raw = Relation(relation.name + "_raw", relation.schema)
        warehouse.load(raw, plain, [[row.get(c) for c in columns] for row in rows])
        query = typed_rows(dataset, list(columns), nodes.table(raw))
        warehouse.load_query(relation, query.sql("duckdb"))
        return
    types: dict[str, Type] = {
        c: "text" if t in OPAQUE | {"unknown"} else t for c, t in columns.items()
    }
    warehouse.load(
        relation,
        types,
        [[_value(row.get(c), t, dataset.name, c, span) for c, t in types.items()] for row in rows],
    )


def _value(cell: str | None, type_: Type, dataset: str, column: str, span: Span) -> Any:
    from cdmq.files.plain_values import typed

    value = typed(cell, type_)
    if cell is not None and value is None:
        raise CdmqError(
            Problem(
                span,
                "CDMQ520",
                f"given {dataset}: '{cell}' is no {type_}, the type of {column}",
                "write a value of the column's type",
            )
        )
    return value


def with_given(
    project: Project, test: UnitTest, catalog: Mapping[str, Columns]
) -> Mapping[str, Columns]:
    """The catalog of one test: a column of a rule that it gives is one of the dataset's."""
    found = dict(catalog)
    for name, rows in test.given.items():
        types = {g.rule.lower(): g.type for g in given_columns(project, name)}
        named = {c: types[c.lower()] for row in rows for c in row if c.lower() in types}
        found[name] = {**named, **catalog.get(name, {})}
    return found


def check_given(test: UnitTest, catalog: Mapping[str, Columns], span: Span) -> None:
    """Raises CdmqError where given rows have columns that their dataset has not."""
    for name, rows in test.given.items():
        _look_at(name, rows, catalog.get(name, {}), span)


def _look_at(
    name: str, rows: Sequence[Mapping[str, str | None]], columns: Iterable[str], span: Span
) -> None:
    known = set(columns)
    unknown = dict.fromkeys(c for row in rows for c in row if c not in known)
    if unknown:
        raise CdmqError(
            [
                Problem(
                    span,
                    "CDMQ521",
                    f"given {name}: the dataset has no column '{c}'",
                    did_you_mean(c, known),
                )
                for c in unknown
            ]
        )
