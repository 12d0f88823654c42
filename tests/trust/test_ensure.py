"""An older set of audit tables gets what came later, and loses nothing."""

from __future__ import annotations

import pytest
from runner import World

import cdmq.audit.ensure
from cdmq.problems import CdmqError

MODELS = """
version: 1
datasets: [{name: people, table: people, key: id}]
"""
RULES = """
version: 1
dataset: people
validation: [{column: email, checks: [not_null]}]
"""


@pytest.fixture
def ran(world: World) -> World:
    world.table("people", {"id": "integer", "email": "text"}, [[1, "x"], [2, None]])
    world.write({"models/m.yml": MODELS, "rules/r.yml": RULES})
    world.run()
    return world


def older(world: World, *statements: str) -> None:
    for statement in statements:
        world.sql(statement.format(audit=world.audit))
    world.sql(f"UPDATE {world.audit}.schema_version SET shape = NULL")


def test_a_column_and_a_table_that_came_later_are_added(ran: World) -> None:
    flags = ran.flags()
    assert flags
    older(
        ran,
        "ALTER TABLE {audit}.runs DROP COLUMN rules_digest",
        "DROP TABLE {audit}.match_models",
        "DROP VIEW {audit}.party_ids",
    )
    ran.run()
    assert ran.flags() == flags
    digests = ran.audit_rows("runs", ["run_id", "rules_digest"])
    assert [d is None for _, d in digests] == [True, False]
    assert ran.audit_rows("match_models", ["rule_id"]) == []
    assert ran.audit_rows("party_ids", ["party_id"]) == []


def test_tables_from_before_the_digest_of_their_shape(ran: World) -> None:
    older(ran)
    ran.sql(f"ALTER TABLE {ran.audit}.schema_version DROP COLUMN shape")
    ran.run()
    assert [s is None for _, s in ran.audit_rows("schema_version", ["applied", "shape"])] == [
        True,
        False,
    ]


def test_nothing_is_written_where_nothing_lacks(ran: World) -> None:
    before = ran.audit_rows("schema_version", ["version", "applied"])
    ran.run()
    assert ran.audit_rows("schema_version", ["version", "applied"]) == before


def test_tables_of_a_newer_version_are_left_alone(
    ran: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ran.flags()
    monkeypatch.setattr(cdmq.audit.ensure, "VERSION", cdmq.audit.ensure.VERSION - 1)
    with pytest.raises(CdmqError, match="CDMQ420"):
        ran.run()
    assert ran.flags() == before
