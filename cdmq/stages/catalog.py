"""The columns of every dataset: from the warehouse, the files and the declarations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from cdmq.plain_values import seed_problems
from cdmq.problems import CdmqError, Problem, did_you_mean
from cdmq.sql.types import Type
from cdmq.values import Catalog, Dataset, Project, Relation

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

Columns = dict[str, Type]


def relation_of(dataset: Dataset) -> Relation:
    """The relation that `table:` names: `name`, `schema.name` or `catalog.schema.name`.

    Raises CdmqError where it names none.
    """
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    said = dataset.spec.table or dataset.name
    try:
        node = exp.to_table(said, dialect="duckdb")
    except SqlglotError:
        node = None
    if node is None or not isinstance(node.this, exp.Identifier) or not node.name:
        raise CdmqError(Problem(dataset.span, "CDMQ504", f"'{said}' names no table", "write "
                                "schema.name; a name with a blank, a dot or a quote stands in "
                                'double quotes: raw."two words", and a quote in it twice: "a""b"'))
    return Relation(node.name, node.db or None, node.catalog or None)


def stacked(dataset: Dataset, known: Mapping[str, Mapping[str, Type]]) -> Columns:
    """The columns of a stack: the label, then each source's, renamed, in order of appearance."""
    columns: Columns = {"source": "text"}
    for label, source in (dataset.spec.stack or {}).items():
        names = dataset.spec.rename.get(label, {})
        for column, type_ in known[source].items():
            name = names.get(column, column)
            if name in columns and columns[name] != type_:
                columns[name] = "text"
            else:
                columns.setdefault(name, type_)
    return columns


def made_columns(
    dataset: Dataset, project: Project, known: Mapping[str, Mapping[str, Type]]
) -> Columns:
    """The columns of a golden dataset."""
    from cdmq.stages.golden.records import golden_columns

    of = str(dataset.made_of)
    return golden_columns(project.rules[str(dataset.made_by)], project.datasets[of], known[of])


def stack_problems(dataset: Dataset, known: Mapping[str, Mapping[str, Type]]) -> list[Problem]:
    problems = []
    for label, source in (dataset.spec.stack or {}).items():
        names = dataset.spec.rename.get(label, {})
        for column in names:
            if column not in known.get(source, {column: 1}):
                problems.append(
                    Problem(dataset.span, "CDMQ203", f"rename: {source} has no column '{column}'",
                            did_you_mean(column, known[source]))
                )
        written = [names.get(c, c) for c in known.get(source, {})]
        twice = sorted({w for w in written if written.count(w) > 1 or w == "source"})
        problems += [
            Problem(dataset.span, "CDMQ210", f"the stack {dataset.name} gets the column '{w}' "
                    f"twice from {label}", "rename one of them")
            for w in twice
        ]
    return problems


def check_columns(dataset: Dataset, columns: Mapping[str, Type]) -> list[Problem]:
    """Names in a dataset's own declaration that its columns do not have."""
    spec = dataset.spec
    named = [*spec.key, *spec.columns, *spec.pii, *spec.verified_at, *spec.verified_at.values()]
    named += [n for n in (spec.changed_at, spec.changed_by, spec.happened_at) if n]
    named += [c for own in spec.refers_to.values() for c in own]
    if isinstance(spec.missing_values, dict):
        named += list(spec.missing_values)
    return [*_taken(dataset, columns), *_unknown(dataset, named, columns)]


def _taken(dataset: Dataset, columns: Iterable[str]) -> list[Problem]:
    """Names that cdmq gives to columns of its own."""
    return [
        Problem(dataset.span, "CDMQ222", f"the column '{name}' of {dataset.name} has a name that "
                "cdmq keeps for itself", "rename it at the source or in a SQL model")
        for name in columns if _OWN.fullmatch(name.lower())
    ]


def _unknown(
    dataset: Dataset, named: Iterable[str], columns: Mapping[str, Type]
) -> list[Problem]:
    return [
        Problem(dataset.span, "CDMQ203", f"{dataset.name} has no column '{name}'",
                did_you_mean(name, columns))
        for name in dict.fromkeys(named)
        if name not in columns
    ]


#: Columns that a run adds to a dataset's own.
_OWN = re.compile(
    r"__(key|digest|rules|borrowed|unreadable|(raw|reason|from|was|why|untidy|new|text|unread)_.*)")
#: A delivery that failed: a file or table that is not there or cannot be read.
_NOT_DELIVERED = frozenset({"CDMQ121", "CDMQ125", "CDMQ126", "CDMQ204", "CDMQ286",
                            "CDMQ287", "CDMQ288"})


def live_catalog(project: Project, warehouse: Warehouse) -> Catalog:
    """Read what is there. Raises CdmqError with every dataset that is not as it is declared."""
    known, broken = delivered(project, warehouse)
    if broken:
        raise CdmqError([p for problems in broken.values() for p in problems])
    return known


def delivered(
    project: Project, warehouse: Warehouse
) -> tuple[Catalog, dict[str, list[Problem]]]:
    """Read what is there, and the datasets whose source cannot be read: the others go on.

    Raises CdmqError where a source was read and is not as it is declared.
    """
    from cdmq.files import file_columns
    from cdmq.stages.models import model_columns

    known: dict[str, Columns] = {}
    broken: dict[str, list[Problem]] = {}
    problems: list[Problem] = []
    for dataset in project.datasets.values():
        try:
            if any(need not in known for need in dataset.depends_on):
                continue
            if dataset.source == "table":
                columns = _table_columns(dataset, warehouse)
            elif dataset.source == "file":
                columns = file_columns(dataset, project.root)
            elif dataset.source == "seed":
                assert dataset.seed is not None
                columns = {c: dataset.spec.columns.get(c, "text") for c in dataset.seed.columns}
                problems += seed_problems(dataset, columns)
            elif dataset.source == "stack":
                problems += stack_problems(dataset, known)
                columns = stacked(dataset, known)
            elif dataset.source == "golden":
                columns = made_columns(dataset, project, known)
            else:
                columns = model_columns(dataset, project, known, warehouse)
        except CdmqError as error:
            if {p.code for p in error.problems} <= _NOT_DELIVERED:
                broken[dataset.name] = list(error.problems)
            else:
                problems += error.problems
            continue
        except RecursionError:
            problems.append(Problem(dataset.span, "CDMQ330", "the SQL is nested too deep",
                                    "split the model in two"))
            continue
        problems += check_columns(dataset, columns)
        problems += _contract(dataset, columns)
        known[dataset.name] = columns
    if problems:
        raise CdmqError([*problems, *(p for found in broken.values() for p in found)])
    return known, broken


def _table_columns(dataset: Dataset, warehouse: Warehouse) -> Columns:
    relation = relation_of(dataset)
    columns = warehouse.columns(relation)
    if columns is None:
        near = warehouse.relations(relation.schema or warehouse.schema)
        raise CdmqError(
            Problem(dataset.span, "CDMQ204", f"the table {relation} of dataset {dataset.name} "
                    "is not in the warehouse", did_you_mean(relation.name, near))
        )
    return columns


def _contract(dataset: Dataset, columns: Mapping[str, Type]) -> list[Problem]:
    if dataset.source in ("file", "seed"):
        return []
    return [
        Problem(dataset.span, "CDMQ213", f"{dataset.name}.{name} is declared as {type_}, "
                f"but it is {columns[name]}", "mend the declaration or the source")
        for name, type_ in dataset.spec.columns.items()
        if name in columns and columns[name] not in (type_, "unknown")
        and {columns[name], type_} - {"integer", "decimal", "double"}
    ]
