"""What cdmq did not make it never drops, replaces or sweeps: each name that it gives is tried."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest
from owned import FILES, NAMES, TINY, identity, refused
from runner import World

import cdmq
from cdmq.graph.names import relation_names
from cdmq.problems import CdmqError


@pytest.fixture
def project(world: World) -> World:
    world.write(FILES)
    return world


def test_the_names_are_all_that_a_run_makes(ran: World) -> None:
    assert set(NAMES) <= ran.relations()
    made = cdmq.api.parse(ran.root)
    names = {n.name for n in relation_names(made.datasets, made.rules)}
    assert ran.relations() <= names  # a new kind of output is said there too
    known = {
        r[0]
        for r in ran.sql(
            f"SELECT name FROM {ran.audit}.register WHERE kind <> 'staged' "
            f"AND schema_name = '{ran.schema}'"
        )
    }
    assert known == ran.relations()


def test_a_table_of_the_users_is_left_alone(project: World) -> None:
    """Each of all names: one refusal says them all."""
    for name in NAMES:
        project.sql(f'CREATE TABLE "{name}" AS SELECT 7 AS mine')
    before = {name: identity(project, name) for name in NAMES}
    found = refused(project)
    assert [p.code for p in found] == ["CDMQ440"] * len(NAMES)
    told = {p.cause.partition(" that cdmq did not make")[0] for p in found}
    assert told == {f"{project.schema}.{name} is a table" for name in NAMES}
    for name in NAMES:
        assert project.sql(f'SELECT * FROM "{name}"') == [(7,)]
        assert identity(project, name) == before[name]
    assert project.relations() == set(NAMES)


def test_one_table_of_the_users_is_enough(project: World) -> None:
    project.sql("CREATE TABLE people AS SELECT 7 AS mine")
    (found,) = refused(project)
    assert f"{project.schema}.people is a table that cdmq did not make" in found.cause
    assert project.relations() == {"people"}


def test_it_is_as_well_after_a_run(ran: World) -> None:
    ran.sql("DROP VIEW customers__passed")
    ran.sql("CREATE TABLE customers__passed AS SELECT 7 AS mine")
    before = identity(ran, "customers__passed")
    assert "customers__passed is a table" in refused(ran)[0].cause
    assert ran.sql("SELECT * FROM customers__passed") == [(7,)]
    assert identity(ran, "customers__passed") == before


def test_a_table_made_anew_by_the_user_is_theirs(ran: World) -> None:
    """With our name, kind and columns: only its identity tells."""
    columns = ran.sql("SELECT * FROM orders")
    ran.sql("CREATE TABLE kept AS SELECT * FROM orders")
    ran.sql("DROP VIEW orders__clean" + (" CASCADE" if ran.engine == "postgres" else ""))
    ran.sql("DROP TABLE orders" + (" CASCADE" if ran.engine == "postgres" else ""))
    ran.sql("ALTER TABLE kept RENAME TO orders")
    assert "orders is a table that cdmq did not make" in refused(ran)[0].cause
    assert ran.sql("SELECT * FROM orders") == columns


OTHERS = ["SELECT id, 'mine' AS name FROM kept", "SELECT * FROM kept LIMIT 3", "SELECT 7 AS mine"]


@pytest.mark.parametrize(
    ("said", "query"),
    [
        *(("precious, made by hand", query) for query in OTHERS),
        *(("made by cdmq of the project world: a run replaces it", query) for query in OTHERS),
        *(("as it was given", query) for query in OTHERS[1:]),
    ],
)
def test_a_comment_makes_no_table_of_the_users_ours(
    ran_on_duckdb: World, said: str, query: str
) -> None:
    """Not even the one that cdmq gave to the table that stood there."""
    world = ran_on_duckdb
    ((given,),) = world.sql("SELECT comment FROM duckdb_tables() WHERE table_name = 'customers'")
    world.sql("CREATE TABLE kept AS SELECT * FROM customers")
    world.sql("DROP TABLE customers")
    world.sql(f"CREATE TABLE customers AS {query}")
    world.sql(f"COMMENT ON TABLE customers IS '{given if said == 'as it was given' else said}'")
    before = world.sql("SELECT * FROM customers")
    assert "customers is a table that cdmq did not make" in refused(world)[0].cause
    assert world.sql("SELECT * FROM customers") == before


def test_a_comment_makes_no_view_of_the_users_ours(ran_on_duckdb: World) -> None:
    world = ran_on_duckdb
    ((given,),) = world.sql(
        "SELECT comment FROM duckdb_views() WHERE view_name = 'customers__passed'"
    )
    for said in ("mine", given):
        world.sql("CREATE OR REPLACE VIEW customers__passed AS SELECT 7 AS mine")
        world.sql(f"COMMENT ON VIEW customers__passed IS '{said}'")
        assert "customers__passed is a view that" in refused(world)[0].cause
    assert world.sql("SELECT * FROM customers__passed") == [(7,)]


@pytest.mark.parametrize("column", ["name", "rowid"])
def test_a_large_table_under_a_comment_of_the_users(
    make_world: Callable[[str], World], column: str
) -> None:
    """It is known by rows in several places; its comment stays, run by run."""
    world = make_world("duckdb")
    rows = "".join(f"{i},n{i}\n" for i in range(5000))
    world.write(
        {
            "data/c.csv": f"id,{column}\n{rows}",
            "models/m.yml": "version: 1\ndatasets:\n  - {name: c, file: data/c.csv, key: id, "
            "materialized: table}\n",
            "rules/r.yml": "version: 1\ndataset: c\nvalidation:\n"
            f"  - {{column: {column}, checks: [not_null]}}\n",
        }
    )
    world.run()
    for name in ("c", "c__passed"):
        world.sql(f"COMMENT ON TABLE {name} IS 'ours'")
    for _ in range(2):
        assert world.run().exit_code == 0
        assert world.sql(
            "SELECT table_name FROM duckdb_tables() WHERE comment = 'ours' ORDER BY 1"
        ) == [("c",), ("c__passed",)]
    world.sql("CREATE TABLE other AS SELECT * FROM c ORDER BY md5(id)")
    world.sql("DROP TABLE c")
    world.sql("ALTER TABLE other RENAME TO c")
    world.sql("COMMENT ON TABLE c IS 'ours'")
    if column == "name":
        assert "c is a table that cdmq did not make" in refused(world)[0].cause


def test_a_copy_of_the_database_is_known(ran_on_duckdb: World) -> None:
    world = ran_on_duckdb
    world.sql("COMMENT ON TABLE orders IS 'ours'")
    flags = world.flags()
    file = world.root / "world.duckdb"
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{file}' AS old; ATTACH '{world.root / 'new.duckdb'}' AS new")
        connection.execute("COPY FROM DATABASE old TO new")
    file.unlink()
    (world.root / "new.duckdb").rename(file)
    assert world.run().exit_code == 1
    assert world.flags() == flags


def test_a_test_judges_nothing_that_cdmq_did_not_make(ran: World) -> None:
    """A table of the user's with the columns of the clean stage would pass in its place."""
    rows = "SELECT * FROM customers__stage WHERE name IS NOT NULL"
    ran.sql(f"CREATE TABLE other AS {rows}")
    cascade = " CASCADE" if ran.engine == "postgres" else ""
    ran.sql(f"DROP TABLE customers__stage{cascade}")
    ran.sql("ALTER TABLE other RENAME TO customers__stage")
    with pytest.raises(CdmqError, match="customers__stage is a table that cdmq did not make"):
        cdmq.api.test(ran.root)


def test_a_view_of_the_users_too(world: World) -> None:
    world.write(TINY)
    world.sql("CREATE TABLE base AS SELECT 7 AS mine")
    world.sql("CREATE VIEW customers AS SELECT * FROM base")
    assert "customers is a view" in refused(world)[0].cause
    assert world.sql("SELECT * FROM customers") == [(7,)]


@pytest.mark.server
@pytest.mark.parametrize(
    ("made", "kind"),
    [
        ("CREATE MATERIALIZED VIEW customers AS SELECT 7 AS mine", "materialized view"),
        ("CREATE SEQUENCE customers", "sequence"),
        ("CREATE TYPE customers AS ENUM ('a')", "type"),
        ("CREATE TYPE customers AS (a integer)", "type"),
        ("CREATE DOMAIN customers AS integer", "type"),
        ("CREATE TABLE customers (a integer) PARTITION BY LIST (a)", "partitioned table"),
        ("CREATE TABLE other (a integer); CREATE INDEX customers ON other (a)", "index"),
    ],
)
def test_other_things_of_postgresql(
    make_world: Callable[[str], World], made: str, kind: str
) -> None:
    world = make_world("postgres")
    world.write(TINY)
    world.sql(made)
    assert f"customers is a {kind} that" in refused(world)[0].cause
    assert "customers" not in world.relations() or kind == "partitioned table"


def test_names_that_differ_in_case_are_one_on_duckdb(make_world: Callable[[str], World]) -> None:
    world = make_world("duckdb")
    world.write(TINY)
    world.sql("CREATE TABLE Customers AS SELECT 7 AS mine")
    assert "main.Customers is a table" in refused(world)[0].cause
    assert world.sql("SELECT * FROM Customers") == [(7,)]


def test_what_looks_staged_is_not_swept(world: World) -> None:
    world.write(TINY)
    for name in ("__cdmq_x", "__cdmq_abc123_customers", "__cdmq_"):
        world.sql(f'CREATE TABLE "{name}" AS SELECT 7 AS mine')
    before = [identity(world, n) for n in ("__cdmq_x", "__cdmq_abc123_customers", "__cdmq_")]
    world.run()
    world.run()
    assert before == [
        identity(world, n) for n in ("__cdmq_x", "__cdmq_abc123_customers", "__cdmq_")
    ]
    assert world.sql("SELECT * FROM __cdmq_abc123_customers") == [(7,)]


def test_a_prefix_is_swept_for_no_longer_than_its_run(ran: World) -> None:
    """It stands in the register, where others read it and may take it for a name to build on."""
    for again in (None, cdmq.api.test, lambda root: cdmq.api.train(root, allow_empty=True)):
        if again:
            again(ran.root)
        assert not ran.sql(f"SELECT name FROM {ran.audit}.register WHERE kind = 'staged'")
        assert not [r for r in ran.relations() if r.startswith("__cdmq_")]
    ((last,),) = ran.sql(f"SELECT max(run_id) FROM {ran.audit}.runs")
    mine = f"__cdmq_{last[-6:]}_mine"
    ran.sql(f'CREATE TABLE "{mine}" AS SELECT 7 AS mine')
    ran.run()
    assert ran.sql(f'SELECT * FROM "{mine}"') == [(7,)]
