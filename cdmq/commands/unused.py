"""ls --unused: columns of what is delivered that no rule reads, with how often they are filled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.datasets.catalog import relation_of
from cdmq.graph.select import select as selected
from cdmq.graph.unused import read_columns
from cdmq.problems import CdmqError, Problem
from cdmq.project.given import selection
from cdmq.results import Unused
from cdmq.runs.projects import Way, connected
from cdmq.sql import nodes
from cdmq.sql.logical import short
from cdmq.sql.relation import Relation
from cdmq.sql.types import Type
from cdmq.values import Dataset

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


def unused_columns(
    way: Way,
    select: str | Iterable[str] | None = None,
    exclude: str | Iterable[str] | None = None,
    allow_empty: bool = False,
) -> tuple[Unused, ...]:
    """The columns of files and tables from which the chosen datasets and rules are made, and that
    no rule of the project reads."""
    with connected(way) as (project, warehouse, _):
        chosen = selected(
            project, selection(select), selection(exclude), allow_empty=allow_empty, disabled=True
        )
        known = {n: _columns(d, warehouse) for n, d in project.datasets.items()}
        read = read_columns(project, known)
        return tuple(
            line
            for dataset in (project.datasets[n] for n in chosen.datasets)
            if dataset.source in ("file", "table")
            for line in _counted(dataset, known[dataset.name], read[dataset.name], warehouse)
        )


def _columns(dataset: Dataset, warehouse: Warehouse) -> Mapping[str, Type]:
    """The columns of a dataset as it stands; none where no run made it."""
    found = warehouse.columns(_relation(dataset, warehouse)) or {}
    return {c: t for c, t in found.items() if not c.startswith("__")}


def _relation(dataset: Dataset, warehouse: Warehouse, ending: str = "") -> Relation:
    if dataset.source == "table" and not ending:
        return relation_of(dataset)
    return Relation(short(dataset.name + ending, warehouse.traits.longest_name), warehouse.schema)


def _counted(
    dataset: Dataset, columns: Mapping[str, Type], read: frozenset[str], warehouse: Warehouse
) -> Iterator[Unused]:
    """Columns that are not read; filled in the clean rows, in which what is missing is NULL."""
    if not columns:
        raise CdmqError(
            Problem(
                dataset.span,
                "CDMQ430",
                f"{_relation(dataset, warehouse)} is not in the warehouse",
                "make it first: cdmq run",
            )
        )
    left = [c for c in columns if c not in read]
    if not left:
        return
    clean = _relation(dataset, warehouse, "__clean")
    there = set(left) <= set(warehouse.columns(clean) or ())
    counts = [exp.Count(this=exp.Star()), *(exp.Count(this=nodes.column(c)) for c in left)]
    query = nodes.select(counts, nodes.table(clean if there else _relation(dataset, warehouse)))
    ((rows, *filled),) = warehouse.fetch(query.sql(warehouse.dialect))
    for column, n in zip(left, filled, strict=True):
        yield Unused(dataset, column, columns[column], int(rows), int(n))
