"""Flags are kept in little room, and shown as ever; those of an older cdmq are brought over whole."""

from __future__ import annotations

import pytest
from older import OLDER, begin, enter, tables
from runner import FLAG, World

from cdmq.problems import CdmqError
from cdmq.warehouses.base import StatementError

EVERY = (
    *("rule_id", "version", "dataset", "key", "column_name", "value", "digest", "state"),
    *("suggestion", "records", "from_run", "to_run", "closed_because"),
)
RULE = "people.mail.not_null"
#: Closed flags of all sorts: about a dataset, hidden, suggested, of two versions, twice the same.
CLOSED = [
    (RULE, "v1", "people", None, "", "7", None, "failed", None, 1),
    (RULE, "v1", "people", "9", "mail", "x***", "d1", "failed", None, 2),
    (RULE, "v1", "people", "9", "mail", "x***", "d1", "could_not_judge", None, 2),
    (RULE, "v2", "people", "9", "mail", "gold", None, "failed", "Gold", 1),
    (RULE, "v2", "people", "8", "mail", "gold", None, "failed", "Gold", 1),
    (RULE, "v2", "people", "8", "mail", "lead", None, "failed", None, 1),
    (RULE, "v2", "people", "8", "mail", "lead", None, "failed", None, 1),
    ("gone", "v1", "formerly", "8", "a, b", "a=1, b='", None, "failed", None, 1),
]


@pytest.fixture
def wide(world: World) -> World:
    """A world in which an older cdmq kept a flag in a row of its own, with all that it says."""
    begin(world, next(p for p in OLDER if p.stem == "da71e14"))
    for row in CLOSED:
        shown = ", ".join(
            "NULL" if v is None else "'" + str(v).replace("'", "''") + "'" for v in row
        )
        world.sql(
            f"INSERT INTO {world.audit}.flags VALUES ({shown}, "
            "'20200101T000000000-bbbbbb', '20200101T000000001-bbbbbb', 'fixed')"
        )
    return world


def test_the_view_shows_what_the_table_held(wide: World) -> None:
    before = wide.audit_rows("flags", EVERY, "to_run IS NOT NULL")
    assert len(before) == len(CLOSED)
    wide.run()
    after = wide.audit_rows("flags", EVERY, "closed_because = 'fixed' AND key IS NULL OR key > '7'")
    assert after == before
    names = ("rule_id", "version", "dataset", "column_name", "state")
    kept = wide.audit_rows("flag_rules", names)
    assert (
        len(kept) == len(set(kept)) == 6 + len(wide.audit_rows("flags", ("key",), "to_run IS NULL"))
    )
    assert wide.audit_rows("flag_suggestions", ("value", "suggestion")) == [("gold", "Gold")]
    register = wide.audit_rows(
        "register", ("kind",), f"schema_name = '{wide.audit}' AND name = 'flags'"
    )
    assert register == [("view",)]


def test_who_reads_the_flags_reads_them_still(wide: World) -> None:
    """Views of others and of cdmq, one over another; on PostgreSQL with what is granted."""
    audit, schema = wide.audit, wide.schema
    world = wide
    world.sql(f"CREATE VIEW {schema}.mine AS SELECT key FROM {audit}.flags WHERE to_run IS NULL")
    world.sql(f"CREATE VIEW {schema}.hers AS SELECT count(*) AS n FROM {schema}.mine")
    if world.engine == "postgres":
        reader = f"reader_{schema}"
        world.sql(f"CREATE VIEW {schema}.people__flagged AS SELECT key FROM {audit}.flags")
        said = "made by cdmq of the project world: a run replaces it"
        world.sql(f"COMMENT ON VIEW {schema}.people__flagged IS '{said}'")
        enter(world, schema, "people__flagged", "view")
        world.sql(f"CREATE ROLE {reader}")
        for name in (f"{audit}.flags", f"{schema}.hers", f"{schema}.people__flagged"):
            world.sql(f"GRANT SELECT ON {name} TO {reader}")
    world.run()
    assert [r["key"] for r in world.view("mine")] == ["4"]
    assert [r["n"] for r in world.view("hers")] == [1]
    if world.engine == "postgres":
        assert [r["id"] for r in world.view("people__flagged")] == [4]
        for name in (f"{audit}.flags", f"{schema}.hers", f"{schema}.people__flagged"):
            (held,) = world.sql(f"SELECT has_table_privilege('{reader}', '{name}', 'SELECT')")
            assert held == (True,), name


def test_what_would_be_lost_is_said_and_nothing_is_done(wide: World) -> None:
    if wide.engine == "duckdb":
        wide.sql(f"CREATE VIEW {wide.audit}.flag_rows AS SELECT 1 AS mine")
        with pytest.raises(CdmqError, match="CDMQ441"):
            wide.run()
    else:
        wide.sql(f"CREATE INDEX mine ON {wide.audit}.flags (key)")
        with pytest.raises((CdmqError, StatementError), match="the index .*mine would be lost"):
            wide.run()
    assert len(wide.audit_rows("flags", ("key",), "to_run IS NOT NULL")) == len(CLOSED)
    assert "suggestion" in tables(wide)["flags"]
    assert wide.audit_rows("schema_version", ("version",)) == [(2,)]


def test_a_number_is_of_what_flags_have_in_common(world: World) -> None:
    """Of a new version flags that are open keep theirs; of states without flags there is none."""
    world.table("people", {"id": "integer", "mail": "text"}, [[1, None], [2, None], [3, "x"]])
    models = "version: 1\ndatasets: [{name: people, table: people, key: id}]\n"
    rules = "version: 1\ndataset: people\nvalidation: [{column: mail, checks: [not_null]}]\n"
    world.write({"models/m.yml": models, "rules/r.yml": rules})
    world.run()
    assert world.audit_rows("flag_rules", ("judgement", "rule_id", "column_name", "state")) == [
        (1, RULE, "mail", "failed")
    ]
    assert world.audit_rows("flag_rows", ("judgement", "key", "records")) == [
        (1, "1", 1),
        (1, "2", 1),
    ]
    before = world.audit_rows("flags", FLAG)
    world.write({"rules/r.yml": rules.replace("}]", ", severity: warn}]")})
    world.sql("UPDATE people SET mail = NULL WHERE id = 3")
    world.run()
    assert world.audit_rows("flag_rows", ("judgement", "key")) == [(1, "1"), (1, "2"), (2, "3")]
    assert [f for f in world.audit_rows("flags", FLAG) if f not in before] != []
    assert len(world.audit_rows("flag_rules", ("version",))) == 2
