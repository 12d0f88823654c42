"""What others put on an output outlives every publish, or the run says what cannot beforehand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from owned import FILES, PLAIN, TINY, identity, refused
from runner import World

from cdmq.problems import CdmqError

MORE = "id,name\n1,Anna\n2,Bo\n3,Anna\n4,n/a\n5,Cy\n"
AGED = "id,name,age\n1,Anna,30\n2,Bo,40\n"
TYPED = FILES["models/m.yml"].replace(
    "    key: id\n    missing", "    key: id\n    columns: {age: integer}\n    missing"
)
WIDER = "id,name,city\n1,Anna,Bonn\n2,Bo,\n"


def hung(world: World) -> list[Any]:
    """All that others put on relations of the schema, as the catalog has it."""
    asked = f"""
    SELECT c.relname || '', coalesce(c.relacl::text, ''), pg_get_userbyid(c.relowner)::text,
        coalesce(obj_description(c.oid, 'pg_class'), ''),
        coalesce((SELECT string_agg(attname || attacl::text, ';' ORDER BY attnum)
            FROM pg_attribute WHERE attrelid = c.oid AND attacl IS NOT NULL), ''),
        coalesce((SELECT string_agg(col_description(c.oid, attnum), ';' ORDER BY attnum)
            FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0), ''),
        coalesce((SELECT string_agg(tgname, ';') FROM pg_trigger WHERE tgrelid = c.oid), ''),
        coalesce((SELECT string_agg(polname, ';') FROM pg_policy WHERE polrelid = c.oid), ''),
        c.relrowsecurity, coalesce(c.reloptions::text, ''),
        coalesce((SELECT string_agg(indexrelid::regclass::text, ';') FROM pg_index
            WHERE indrelid = c.oid), '')
    FROM pg_class AS c WHERE c.relnamespace = '{world.schema}'::regnamespace
        AND c.relkind IN ('r', 'v', 'm') AND c.relname NOT LIKE 'ref%'"""
    return sorted(world.sql(asked))


def others(world: World) -> None:
    reader, owner = f"reader_{world.schema}", f"owner_{world.schema}"
    for statement in (
        f"CREATE ROLE {reader}",
        f"CREATE ROLE {owner}",
        f"GRANT SELECT ON customers TO {reader} WITH GRANT OPTION",
        f"GRANT SELECT (id), UPDATE (name) ON customers__stage TO {reader}",
        f"GRANT SELECT ON customers__clean, customers__flagged TO {reader}, PUBLIC",
        "COMMENT ON TABLE people IS 'ours, says Anna'",
        "COMMENT ON COLUMN customers__clean.name IS 'as written'",
        f"ALTER VIEW customers__passed OWNER TO {owner}",
        "CREATE VIEW report AS SELECT id, name FROM customers__passed",
        "CREATE VIEW report_two AS SELECT id FROM report",
        f"GRANT SELECT ON report TO {reader}",
        "COMMENT ON VIEW report_two IS 'weekly'",
        "CREATE MATERIALIZED VIEW kept AS SELECT party_id FROM people__clean",
        "CREATE UNIQUE INDEX kept_id ON kept (party_id)",
        "CREATE TABLE log (at integer)",
        "CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN INSERT INTO log VALUES (1); RETURN NULL; END'",
        "CREATE TRIGGER told AFTER INSERT ON orders FOR EACH STATEMENT EXECUTE FUNCTION told()",
        "CREATE FUNCTION first() RETURNS bigint LANGUAGE sql BEGIN ATOMIC "
        "SELECT count(*) FROM short; END",
        "ALTER TABLE people ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY mine ON people USING (true)",
        "CREATE INDEX by_name ON customers (name)",
        "CREATE TABLE child () INHERITS (orders)",
        "INSERT INTO child SELECT * FROM orders",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {world.schema} GRANT SELECT ON TABLES TO {reader}",
    ):
        world.sql(statement)


def test_all_that_others_put_on_outputs_outlives_publishes(ran_on_server: World) -> None:
    server = ran_on_server
    others(server)
    before = hung(server)
    ids = {
        n: identity(server, n)
        for n in (
            "customers",
            "customers__clean",
            "people",
            "orders",
            "report",
            "report_two",
            "kept",
            "child",
            "log",
        )
    }
    for content in (MORE, FILES["data/customers.csv"]):
        server.write({"data/customers.csv": content})
        assert server.run().exit_code == 1
        assert {r for r in hung(server) if r[0] in ids} == {r for r in before if r[0] in ids}
        assert {n: identity(server, n) for n in ids} == ids
    held = {f"customers__{ending}" for ending in ("stage", "flagged", "passed")}
    assert {r for r in hung(server) if r[0] in held} == {r for r in before if r[0] in held}
    assert server.sql("SELECT count(*) FROM customers") == [(4,)]
    assert server.sql("SELECT count(*) FROM ONLY orders") == [(1,)]
    assert server.sql("SELECT count(*) FROM child") == [(1,)]
    assert server.sql("SELECT count(*) FROM log") == [(2,)]
    assert server.sql("SELECT first()") == [(4,)]


def test_a_column_more(ran_on_server: World) -> None:
    server = ran_on_server
    server.sql("CREATE VIEW report AS SELECT * FROM customers__clean")
    server.sql("CREATE VIEW flagged AS SELECT * FROM customers__flagged")
    server.sql("GRANT SELECT ON customers, flagged TO PUBLIC")
    server.write({"data/customers.csv": WIDER})
    server.run()
    assert server.sql("SELECT id, city FROM customers__clean ORDER BY id") == [
        ("1", "Bonn"),
        ("2", None),
    ]
    assert server.sql("SELECT count(*) FROM report") == [(2,)]
    assert server.sql("SELECT count(*) FROM flagged") == [(0,)]
    granted = {r[0] for r in hung(server) if "=r/" in r[1]}
    assert granted == {"customers", "flagged"}
    assert server.run().exit_code == 0


@pytest.mark.server
def test_a_column_of_another_type(make_world: Callable[[str], World]) -> None:
    """What cannot keep its place is made anew, and what hung on it is put back."""
    server = make_world("postgres")
    server.write({**PLAIN, "data/customers.csv": AGED})
    server.run()
    server.sql("CREATE VIEW report AS SELECT id, age FROM customers__clean")
    server.sql("GRANT SELECT ON report, customers TO PUBLIC")
    server.sql("GRANT SELECT (age) ON customers__clean TO PUBLIC")
    server.sql("COMMENT ON COLUMN report.age IS 'number'")
    server.sql("COMMENT ON VIEW report IS 'weekly'")
    server.sql("CREATE MATERIALIZED VIEW kept AS SELECT age FROM report")
    server.sql("CREATE INDEX kept_age ON kept (age)")
    names = {"report", "customers", "customers__clean", "kept"}
    before = {r for r in hung(server) if r[0] in names}
    server.write({"models/m.yml": TYPED})
    server.run()
    assert {r for r in hung(server) if r[0] in names} == before
    assert server.sql("SELECT age FROM report ORDER BY id")[0] == (30,)
    assert server.sql("SELECT age FROM kept ORDER BY age")[0] == (30,)
    server.sql("CREATE POLICY mine ON customers USING (true)")
    server.write({"models/m.yml": FILES["models/m.yml"]})
    with pytest.raises(CdmqError, match="policy mine on table .*customers would be lost"):
        server.run()
    assert server.sql("SELECT age FROM report ORDER BY id")[0] == (30,)


def test_what_cannot_stay_is_said_before_the_start(ran_on_server: World) -> None:
    server = ran_on_server
    server.sql("ALTER TABLE orders ADD PRIMARY KEY (id)")
    server.sql("CREATE TABLE calls (of text REFERENCES orders (id))")
    server.sql("INSERT INTO calls VALUES ('1')")
    server.sql("CREATE VIEW names AS SELECT name FROM short")
    server.write({"models/short.sql": "SELECT id, name AS named FROM {{ ref('customers') }}"})
    found = refused(server)
    assert {p.code for p in found} == {"CDMQ444"}
    said = " ".join(p.cause for p in found)
    assert "the foreign key calls_of_fkey of" in said
    assert "names reads its column name, which it is not to have any more" in said
    assert server.sql("SELECT * FROM calls") == [("1",)]
    runs = server.sql(f"SELECT status FROM {server.audit}.runs ORDER BY run_id")
    assert runs == [("fail",), ("refused",)]


def test_a_view_of_the_projects_own_that_is_not_selected(ran_on_server: World) -> None:
    """It reads what is made anew, is made again as it was, and still is cdmq's."""
    server = ran_on_server
    server.write({"data/customers.csv": AGED})
    server.run()
    server.sql("GRANT SELECT ON customers__clean, short TO PUBLIC")
    server.write({"models/m.yml": TYPED})
    server.run(select="customers.name.not_null")
    assert "customers__xref" not in server.relations()  # it does not fit: the next run makes it
    assert server.run().exit_code == 0
    assert "customers__xref" in server.relations()


def test_comments_indexes_and_views_on_duckdb(make_world: Callable[[str], World]) -> None:
    world = make_world("duckdb")
    world.write(TINY)
    world.run()
    world.sql("COMMENT ON TABLE customers IS 'it''s ours'")
    world.sql("COMMENT ON VIEW customers__clean IS 'read this'")
    world.sql("COMMENT ON COLUMN customers.name IS 'as written'")
    world.sql("COMMENT ON COLUMN customers__clean.name IS 'tidied'")
    world.sql("CREATE INDEX by_name ON customers (name)")
    world.sql("CREATE VIEW report AS SELECT count(*) AS n FROM customers__clean")
    for content, n in ((MORE, 5), (FILES["data/customers.csv"], 4)):
        world.write({"data/customers.csv": content})
        world.run()
        assert world.sql("SELECT n FROM report") == [(n,)]
        assert world.sql("SELECT comment FROM duckdb_tables() WHERE table_name = 'customers'") == [
            ("it's ours",)
        ]
        assert world.sql(
            "SELECT comment FROM duckdb_views() WHERE view_name = 'customers__clean'"
        ) == [("read this",)]
        assert sorted(
            world.sql("SELECT comment FROM duckdb_columns() WHERE comment IS NOT NULL")
        ) == [("as written",), ("tidied",)]
        assert world.sql("SELECT index_name FROM duckdb_indexes()") == [("by_name",)]
    world.sql("CREATE OR REPLACE TABLE customers AS SELECT * FROM customers LIMIT 2")
    world.sql("COMMENT ON TABLE customers IS 'it''s ours'")
    assert "customers is a table that cdmq did not make" in refused(world)[0].cause
    assert len(world.sql("SELECT * FROM customers")) == 2
