"""What an older cdmq made: adopted where that is proved, else refused with a remedy that works."""

from __future__ import annotations

import hashlib

import pytest
from owned import FILES, NAMES, TINY, refused
from runner import World

import cdmq.api
from cdmq.problems import CdmqError


def forget(world: World) -> None:
    """Leave what a cdmq without a register left: no register, and no comments."""
    world.sql(f"DROP TABLE {world.audit}.register")
    world.sql(f"UPDATE {world.audit}.schema_version SET shape = NULL")
    views = {
        r[0]
        for r in world.sql(
            f"SELECT table_name FROM information_schema.views WHERE table_schema = '{world.schema}'"
        )
    }
    for name in world.relations():
        kind = "VIEW" if name in views else "TABLE"
        world.sql(f'COMMENT ON {kind} {world.schema}."{name}" IS NULL')


def test_what_an_older_cdmq_made_is_adopted(ran: World) -> None:
    world = ran
    flags = world.flags()
    left = "__cdmq_0a1b2c_customers"
    world.sql(f"CREATE TABLE {left} AS SELECT 1 AS id")
    world.sql("CREATE TABLE __cdmq_0a1b2d_mine AS SELECT 7 AS mine")
    forget(world)
    assert world.run().exit_code == 1
    assert world.flags() == flags
    assert set(NAMES) <= world.relations()
    assert left not in world.relations()
    assert world.sql("SELECT * FROM __cdmq_0a1b2d_mine") == [(7,)]


def test_what_is_known_by_a_comment_without_a_word(ran_on_duckdb: World) -> None:
    """As an older cdmq wrote it down; by that comment nothing else becomes one of cdmq's."""
    world = ran_on_duckdb
    said = "made by cdmq of the project world: a run replaces it"
    for name in world.relations():
        (found,) = world.sql(
            f"SELECT 'TABLE', sql FROM duckdb_tables() WHERE table_name = '{name}' "
            f"AND schema_name = '{world.schema}' UNION ALL "
            f"SELECT 'VIEW', sql FROM duckdb_views() WHERE view_name = '{name}' "
            f"AND schema_name = '{world.schema}'"
        )
        world.sql(f"COMMENT ON {found[0]} {name} IS '{said}'")
        count = world.sql(f"SELECT count(*) FROM {name}")[0][0]
        text = f"{count} {found[1]}" if found[0] == "TABLE" else found[1]
        identity = hashlib.sha256(text.encode()).hexdigest()[:16]
        world.sql(f"UPDATE {world.audit}.register SET identity = ? WHERE name = ?", identity, name)
    assert world.run().exit_code == 1
    world.sql("CREATE OR REPLACE TABLE orders AS SELECT '7' AS id, customer, day FROM orders")
    world.sql(f"COMMENT ON TABLE orders IS '{said}'")
    assert "orders is a table that cdmq did not make" in refused(world)[0].cause


def test_what_it_did_not_make_is_not(world: World) -> None:
    """A table of the user's that bears the name of a dataset which came later, with its columns."""
    world.write(TINY)
    world.run()
    world.write({"models/short.sql": FILES["models/short.sql"]})
    world.sql("CREATE TABLE short AS SELECT 7 AS id, 'mine' AS name")
    forget(world)
    assert "short is a table that cdmq did not make" in refused(world)[0].cause
    assert world.sql("SELECT * FROM short") == [(7, "mine")]


def test_what_took_the_place_of_what_it_made_is_not(ran: World) -> None:
    world = ran
    world.sql("DROP VIEW class__levels")
    world.sql("CREATE TABLE class__levels AS SELECT 7 AS mine")
    world.sql("DROP VIEW customers__passed")
    world.sql("CREATE TABLE customers__passed AS SELECT 7 AS mine")
    forget(world)
    assert "customers__passed is a table" in refused(world)[0].cause
    assert world.sql("SELECT * FROM customers__passed") == [(7,)]


def test_the_remedy_of_the_refusal(world: World) -> None:
    world.write({**TINY, "models/short.sql": FILES["models/short.sql"]})
    world.sql("CREATE TABLE short AS SELECT 7 AS mine")
    assert refused(world)[0].remedy.endswith("cdmq debug --adopt short")
    with pytest.raises(CdmqError, match="CDMQ443"):
        cdmq.api.debug(world.root, adopt=["shirt"])
    with pytest.raises(CdmqError, match="there is no table or view"):
        cdmq.api.debug(world.root, adopt=["customers"])
    (found,) = cdmq.api.debug(world.root, adopt=["short"])
    assert "made of short: the next run replaces it" in found.said
    assert world.sql("SELECT * FROM short") == [(7,)]
    assert world.run().exit_code == 1
    assert len(world.sql("SELECT * FROM short")) == 4
    told = {f.what: f.said for f in cdmq.api.debug(world.root)}
    assert "of the project world in the schema" in told["register"]
    assert "short" in told["views"]


def test_a_project_under_a_new_name(ran: World) -> None:
    world = ran
    world.write({"cdmq_project.yml": "name: other\nprofile: world\n"})
    assert refused(world)[0].remedy.endswith("cdmq debug --adopt-project world")
    with pytest.raises(CdmqError, match="not those of a project 'word'|those of the project world"):
        cdmq.api.debug(world.root, adopt_project="word")
    cdmq.api.debug(world.root, adopt_project="world")
    assert world.run().exit_code == 1
    world.write({"cdmq_project.yml": "name: world\nprofile: world\n"})
    assert [p.code for p in refused(world)] == ["CDMQ442"]


def test_another_project_is_not_adopted(ran: World) -> None:
    """It has nothing of the one that lives there; the name alone is no proof."""
    world = ran
    flags = world.flags()
    world.write(
        {
            "cdmq_project.yml": "name: other\nprofile: world\n",
            "rules/people.yml": "",
            "rules/customers.yml": "",
            "models/short.sql": "",
            "data/z.csv": "id,name\n1,\n",
            "models/m.yml": "version: 1\ndatasets: [{name: zz, file: data/z.csv, key: id}]\n",
            "rules/z.yml": "version: 1\ndataset: zz\nvalidation:\n"
            "  - {column: name, checks: [not_null]}\n",
        }
    )
    with pytest.raises(CdmqError, match="CDMQ445 .* no rule of the project world") as error:
        cdmq.api.debug(world.root, adopt_project="world")
    assert error.value.problems[0].remedy.endswith("--adopt-project world --force")
    assert [p.code for p in refused(world)] == ["CDMQ442"]
    assert world.flags() == flags
    cdmq.api.debug(world.root, adopt_project="world", force=True)
    assert world.run().exit_code == 1


def test_a_project_whose_datasets_have_new_names_too(world: World) -> None:
    world.write(
        {k: v for k, v in FILES.items() if "people" not in k and "short" not in k}
        | {
            "rules/customers.yml": "version: 1\ndataset: customers\nvalidation:\n"
            "  - {column: name, checks: [not_null]}\n"
        }
    )
    world.run()
    world.write(
        {
            "cdmq_project.yml": "name: other\nprofile: world\n",
            "models/m.yml": "version: 1\ndatasets: [{name: people, formerly: customers, "
            "file: data/customers.csv, key: id, missing_values: [n/a]}]\n",
            "rules/customers.yml": "version: 1\ndataset: people\nvalidation:\n"
            "  - {column: name, checks: [not_null]}\n",
        }
    )
    cdmq.api.debug(world.root, adopt_project="world")
    assert world.run().exit_code == 1
