"""What a run will publish, known before a statement is sent; and whether it may."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cdmq.audit.register import Register
from cdmq.datasets.catalog import relation_of
from cdmq.datasets.sources import source_relation
from cdmq.problems import CdmqError, Problem, Span
from cdmq.sql.logical import short
from cdmq.sql.relation import Relation
from cdmq.steps import DatasetSteps, Plan
from cdmq.values import Catalog, Dataset, Materialization, Project

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


@dataclass(frozen=True)
class Output:
    """A relation that a run will publish, and of which dataset or rule it is."""

    relation: Relation
    of: str
    what: str
    span: Span
    materialized: Materialization
    #: The names of its columns; none where they are not known yet.
    columns: tuple[str, ...] = ()


def outputs(
    project: Project, catalog: Catalog, plan: Plan, datasets: Iterable[str], warehouse: Warehouse
) -> list[Output]:
    """Everything that a run of these datasets may publish."""

    def at(name: str) -> Relation:
        return Relation(short(name, warehouse.traits.longest_name), warehouse.schema)

    found = []
    for name in datasets:
        dataset = project.datasets[name]
        own = plan.datasets.get(name)
        steps = own.steps if own else None
        found += [
            Output(at(f"{name}{ending}"), name, f"the dataset {name}", dataset.span, how, columns)
            for ending, how, columns in _of_dataset(dataset, steps, catalog)
        ]
        for rule, made in _of_rules(steps) if steps else ():
            span, mine = project.rules[rule].span, made == f"{name}__xref"
            found.append(
                Output(
                    at(made),
                    name if mine else rule,
                    f"the rule {rule}",
                    span,
                    dataset.materialized if mine else "view",
                )
            )
    return found


def _of_dataset(
    dataset: Dataset, steps: DatasetSteps | None, catalog: Catalog
) -> Iterator[tuple[str, Materialization, tuple[str, ...]]]:
    """(ending of the name, materialization, columns)"""
    if dataset.source != "table":
        yield "", dataset.own_materialization, tuple(catalog.get(dataset.name, ()))
    if steps is None:
        return
    if steps.stage:
        yield "__stage", "table", tuple(steps.stage.query.named_selects)
    clean = tuple(steps.clean.named_selects)
    read = {"__clean": clean, "__defaulted": tuple(steps.defaulted.named_selects)}
    if steps.validated and dataset.key:
        read |= {"__flagged": (*clean, "__rules"), "__passed": clean}
    for ending, columns in read.items():
        yield ending, dataset.materialized, columns


def _of_rules(steps: DatasetSteps) -> Iterator[tuple[str, str]]:
    """(rule, name of what it makes)"""
    for work in (*steps.works, *((steps.maker,) if steps.maker else ())):
        yield from ((work.rule.id, name) for name in work.publishes)


def check_outputs(register: Register, found: Sequence[Output]) -> None:
    """Raises CdmqError where something that cdmq did not make bears the name of an output."""
    problems = []
    for output in found:
        standing = register.stands(output.relation)
        if standing is not None and not register.owns(output.relation):
            problems.append(
                Problem(
                    output.span,
                    "CDMQ440",
                    f"{output.relation.schema}.{standing.name} is a "
                    f"{standing.type} that cdmq did not make, and {output.what} would take its place",
                    f"give {output.what} another name, or the target in profiles.yml a schema of its "
                    "own (schema: NAME); if an older cdmq made it: "
                    f"cdmq debug --adopt {standing.name}",
                )
            )
    if problems:
        raise CdmqError(problems)


def check_places(register: Register, found: Sequence[Output]) -> None:
    """Raises CdmqError where what others put on an output would not let a run publish it."""
    of = {o.relation: o for o in found}
    why = register.warehouse.inventory.hindrances({r: o.columns for r, o in of.items()})
    problems = [
        Problem(
            of[relation].span,
            "CDMQ444",
            f"{relation} cannot be published: {said}",
            "drop that or change it; or give " + of[relation].what + " another name",
        )
        for relation, said in why
    ]
    problems += [p for output in found for p in _lost_in_turning(register, output, of)]
    if problems:
        raise CdmqError(dict.fromkeys(problems))


def _lost_in_turning(register: Register, output: Output, of: Container[Relation]) -> list[Problem]:
    """What others put on a view that is to be a table, or on a table that is to be a view, and
    could not be put on it again."""
    standing = register.stands(output.relation)
    if standing is None or standing.type == output.materialized:
        return []
    warehouse = register.warehouse
    readers = [
        r.relation for r in warehouse.inventory.readers([output.relation]) if r.relation not in of
    ]
    hung = warehouse.inventory.attached(
        {output.relation: output.materialized, **dict.fromkeys(readers)}
    )
    lost = [
        f"{a.what} would be lost"
        if a.relation == output.relation
        else f"{a.what} of {a.relation}, which reads it, would be lost"
        for a in hung
        if a.sql is None
    ]
    lost += [
        f"{reader} reads it and is made anew with it, but {why}"
        for reader, why in warehouse.inventory.hindrances(dict.fromkeys(readers, ()))
    ]
    return [
        Problem(
            output.span,
            "CDMQ444",
            f"{output.relation} is a {standing.type} and becomes a {output.materialized}: {why}",
            "drop that, and put it there again after the run; or "
            f"let it stay as it is (materialized: {standing.type})",
        )
        for why in lost
    ]


def check_sources(
    project: Project, datasets: Iterable[str], made: Iterable[Output], warehouse: Warehouse
) -> None:
    """Raises CdmqError where a source, written with its schema, is what this run will make."""
    fold = warehouse.traits.fold
    names = {fold(o.relation.name): o for o in made}
    problems = []
    for name in datasets:
        for written, relation in sources(project, project.datasets[name]):
            output = names.get(fold(relation.name))
            own = relation.schema is None or fold(relation.schema) == fold(warehouse.schema)
            if output and own and relation.catalog in (None, _database(warehouse)):
                problems.append(
                    Problem(
                        project.datasets[name].span,
                        "CDMQ261",
                        f"{name} reads the table {written}, "
                        f"which is what {output.what} makes: {output.relation}",
                        f"read ref('{output.of}') or stack it, or give {output.what} another name",
                    )
                )
    if problems:
        raise CdmqError(problems)


def _database(warehouse: Warehouse) -> str:
    return str(warehouse.fetch("SELECT current_database()")[0][0])


def sources(project: Project, dataset: Dataset) -> Iterator[tuple[str, Relation]]:
    """The relations of the warehouse that a dataset reads, as they are written."""
    from cdmq.datasets.model_text import render_model

    if dataset.source == "table":
        yield str(dataset.spec.table), relation_of(dataset)
    elif dataset.model is not None:
        text = render_model(dataset, project.variables, project.macros)
        for how, name in text.references():
            if how == "source":
                yield name, source_relation(name)


def by_relation(found: Iterable[Output]) -> Mapping[Relation, str]:
    return {o.relation: o.of for o in found}
