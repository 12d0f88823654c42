"""target/compiled: the SQL of each dataset, for people to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.tables import audit_schema
from cdmq.datasets.build import reference_relation
from cdmq.datasets.catalog import relation_of
from cdmq.kinds import kinds
from cdmq.kinds.given import name_published
from cdmq.project.atomic import write_text
from cdmq.project.target_files import check_target, compiled
from cdmq.sql import nodes
from cdmq.sql.keyed import spelled
from cdmq.sql.logical import Names, placed
from cdmq.standards import table_names
from cdmq.steps import DatasetPlan, Plan
from cdmq.values import Project

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


def write_compiled(
    plan: Plan, project: Project, warehouse: Warehouse, folder: Path
) -> dict[str, Path]:
    """One file a dataset, with the statements that a run sends; their paths.

    Raises CdmqError where a file that cdmq did not write has the name of one.
    """
    names = Names(warehouse.schema, warehouse.traits.longest_name, "")
    for dataset in project.datasets.values():
        own = relation_of(dataset) if dataset.source == "table" else names.output(dataset.name)[1]
        names.put(f"source:{dataset.name}", own)
        names.put(f"seed:{dataset.name}", own)
        for ending in ("stage", "clean", "defaulted"):
            names.put(f"{ending}:{dataset.name}", names.output(f"{dataset.name}__{ending}")[1])

    for rule in project.rules.values():
        for logical, published in kinds()[rule.kind].leaves(rule).items():
            names.put(logical, names.output(published)[1])
    for own_plan in plan.datasets.values():
        name_published(names, own_plan.steps)
    for name in table_names():
        names.put(f"ref:{name}", reference_relation(name, audit_schema(warehouse)))

    def render(node: exp.Expr) -> str:
        own = spelled(placed(node.copy(), names.final, names.queries), warehouse.dialect)
        return own.sql(warehouse.dialect, copy=False, pretty=True)

    files = {name: folder / f"{name}.sql" for name in plan.datasets}
    check_target(folder, [path.name for path in files.values()])
    for name, own_plan in plan.datasets.items():
        write_text(files[name], "\n\n".join(_statements(own_plan, render)) + "\n")
    for old in compiled(folder):
        if old.stem not in project.datasets:
            old.unlink()
    return files


def _statements(plan: DatasetPlan, render: Callable[[exp.Expr], str]) -> Iterator[str]:
    steps = plan.steps
    yield f"-- dataset {steps.dataset.name} ({steps.dataset.span})"
    if steps.stage:
        yield f"-- the clean stage\n{render(steps.stage.query)};"
    yield f"-- what rules read\n{render(steps.clean)};"
    yield f"-- what people read\n{render(steps.defaulted)};"
    makers = (steps.maker,) if steps.maker else ()
    for work in sorted((*steps.works, *makers), key=lambda w: list(kinds()).index(w.rule.kind)):
        for title, query in work.shown:
            yield f"-- {title}\n{render(query)};"
    if plan.row:
        rules = ", ".join(r.id for b in plan.row for r in b.rules)
        yield f"-- flags of {rules}\n{render(nodes.union_all([b.query for b in plan.row]))};"
    for branch in plan.sets:
        yield f"-- flags of {branch.rules[0].id} ({branch.rules[0].span})\n{render(branch.query)};"
    for branch in plan.changes:
        yield (
            f"-- cells changed by {branch.rules[0].id} ({branch.rules[0].span})\n"
            f"{render(branch.query)};"
        )
    for counts in plan.counts:
        yield f"-- rows tested and judged\n{render(counts.query)};"
