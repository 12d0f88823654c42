"""What a unit test runs on: the datasets and defaults that its rules need, its rows as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cdmq.kinds.defaults import DefaultRule
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.spec import UnitTest
from cdmq.sql.types import Type
from cdmq.values import Dataset, Project, Relation, Rule, Seed

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

Columns = Mapping[str, Type]


@dataclass(frozen=True)
class Needed:
    """What a test needs: datasets in order, default rules, the seeds that defaults map by.

    `columns` are those that are read of each dataset, in lower case; None stands for all.
    """

    datasets: tuple[str, ...]
    columns: Mapping[str, set[str] | None]
    defaults: frozenset[str]
    seeds: frozenset[str]

    def narrow(self, project: Project, test: UnitTest, catalog: Mapping[str, Columns]
               ) -> dict[str, Columns]:
        """The catalog with only what is needed, given or a key: small tables bind fast."""
        found: dict[str, Columns] = {}
        for name in self.datasets:
            wanted, all_ = self.columns[name], catalog[name]
            kept = {*project.datasets[name].key, *(c for r in test.given.get(name, ()) for c in r)}
            found[name] = all_ if wanted is None else {
                c: t for c, t in all_.items() if c in kept or c.lower() in wanted}
        return found


def needed(project: Project, rules: Sequence[Rule], given: Iterable[str]) -> Needed:
    """The closure of some rules: what they read, and what writes or makes that."""
    walk = _Walk(project, frozenset(given))
    for rule in rules:
        walk.want(rule.dataset, {*rule.columns, *_expression_columns(rule)})
        other = getattr(rule.spec, "to", None)
        if isinstance(other, str) and other in project.datasets:
            field = getattr(rule.spec, "field", None)
            walk.want(other, {field} if field else set(project.datasets[other].key))
    walk.go()
    return Needed(
        tuple(n for n in project.datasets if n in walk.columns), walk.columns,
        frozenset(walk.defaults), frozenset(walk.seeds),
    )


class _Walk:
    """Datasets with the columns that are read of them; None stands for all."""

    def __init__(self, project: Project, given: frozenset[str]) -> None:
        self.project, self.given = project, given
        self.columns: dict[str, set[str] | None] = {}
        self.waiting: list[str] = []
        self.defaults: set[str] = set()
        self.seeds: set[str] = set()

    def want(self, dataset: str, columns: set[str] | None) -> None:
        before = self.columns.get(dataset, set())
        if before is None:
            return
        after = None if columns is None else before | {c.lower() for c in columns}
        if dataset not in self.columns or after != before:
            self.columns[dataset] = after
            self.waiting.append(dataset)

    def go(self) -> None:
        while self.waiting:
            name = self.waiting.pop()
            dataset = self.project.datasets[name]
            for rule in self.project.rules_of(name, "defaults"):
                columns = self.columns[name]
                if rule.enabled and (columns is None or rule.columns[0].lower() in columns):
                    self._default(rule, dataset)
            if name not in self.given and dataset.source in ("stack", "model"):
                inputs = (dataset.spec.stack or {}).values() or dataset.depends_on
                for source in inputs:
                    self.want(source, None)

    def _default(self, rule: Rule, dataset: Dataset) -> None:
        spec = rule.spec
        assert isinstance(spec, DefaultRule)
        self.defaults.add(rule.id)
        own = {*_expression_columns(rule), *(c for c in spec.fill_from if "." not in c)}
        own |= {str(v) for v in spec.options.values()}
        for source in spec.fill_from:
            other, dot, column = source.partition(".")
            if dot and other in self.project.datasets:
                own |= set(dataset.spec.refers_to.get(other, ()))
                self.want(other, {column, *self.project.datasets[other].key})
        if spec.map:
            self.seeds.add(spec.map.seed)
        self.want(dataset.name, own)


def _expression_columns(rule: Rule) -> set[str]:
    return {
        c for e in rule.expressions.values() for c in (*e.columns, *(b for _, b in e.behind))
    }


def known_columns(project: Project, warehouse: Warehouse) -> dict[str, Columns]:
    """The columns of every dataset without its warehouse.

    Declared types, else the headers of the live files, else what the last run saw
    (target/catalog.json), else the columns that tests give and rules use, as text.
    """
    from cdmq.files import file_columns
    from cdmq.stages.catalog import stacked, stored_catalog
    from cdmq.stages.models import model_columns

    stored, _ = stored_catalog(project)
    given = _given_columns(t for t, _ in project.unit_tests)
    known: dict[str, Columns] = {}
    for name, dataset in project.datasets.items():
        try:
            if dataset.seed is not None:
                known[name] = {c: dataset.spec.columns.get(c, "text")
                               for c in dataset.seed.columns}
            elif dataset.source == "file":
                known[name] = file_columns(dataset, project.root)
            elif dataset.source == "stack":
                known[name] = stacked(dataset, known)
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


def _guessed(
    project: Project, dataset: Dataset, given: Iterable[str], stored: Columns
) -> Columns:
    if set(stored) - set(dataset.spec.columns):  # else it holds the declared columns alone
        return {**stored, **dataset.spec.columns}
    used: dict[str, None] = dict.fromkeys([*dataset.key, *dataset.spec.columns, *given])
    for rule in project.rules.values():
        if rule.dataset == dataset.name:
            used.update(dict.fromkeys([*rule.columns, *sorted(_expression_columns(rule))]))
            options = getattr(rule.spec, "options", None) or {}
            filled = getattr(rule.spec, "fill_from", None) or []
            used.update(dict.fromkeys(c for c in filled if "." not in c))
            used.update(dict.fromkeys(str(v) for k, v in options.items() if k == "region"))
    return {c: dataset.spec.columns.get(c, "text") for c in used}


def project_of(project: Project, test: UnitTest, rules: Sequence[Rule], need: Needed,
               schema: str) -> Project:
    """The project that one test runs: what it needs, with given rows in place of sources."""
    seeds = dict(project.seeds)
    for name in test.given:
        if name in seeds:
            seeds[name] = _given_seed(seeds[name], test.given[name])
    datasets = {}
    for name in need.datasets:
        dataset = project.datasets[name]
        if dataset.source == "seed":
            datasets[name] = replace(dataset, seed=seeds[name])
        elif name in test.given or dataset.source in ("file", "table"):
            datasets[name] = _as_table(dataset, f"{schema}.given_{len(datasets)}")
        else:
            datasets[name] = dataset
    kept = {*need.defaults, *(r.id for r in rules)}
    return replace(
        project, datasets=datasets, seeds=seeds,
        rules={name: rule for name, rule in project.rules.items() if name in kept},
    )


def _as_table(dataset: Dataset, table: str) -> Dataset:
    spec = dataset.spec.model_copy(
        update={"table": table, "file": None, "stack": None, "from_dbt": None, "rename": {}}
    )
    return replace(dataset, source="table", spec=spec, depends_on=(), model=None)


def _given_seed(seed: Seed, rows: Sequence[Mapping[str, str | None]]) -> Seed:
    return replace(seed, rows=tuple(tuple(row.get(c) for c in seed.columns) for row in rows))


def make_tables(
    project: Project, own: Project, test: UnitTest, catalog: Mapping[str, Columns],
    warehouse: Warehouse, span: Span,
) -> None:
    """The given rows of a test as tables; a dataset that it does not give is empty."""
    from cdmq.stages.catalog import relation_of

    for name, dataset in own.datasets.items():
        if dataset.source == "table":
            rows = test.given.get(name, [])
            _make_table(project.datasets[name], relation_of(dataset), rows, catalog[name],
                        warehouse, span)


def _make_table(
    dataset: Dataset, relation: Relation, rows: Sequence[Mapping[str, str | None]],
    columns: Columns, warehouse: Warehouse, span: Span,
) -> None:
    from cdmq.file_cells import typed_rows
    from cdmq.files import format_of
    from cdmq.sql import nodes

    plain: dict[str, Type] = {c: "text" for c in columns}
    if dataset.source == "file" and format_of(dataset) != "parquet":
        # A file's cells are texts, read as the dataset says: what cannot be read is found so.
        raw = Relation(relation.name + "_raw", relation.schema)
        warehouse.load(raw, plain, [[row.get(c) for c in columns] for row in rows])
        query = typed_rows(dataset, list(columns), nodes.table(raw))
        warehouse.load_query(relation, query.sql("duckdb"))
        return
    types: dict[str, Type] = {c: "text" if t == "unknown" else t for c, t in columns.items()}
    warehouse.load(relation, types, [
        [_value(row.get(c), t, dataset.name, c, span) for c, t in types.items()] for row in rows
    ])


def _value(cell: str | None, type_: Type, dataset: str, column: str, span: Span) -> Any:
    from cdmq.stages.build import typed

    value = typed(cell, type_)
    if cell is not None and value is None:
        raise CdmqError(Problem(span, "CDMQ520", f"given {dataset}: '{cell}' is no {type_}, the "
                                f"type of {column}", "write a value of the column's type"))
    return value


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
        raise CdmqError([
            Problem(span, "CDMQ521", f"given {name}: the dataset has no column '{c}'",
                    did_you_mean(c, known)) for c in unknown
        ])
