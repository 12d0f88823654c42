"""debug --adopt: what an older cdmq made, or an older name of the project, into the register."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.register import TYPES, Register
from cdmq.audit.tables import REGISTER, RULE_VERSIONS, RUNS, audit_schema
from cdmq.graph.names import relation_names
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.results import Finding
from cdmq.sql import nodes
from cdmq.sql.logical import short
from cdmq.sql.relation import Relation
from cdmq.values import Project

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


def adopt(register: Register, project: Project, names: Sequence[str]) -> Iterator[Finding]:
    """Write relations into the register: the next run replaces them. Raises CdmqError."""
    warehouse = register.warehouse
    fold, longest = warehouse.traits.fold, warehouse.traits.longest_name
    makes = {
        fold(short(n.name, longest)): n for n in relation_names(project.datasets, project.rules)
    }
    wanted, problems = {}, []
    for name in names:
        relation = Relation(name, warehouse.schema)
        standing, made = register.stands(relation), makes.get(fold(name))
        if made is None:
            problems.append(
                _nothing(f"nothing of this project makes '{name}'", did_you_mean(name, makes))
            )
        elif standing is None or standing.type not in TYPES:
            problems.append(
                _nothing(
                    f"there is no table or view {warehouse.schema}.{name}",
                    "a run makes it: nothing is to be adopted",
                )
            )
        else:
            wanted[Relation(standing.name, warehouse.schema)] = made.of
    if problems:
        raise CdmqError(problems)
    with warehouse.transaction():
        register.enter(wanted)
    for relation, of in wanted.items():
        yield Finding("adopted", True, f"{relation}, made of {of}: the next run replaces it")


def adopt_project(register: Register, old: str, project: Project, force: bool) -> Finding:
    """The audit rows of a project become those of this one, whose name it has now."""
    warehouse, new = register.warehouse, project.config.name
    if not _has_rows(warehouse, old):
        raise CdmqError(
            _nothing(
                f"the audit tables in {audit_schema(warehouse)} are not those of a project '{old}'",
                "see whose they are: cdmq debug",
            )
        )
    before = _names(register)
    if before and not force and not before & _names_of(project):
        raise CdmqError(
            Problem(
                Span("--adopt-project"),
                "CDMQ445",
                f"the project {new} has no dataset and no rule of "
                f"the project {old}: the next run would close every flag of that",
                "give this "
                "project's target a schema of its own (schema: NAME in profiles.yml); if all that "
                f"{old} has is to go: cdmq debug --adopt-project {old} --force",
            )
        )
    table = nodes.table(Relation(REGISTER.name, audit_schema(warehouse)))
    renamed = exp.Update(
        this=table, expressions=[exp.EQ(this=nodes.column("project"), expression=nodes.text(new))]
    )
    warehouse.run(renamed.sql(warehouse.dialect))
    return Finding("adopted", True, f"the audit rows of the project {old}, which is {new} now")


def _names(register: Register) -> set[str]:
    """The datasets and rules that the audit tables speak of."""
    warehouse = register.warehouse
    names = [nodes.column("rule_id"), nodes.column("dataset")]
    last = nodes.select(
        names,
        nodes.table(Relation(RULE_VERSIONS.name, audit_schema(warehouse))),
        nodes.is_null(nodes.column("to_run")),
    )
    rows = warehouse.fetch(last.sql(warehouse.dialect))
    return {str(n) for row in rows for n in row} | {
        e.made_of for e in register.entries.known.values() if e.made_of
    }


def _names_of(project: Project) -> set[str]:
    rules, datasets = project.rules.values(), project.datasets.values()
    return {
        *project.rules,
        *project.datasets,
        *(r.formerly for r in rules if r.formerly),
        *(n for d in datasets for n in d.spec.formerly),
    }


def _has_rows(warehouse: Warehouse, project: str) -> bool:
    schema = audit_schema(warehouse)
    for table in (REGISTER, RUNS):
        query = nodes.select(
            [nodes.column("project")],
            nodes.table(Relation(table.name, schema)),
            nodes.equal(nodes.column("project"), nodes.text(project)),
        ).limit(1)
        if warehouse.fetch(query.sql(warehouse.dialect)):
            return True
    return False


def _nothing(cause: str, remedy: str) -> Problem:
    return Problem(Span("--adopt"), "CDMQ443", cause, remedy)


def shown(register: Register) -> Iterator[Finding]:
    """The register, as debug shows it: what stands, and what is no longer what cdmq made."""
    warehouse = register.warehouse
    schema = warehouse.schema
    own = [
        e
        for e in register.entries.known.values()
        if warehouse.traits.fold(e.schema) == warehouse.traits.fold(schema)
    ]
    whose = register.entries.owner or register.project
    if not own:
        yield Finding("register", True, f"cdmq made nothing in the schema {schema} yet")
        return
    there = [e for e in own if register.owns(Relation(e.name, schema))]
    yield Finding(
        "register",
        True,
        f"{len(there)} relations of the project {whose} in the schema "
        f"{schema}, audit tables in {audit_schema(warehouse)}",
    )
    by_type = {type_: sorted(e.name for e in there if e.type == type_) for type_ in TYPES}
    for type_, names in by_type.items():
        if names:
            yield Finding(f"{type_}s", True, ", ".join(names))
    for entry in sorted(own, key=lambda e: e.name):
        standing = register.stands(Relation(entry.name, schema))
        if standing and entry not in there:
            yield Finding(
                "register",
                False,
                f"{schema}.{standing.name} is a {standing.type} that "
                "cdmq did not make, in the place of one that it made",
                "drop or rename it, or: cdmq debug --adopt " + standing.name,
            )
