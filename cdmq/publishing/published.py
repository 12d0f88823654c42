"""Names of what an earlier run published: where `cdmq test` reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cdmq.datasets.catalog import relation_of
from cdmq.problems import CdmqError, Problem
from cdmq.sql.logical import Names
from cdmq.sql.relation import Relation
from cdmq.steps import DatasetSteps, Plan
from cdmq.values import Dataset, Project

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


def name_published(
    names: Names,
    project: Project,
    datasets: Iterable[str],
    plan: Plan,
    warehouse: Warehouse,
) -> None:
    """Put the final relations into `names`. Raises CdmqError for each that is not there."""
    problems = []
    for name in datasets:
        dataset = project.datasets[name]
        steps = plan.datasets[name].steps if name in plan.datasets else None
        for logical, relation, needed in _relations(dataset, names, steps):
            columns = warehouse.columns(relation)
            names.put(logical, relation)
            if columns is None:
                problems.append(_problem(dataset, f"{relation} is not in the warehouse"))
                break
            elif not needed <= set(columns):
                lost = sorted(needed - set(columns))[0]
                problems.append(
                    _problem(
                        dataset, f"{relation} was made by other rules: it has no column '{lost}'"
                    )
                )
    if problems:
        raise CdmqError(dict.fromkeys(problems))


def _relations(
    dataset: Dataset, names: Names, steps: DatasetSteps | None
) -> Iterable[tuple[str, Relation, set[str]]]:
    name = dataset.name
    own = relation_of(dataset) if dataset.source == "table" else names.output(name)[1]
    yield f"source:{name}", own, set()
    if dataset.source == "seed":
        yield f"seed:{name}", own, set()
    if steps is None:
        return
    if steps.stage:
        made = set(steps.stage.query.named_selects)
        yield f"stage:{name}", names.output(f"{name}__stage")[1], made
    yield f"clean:{name}", names.output(f"{name}__clean")[1], set(steps.columns)
    yield f"defaulted:{name}", names.output(f"{name}__defaulted")[1], set()


def _problem(dataset: Dataset, cause: str) -> Problem:
    return Problem(dataset.span, "CDMQ430", cause, "make it first: cdmq run")
