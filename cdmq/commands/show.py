"""show: some rows of a dataset as a run left it, personal values masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from cdmq.datasets.catalog import check_pii, relation_of
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.results import Table
from cdmq.sql import nodes
from cdmq.sql.logical import short
from cdmq.sql.pii import hides, masked
from cdmq.sql.relation import Relation
from cdmq.values import Dataset, Project

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

STAGES = ("raw", "clean", "defaulted", "flagged", "passed")
#: The column of `__flagged` that names the rules a row fails.
_RULES = "__rules"


def rows_of(
    project: Project, warehouse: Warehouse, name: str, stage: str, limit: int, unmask: bool
) -> Table:
    """The first rows by key. Raises CdmqError where there is no such dataset or relation."""
    _check_words(project, name, stage)
    dataset = project.datasets[name]
    relation = _relation(dataset, stage, warehouse)
    columns = warehouse.columns(relation)
    if columns is None:
        raise CdmqError(
            Problem(
                dataset.span,
                "CDMQ430",
                f"{relation} is not in the warehouse",
                "make it first: cdmq run",
            )
        )
    shown = {c: t for c, t in columns.items() if not c.startswith("__") or c == _RULES}
    if not unmask:
        check_pii(dataset, columns)
    query = nodes.select([nodes.column(c) for c in shown], nodes.table(relation))
    order = [nodes.column(k) for k in dataset.key if k in shown]
    rows = warehouse.fetch(query.order_by(*order).limit(limit).sql(warehouse.dialect))
    whole = len(rows)
    if whole == limit:
        [(whole,)] = warehouse.fetch(
            nodes.select([exp.Count(this=exp.Star())], nodes.table(relation)).sql(warehouse.dialect)
        )
    hidden = () if unmask else _hidden(project, dataset, shown)
    names = tuple(shown)
    return Table(
        str(relation),
        names,
        tuple(
            tuple(_shown(v, c in hidden) for v, c in zip(row, names, strict=True)) for row in rows
        ),
        hidden,
        None if whole == len(rows) else whole,
    )


def _check_words(project: Project, name: str, stage: str) -> None:
    if name not in project.datasets:
        cause, remedy = f"no dataset is named '{name}'", did_you_mean(name, project.datasets)
        raise CdmqError(Problem(Span("show"), "CDMQ513", cause, remedy))
    if stage not in STAGES:
        cause, remedy = f"'{stage}' is no stage", did_you_mean(stage, STAGES)
        raise CdmqError(Problem(Span("--stage"), "CDMQ514", cause, remedy))


def _relation(dataset: Dataset, stage: str, warehouse: Warehouse) -> Relation:
    if stage == "raw" and dataset.source == "table":
        return relation_of(dataset)
    name = dataset.name if stage == "raw" else f"{dataset.name}__{stage}"
    return Relation(short(name, warehouse.traits.longest_name), warehouse.schema)


def _hidden(project: Project, dataset: Dataset, columns: dict[str, Any]) -> tuple[str, ...]:
    """What pii: hides, and what rules hand out, unless pii: calls it plain."""
    uses = project.uses.values()
    handed = {c for u in uses for c in u.makes.get(f"handed:{dataset.name}", ())}
    handed -= {c for c, how in dataset.spec.pii.items() if how == "plain"}
    return tuple(
        c for c, t in columns.items() if c != _RULES and (c in handed or hides(dataset.spec, c, t))
    )


def _shown(value: Any, hide: bool) -> Any:
    if value is None or not hide:
        return value
    return masked(str(value))
