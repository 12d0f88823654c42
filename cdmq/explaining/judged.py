"""Which rules judge a record: not those whose `where` leaves it out, or that find nothing there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cdmq.audit.telling import Telling
from cdmq.kinds import kinds
from cdmq.kinds.given import name_published
from cdmq.problems import CdmqError
from cdmq.sql import nodes
from cdmq.sql.logical import Names, Renderer, logical
from cdmq.sql.relation import Relation
from cdmq.values import Dataset

if TYPE_CHECKING:
    from cdmq.steps import DatasetSteps, Judgement


def judged(telling: Telling, name: str, key: str, rules: Iterable[str]) -> frozenset[str]:
    """Those of `rules` (ids of today) that judge the record as the last run left it. Of a rule of
    which that cannot be told it is not said."""
    wanted = {r for r in rules if r in telling.project.rules and telling.project.rules[r].enabled}
    steps = _steps(telling, name, frozenset(wanted)) if wanted else None
    if steps is None:
        return frozenset()
    about_all = {j.rule.id for j in steps.judgements if j.scope == "dataset"}
    return frozenset(
        about_all
        | {
            j.rule.id
            for j in steps.judgements
            if j.scope != "dataset" and _judges(telling, steps, j, key)
        }
    )


def _steps(telling: Telling, name: str, rules: frozenset[str]) -> DatasetSteps | None:
    from cdmq.stages.compile import compile_rules

    dialect = telling.audit.warehouse.dialect
    try:
        return compile_rules(telling.project, telling.types, dialect, rules).get(name)
    except CdmqError:
        return None  # the project is not as it was run


def _judges(telling: Telling, steps: DatasetSteps, judgement: Judgement, key: str) -> bool:
    from cdmq.warehouses.base import StatementError

    condition = nodes.all_of(
        [
            nodes.equal(nodes.paren(steps.with_digests().key_of(judgement)), nodes.text(key)),
            *(nodes.paren(c.copy()) for c in (judgement.tested, judgement.judged) if c is not None),
        ]
    )
    query = nodes.select([nodes.number(1)], logical(judgement.relation), condition).limit(1)
    runs = list(telling.audit.runs.values())
    as_of = runs[-1]["as_of"].isoformat(sep=" ") if runs else ""
    render = Renderer(_names(telling, steps), telling.audit.warehouse.dialect, as_of)
    try:
        return bool(telling.audit.warehouse.fetch(render.sent(query)))
    except (StatementError, KeyError):
        return False  # what it reads is no longer there


def _names(telling: Telling, steps: DatasetSteps) -> Names:
    """Where the last run left each relation, of datasets and of rules; and rows with the columns
    that rules give."""
    names = Names(telling.audit.warehouse.schema, telling.audit.warehouse.traits.longest_name, "")
    for rule in telling.project.rules.values():
        for logical_name, published in kinds()[rule.kind].leaves(rule).items():
            names.put(logical_name, telling.output(published))
    name_published(names, steps)
    for dataset in telling.project.datasets.values():
        names.put(
            f"source:{dataset.name}",
            telling.output(dataset.name) if dataset.source != "table" else _table(dataset),
        )
        for ending in ("stage", "clean", "defaulted"):
            names.put(f"{ending}:{dataset.name}", telling.output(f"{dataset.name}__{ending}"))
        if dataset.seed is not None:
            names.put(f"seed:{dataset.name}", telling.output(dataset.name))
    return names


def _table(dataset: Dataset) -> Relation:
    from cdmq.datasets.catalog import relation_of

    return relation_of(dataset)
