"""Schemas that others use too: cdmq takes its own names in them, and none of theirs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from owned import FILES, TINY, identity, refused
from runner import World

import cdmq
from cdmq.api import parse
from cdmq.commands.init import init
from cdmq.kinds.stated import stated
from cdmq.warehouses.profiles import read_target


@pytest.fixture
def project(world: World) -> World:
    world.write(FILES)
    return world


def test_a_table_of_the_users_in_the_audit_schema(project: World) -> None:
    project.sql(f"CREATE SCHEMA {project.audit}")
    for name in stated().relations:
        project.sql(f"CREATE TABLE {project.audit}.{name} AS SELECT 7 AS version")
    before = {name: identity(project, name, project.audit) for name in stated().relations}
    found = refused(project)
    assert [p.code for p in found] == ["CDMQ441"] * len(stated().relations)
    told = {p.cause.partition(" that cdmq did not make")[0] for p in found}
    assert told == {f"{project.audit}.{name} is a table" for name in stated().relations}
    for name in stated().relations:
        assert project.sql(f"SELECT * FROM {project.audit}.{name}") == [(7,)]
        assert identity(project, name, project.audit) == before[name]
    assert project.relations() == set()


def test_a_reference_table_that_cdmq_did_not_load(world: World) -> None:
    phones = "- {id: phones, column: name, standardise: phone, region: name}"
    world.write(
        {
            **TINY,
            "rules/customers.yml": TINY["rules/customers.yml"].replace(
                "- {id: tidy, column: name, standardise: whitespace}", phones
            ),
        }
    )
    world.run()
    (name,) = next(
        iter(world.sql(f"SELECT name FROM {world.audit}.register WHERE name LIKE 'ref%'")), ("",)
    )
    assert name
    world.sql(f"DELETE FROM {world.audit}.register WHERE name = '{name}'")
    result = world.run()
    assert f"{name} is not what cdmq made" in result.failed["customers"]
    assert result.exit_code == 2


def test_two_projects_on_one_schema(ran: World) -> None:
    flags = ran.flags()
    assert flags
    ran.write(
        {
            "cdmq_project.yml": "name: other\nprofile: world\n",
            "rules/people.yml": "",
            "rules/customers.yml": "version: 1\ndataset: orders\nvalidation:\n"
            "  - {column: day, checks: [not_null]}\n",
        }
    )
    found = refused(ran)
    assert [p.code for p in found] == ["CDMQ442"]
    assert "those of the project world: this is the project other" in found[0].cause
    assert ran.flags() == flags


def test_a_source_with_the_schema_of_the_outputs(project: World) -> None:
    """At parse the target's schema is not known."""
    project.write(
        {
            "models/more.yml": "version: 1\ndatasets:\n  - {name: more, key: id, table: "
            f"{project.schema}.short}}\n",
            "models/read.sql": f"SELECT * FROM {{{{ source('{project.schema}', 'raw') }}}}",
            "models/raw.sql": "SELECT 1 AS id",
        }
    )
    project.sql("CREATE TABLE short AS SELECT 1 AS id")
    project.sql("CREATE TABLE raw AS SELECT 1 AS id")
    found = refused(project)
    assert [(p.code, p.span.file) for p in found] == [
        ("CDMQ261", "models/more.yml"),
        ("CDMQ261", "models/read.sql"),
    ]
    assert project.relations() == {"short", "raw"}


def test_a_schema_of_its_own_on_duckdb(make_world: Callable[[str], World]) -> None:
    """Whatever the case in which it is written; a table without a schema is found in main too."""
    world = make_world("duckdb")
    world.write(
        {
            **TINY,
            "models/more.yml": "version: 1\ndatasets:\n  - {name: more, table: shop, key: id}\n",
        }
    )
    world.sql("CREATE TABLE main.customers AS SELECT 7 AS mine")
    world.sql("CREATE TABLE main.shop AS SELECT 7 AS id")
    for schema in ("Mart", "mart", "MART"):
        world.write(
            {
                "profiles.yml": "world: {target: it, outputs: {it: {type: duckdb, path: "
                f"world.duckdb, schema: {schema}}}}}}}"
            }
        )
        assert world.run().exit_code == 1
    assert world.sql("SELECT * FROM main.customers") == [(7,)]
    assert world.relations() == {"customers", "shop"}
    assert world.sql("SELECT count(*) FROM mart.customers") == [(4,)]
    assert world.sql("SELECT count(*) FROM mart_cdmq.runs") == [(3,)]


def test_a_new_project_has_a_schema_of_its_own(tmp_path: Path) -> None:
    for name, minimal in (("Firm", True), ("Firm2", False)):
        made = init(tmp_path / name, minimal=minimal)
        target = read_target(made.root, parse(made.root).config)
        assert target.options.schema_ == f"{name.lower()}_dq"
    assert cdmq.run(tmp_path / "Firm").exit_code == 1
    with duckdb.connect(str(tmp_path / "Firm" / "target" / "Firm.duckdb")) as connection:
        found = connection.execute("SELECT DISTINCT schema_name FROM duckdb_tables()").fetchall()
    assert {s for (s,) in found} == {"firm_dq", "firm_dq_cdmq"}
