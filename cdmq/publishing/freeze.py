"""freeze: views that a run cannot make anew, over datasets that it does: they become tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.outcomes import Built, Executed
from cdmq.publishing.leading import state_of
from cdmq.sql import nodes
from cdmq.sql.logical import Names
from cdmq.values import Project
from cdmq.warehouses.base import StatementError

if TYPE_CHECKING:
    from cdmq.audit.register import Register


def freeze(register: Register, project: Project, executed: Executed, names: Names) -> None:
    """Keep the last good rows of models that failed or are held back.

    Their views would change with what they read, or read columns that are there no more.
    """
    made = {b.dataset for b in executed.built} - set(executed.failed)
    for name in executed.failed:
        dataset = project.datasets[name]
        staged, final = names.output(name)
        standing = register.stands(state_of(register, final) or final)
        if (
            dataset.source not in ("model", "stack")
            or not made & set(dataset.depends_on)
            or standing is None
            or standing.type != "view"
            or not register.owns(final)
        ):
            continue
        executed.built[:] = [b for b in executed.built if b.dataset != name or b.staged != staged]
        warehouse = register.warehouse
        try:
            if found := warehouse.inventory.relations(warehouse.schema).get(staged.name):
                warehouse.run(nodes.drop(staged, found).sql(warehouse.dialect))
            query = nodes.select([exp.Star()], nodes.table(final))
            warehouse.run(nodes.create(staged, query).sql(warehouse.dialect))
        except StatementError:
            continue  # it can be read no more: there is nothing to keep
        executed.built.append(Built(name, final, staged, "table", stays=True))
