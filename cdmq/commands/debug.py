"""debug: is everything there that a run needs? What is not is said with a remedy."""

from __future__ import annotations

import platform
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdmq.audit.tables import audit_schema
from cdmq.datasets.catalog import relation_of
from cdmq.problems import CdmqError
from cdmq.results import Finding
from cdmq.runs.projects import parse
from cdmq.sql import nodes
from cdmq.sql.logical import STAGED
from cdmq.sql.relation import Relation
from cdmq.values import Project
from cdmq.version import __version__
from cdmq.warehouses.base import StatementError
from cdmq.warehouses.connecting import connect
from cdmq.warehouses.profiles import Target, read_target

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


def findings(
    root: Path,
    variables: Mapping[str, Any] | None,
    profiles_dir: str | Path | None,
    profile: str | None,
    target: str | None,
) -> tuple[Finding, ...]:
    """All that can be looked at; what hangs on something broken is not looked at."""
    found = [Finding("cdmq", True, f"{__version__}, {_versions()}")]
    try:
        project = parse(root, variables)
        found.append(
            Finding(
                "project",
                True,
                f"{project.config.name}: {len(project.datasets)} "
                f"datasets, {len(project.rules)} rules, in {project.root}",
            )
        )
    except CdmqError as error:
        return (*found, *_problems("project", error))
    try:
        to = read_target(
            project.root,
            project.config,
            profile=profile,
            target=target,
            profiles_dir=str(profiles_dir) if profiles_dir else None,
        )
        found.append(
            Finding("profile", True, f"{to.profile}.{to.name}, type {to.type} ({to.span})")
        )
    except CdmqError as error:
        return (*found, *_problems("profile", error))
    return (
        *found,
        *(
            replace(f, said=to.scrub(f.said), remedy=to.scrub(f.remedy))
            for f in _connection(project, to)
        ),
    )


def _connection(project: Project, to: Target) -> Iterator[Finding]:
    try:
        warehouse = connect(to, project.root)
    except CdmqError as error:
        yield from _problems("connection", error)
        return
    try:
        where = getattr(warehouse, "path", None) or f"schema {warehouse.schema}"
        yield Finding("connection", True, f"{to.type} {warehouse.version()}, {where}")
        yield from _rights(warehouse, project)
        yield from _register(warehouse, project)
    except StatementError as error:
        yield Finding("connection", False, str(error), "look at the target")
    finally:
        warehouse.close()


def _register(warehouse: Warehouse, project: Project) -> Iterator[Finding]:
    """What cdmq made there."""
    from cdmq.audit.claims import claim
    from cdmq.kinds.stated import stated
    from cdmq.runs.adopt import shown

    try:
        yield from shown(claim(warehouse, stated(), project.config.name, ""))
    except CdmqError as error:
        yield from _problems("register", error)


def _rights(warehouse: Warehouse, project: Project) -> Iterator[Finding]:
    """Each right that a run needs; and a table is made as a run does, and taken back."""
    schemas = (warehouse.schema, audit_schema(warehouse))
    sources = [relation_of(d) for d in project.datasets.values() if d.source == "table"]
    lacking = warehouse.inventory.lacking(schemas, sources)
    yield from (Finding("rights", False, what, f"ask for: {grant}") for what, grant in lacking)
    if lacking:
        return
    relation = Relation(f"{STAGED}debug_{secrets.token_hex(3)}", warehouse.schema)
    made = nodes.create(relation, nodes.select([nodes.alias(nodes.number(1), "one")]))
    schema = nodes.name(warehouse.schema).sql(warehouse.dialect)
    try:
        if not warehouse.inventory.has_schema(warehouse.schema):
            warehouse.run(f"CREATE SCHEMA {schema}")
        with warehouse.transaction():  # a debug that is killed leaves nothing
            warehouse.run(made.sql(warehouse.dialect))
            warehouse.run(nodes.drop(relation).sql(warehouse.dialect))
    except StatementError as error:
        yield Finding(
            "rights",
            False,
            str(error),
            f"grant the user CREATE on the schema {warehouse.schema} and the database",
        )
    else:
        yield Finding("rights", True, f"may write to the schema {warehouse.schema}")


def _problems(what: str, error: CdmqError) -> list[Finding]:
    return [Finding(what, False, f"{p.span}: {p.code} {p.cause}", p.remedy) for p in error.problems]


def _versions() -> str:
    found = [f"python {platform.python_version()}"]
    for name in ("duckdb", "sqlglot", "pydantic", "psycopg"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)
