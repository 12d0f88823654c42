"""The secret by which hidden values are told apart is nothing that a project can read."""

from __future__ import annotations

import pytest
from runner import World

import cdmq.api
from cdmq.problems import CdmqError

_PEOPLE = {"id": "integer", "mail": "text"}
_MODELS = """\
version: 1
datasets:
  - {name: people, table: raw, key: id, pii: {mail: hash}}
"""
_RULES = """\
version: 1
dataset: people
validation:
  - {column: mail, checks: [{regex: {pattern: "^q"}}]}
"""


def _world(world: World, models: str = "", **more: str) -> None:
    world.table("raw", _PEOPLE, [[1, "anna@x.org"]])
    world.write({"models/m.yml": _MODELS + models, "rules/r.yml": _RULES, **more})


def _codes(world: World) -> list[str]:
    with pytest.raises(CdmqError) as told:
        cdmq.api.parse(world.root)
    return [p.code for p in told.value.problems]


@pytest.mark.parametrize(
    "table",
    [
        "cdmq.pii_key",
        "CDMQ.PII_KEY",
        '"cdmq"."pii_key"',
        "db.cdmq.pii_key",
        "cdmq_rows.pii_key",
        "crm_cdmq.Pii_Key",
        "pii_key",
        "__cdmq_key",
        "temp.__CDMQ_KEY",
    ],
)
def test_it_is_no_dataset(world: World, table: str) -> None:
    _world(world, f"  - {{name: e, table: '{table}', key: mark}}\n")
    assert _codes(world) == ["CDMQ336"]
    with pytest.raises(CdmqError, match="CDMQ336 the dataset e reads"):
        world.run()


@pytest.mark.parametrize(
    "source",
    [
        "{{ source('cdmq', 'pii_key') }}",
        "{{ source('CDMQ.PII_KEY') }}",
        "{{ source('pii_key') }}",
        '"__cdmq_ref__source__cdmq.pii_key"',
    ],
)
def test_it_is_no_source_of_a_model(world: World, source: str) -> None:
    _world(world, **{"models/e.sql": f"select mark, secret from {source}"})
    assert _codes(world) == ["CDMQ336"]


def test_a_reference_that_is_written_as_cdmq_marks_its_own(world: World) -> None:
    _world(world, **{"models/e.sql": "select mark, secret from __cdmq_ref__source__pii_key"})
    with pytest.raises(CdmqError, match="CDMQ336"):
        world.run()


def test_a_table_of_that_name_elsewhere_and_other_audit_tables_are_sources(world: World) -> None:
    _world(world)
    world.run()
    schema = world.audit
    world.table("pii_key", {"id": "integer"}, [[1]])
    _world(
        world,
        f"  - {{name: mine, table: {world.schema}.pii_key, key: id}}\n"
        f"  - {{name: runs_of_cdmq, table: {schema}.runs, key: run_id}}\n",
        **{
            "rules/runs.yml": "version: 1\ndataset: runs_of_cdmq\nvalidation:\n"
            "  - {column: status, checks: [{accepted_values: {values: [none_at_all]}}]}\n"
        },
    )
    assert world.run().exit_code == 1
    flagged = {r for (r,) in world.audit_rows("flags", ("rule_id",))}
    assert "runs_of_cdmq.status.accepted_values" in flagged
