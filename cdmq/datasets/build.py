"""The relations that a run makes of a dataset: its source, its clean stage, its views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.tables import audit_schema
from cdmq.datasets.bad_lines import FileLines
from cdmq.datasets.catalog import relation_of
from cdmq.datasets.models import model_query
from cdmq.datasets.sources import source_relation
from cdmq.files.plain_values import typed
from cdmq.files.reading import diagnose, is_of, reading
from cdmq.outcomes import Built
from cdmq.problems import CdmqError
from cdmq.sql import nodes
from cdmq.sql.logical import LOGICAL, Names, Renderer, logical
from cdmq.sql.relation import Relation
from cdmq.sql.text_form import text_of
from cdmq.sql.types import Type
from cdmq.standards import reference_table
from cdmq.steps import DatasetSteps
from cdmq.values import Catalog, Dataset, Materialization, Project
from cdmq.warehouses.base import StatementError

if TYPE_CHECKING:
    from cdmq.audit.register import Register
    from cdmq.warehouses.base import Warehouse


class Builder:
    """Makes relations under staged names, and remembers them for publishing."""

    def __init__(
        self,
        project: Project,
        catalog: Catalog,
        warehouse: Warehouse,
        names: Names,
        render: Renderer,
        register: Register | None = None,
    ) -> None:
        self.project, self.catalog, self.warehouse = project, catalog, warehouse
        self.names, self.render = names, render
        self.register = register
        self.built: list[Built] = []
        #: Of the datasets that rules make, how.
        self.made: dict[str, exp.Select] = {}
        #: Of the files that were read and have lines.
        self.lines: dict[str, FileLines] = {}

    def source(self, dataset: Dataset) -> None:
        """The dataset as it came: loaded, stacked, or where the warehouse has it."""
        name = f"source:{dataset.name}"
        if dataset.source == "table":
            self.names.put(name, relation_of(dataset))
            return
        staged, final = self.names.output(dataset.name)
        self.names.put(name, staged, final)
        if dataset.source == "file":
            self._file(dataset, staged, final)
        elif dataset.source == "seed":
            self._seed(dataset, staged, final)
            self.names.put(f"seed:{dataset.name}", staged, final)
        elif dataset.source == "stack":
            self._table(dataset.name, staged, final, stack_query(dataset, self.catalog))
        elif dataset.source == "rule":
            self._table(dataset.name, staged, final, self.made[dataset.name])
        else:
            self._model(dataset, staged, final)

    def clean(self, steps: DatasetSteps) -> None:
        """`__stage` where there are defaults or tokens, and what people read."""
        name = steps.dataset.name
        if steps.stage:
            staged, final = self.names.output(f"{name}__stage")
            query = steps.stage.query
            self._reference_tables(query)
            self._table(name, staged, final, query)
            self.names.put(f"stage:{name}", staged, final)
        for ending, view in (("clean", steps.clean), ("defaulted", steps.defaulted)):
            staged, final = self.names.output(f"{name}__{ending}")
            self._make(steps.dataset.materialized, name, staged, final, view)
            self.names.put(f"{ending}:{name}", staged, final)

    def _reference_tables(self, query: exp.Query) -> None:
        """Tables that a `standardise` form joins: loaded once, named by their content."""
        schema = audit_schema(self.warehouse)
        for table in query.find_all(exp.Table):
            if table.db != LOGICAL or not table.name.startswith("ref:"):
                continue
            if table.name in self.names.staged:
                continue
            reference = reference_table(table.name.removeprefix("ref:"))
            relation = reference_relation(reference.name, schema)
            if relation.name not in self.warehouse.inventory.relations(schema):
                with self.warehouse.transaction():
                    self.warehouse.load(relation, dict(reference.columns), list(reference.rows()))
                    if self.register:
                        self.register.enter_audit({relation.name})
            elif self.register and not self.register.knows(schema, relation.name):
                raise StatementError(
                    f"{relation} is not what cdmq made: move it, and a run makes it anew"
                )
            self.names.put(table.name, relation)

    def _make(
        self,
        how: Materialization,
        dataset: str,
        staged: Relation,
        final: Relation,
        query: exp.Query,
    ) -> None:
        make = self._table if how == "table" else self._view
        make(dataset, staged, final, query)

    def _view(self, dataset: str, staged: Relation, final: Relation, query: exp.Query) -> None:
        made = nodes.create(staged, query, what="VIEW")
        self.warehouse.run(self.render.sent(made))
        self.built.append(Built(dataset, final, staged, "view", query))

    def _table(self, dataset: str, staged: Relation, final: Relation, query: exp.Query) -> None:
        self.warehouse.run(self.render.sent(nodes.create(staged, query)))
        self.built.append(Built(dataset, final, staged, "table"))

    def _file(self, dataset: Dataset, staged: Relation, final: Relation) -> None:
        read = reading(dataset, self.project.root)
        try:
            self.warehouse.load_query(staged, read.query)
        except StatementError:
            told = diagnose(dataset, self.project.root)
            if told is None:
                raise
            raise CdmqError(told) from None
        finally:
            read.close()
        if is_of(dataset, "csv", "xlsx", "json"):
            self.lines[dataset.name] = FileLines(read.records, read.bad)
        self.built.append(Built(dataset.name, final, staged, "table"))

    def _seed(self, dataset: Dataset, staged: Relation, final: Relation) -> None:
        assert dataset.seed is not None
        types = self.catalog[dataset.name]
        rows = [
            [
                typed(cell, types[c], dataset.time_zone)
                for cell, c in zip(row, dataset.seed.columns, strict=True)
            ]
            for row in dataset.seed.rows
        ]
        self.warehouse.load(staged, types, rows)
        self.built.append(Built(dataset.name, final, staged, "table"))

    def _model(self, dataset: Dataset, staged: Relation, final: Relation) -> None:
        query = model_query(dataset, self.project, self._referenced)
        self._make(dataset.own_materialization, dataset.name, staged, final, query)

    def _referenced(self, reference: str) -> exp.Expr:
        how, _, name = reference.partition(":")
        if how == "clean":
            return logical(f"clean:{name}")
        return nodes.table(source_relation(name))


def reference_relation(name: str, schema: str) -> Relation:
    """Where a reference table of the standard forms stands: its name tells its content."""
    return Relation(f"ref_{name}_{reference_table(name).digest[:10]}", schema)


def stack_query(dataset: Dataset, catalog: Catalog) -> exp.Query:
    """The sources one under the other, by the names they have here; what one lacks is NULL."""
    columns = catalog[dataset.name]
    parts = []
    for label, source in (dataset.spec.stack or {}).items():
        own = catalog[source]
        names = dataset.spec.rename.get(label, {})
        by_name = {names.get(c, c): c for c in own}
        shown: list[exp.Expr] = [nodes.alias(nodes.text(label), "source")]
        for column, type_ in columns.items():
            if column == "source":
                continue
            shown.append(nodes.alias(_stacked_cell(by_name.get(column), own, type_), column))
        parts.append(nodes.select(shown, logical(f"clean:{source}")))
    return nodes.union_all(parts)


def _stacked_cell(name: str | None, own: Mapping[str, Type], type_: Type) -> exp.Expr:
    if name is None:
        return nodes.cast(nodes.null(), _SQL_TYPES.get(type_, "text"))
    if own[name] != type_ and type_ == "text":
        return text_of(nodes.column(name), own[name])
    return nodes.column(name)


_SQL_TYPES = {
    "text": "text",
    "integer": "bigint",
    "decimal": "decimal(38, 9)",
    "double": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
