"""`materialized`: what others read is a view or a table; nothing of others hangs on which it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from owned import FILES, MODELS, NAMES, PLAIN, TINY, refused
from runner import World
from test_kept import hung

import cdmq
from cdmq.reports.manifest import write_manifest

#: What people read of customers; of people there are no rules that flag.
READ = ("clean", "defaulted", "flagged", "passed", "xref")
#: What is always a table, and what is a window on the audit tables.
LOADED = {"customers", "customers__stage", "orders", "people"}
WINDOWS = {"same__xref", "best__flags", "class__levels", "class__moves"}


def project(word: str) -> dict[str, str]:
    return {"cdmq_project.yml": f"name: world\nprofile: world\nmaterialized: {word}\n"}


def dataset(word: str, files: dict[str, str] = FILES) -> dict[str, str]:
    said = files["models/m.yml"].replace(
        "    key: id\n    missing", f"    key: id\n    materialized: {word}\n    missing"
    )
    return {"models/m.yml": said}


def kinds(world: World) -> dict[str, str]:
    found = world.sql(
        "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = ?",
        world.schema,
    )
    return {n: "view" if t == "VIEW" else "table" for n, t in found if not n.startswith("ref_")}


def rows(world: World) -> dict[str, Any]:
    return {name: world.view(name) for name in NAMES if name not in WINDOWS}


def ids(world: World, name: str) -> list[str]:
    return sorted(r["id"] for r in world.view(name))


def test_the_word_of_the_project(ran: World) -> None:
    world = ran
    views = {n: k for n, k in kinds(world).items() if n not in LOADED}
    assert set(views.values()) == {"view"}
    before = rows(world)
    world.write(project("table"))
    world.run()
    assert {n for n, k in kinds(world).items() if k == "view"} == WINDOWS
    assert rows(world) == before
    entered = world.sql(
        f"SELECT name, kind FROM {world.audit}.register WHERE schema_name = ?", world.schema
    )
    assert {n: k for n, k in entered if n in views} == {
        n: k for n, k in kinds(world).items() if n in views
    }
    world.write({"data/customers.csv": "id,name\n1,Anna\n2,\n4,n/a\n"})
    world.run()
    assert ids(world, "customers__passed") == ["1"]
    assert ids(world, "customers__flagged") == ["2", "4"]
    assert ids(world, "short") == ["1", "2", "4"]
    world.write({**project("view"), "data/customers.csv": FILES["data/customers.csv"]})
    world.run()
    assert {n: k for n, k in kinds(world).items() if n not in LOADED} == views
    assert rows(world) == before


def test_the_nearer_word_wins(world: World) -> None:
    world.write({**FILES, **project("table"), **dataset("view")})
    world.write(
        {"models/short.sql": "{{ config(materialized='view') }} " + FILES["models/short.sql"]}
    )
    world.run()
    found = kinds(world)
    assert {found[f"customers__{e}"] for e in READ} == {"view"}
    assert (found["short"], found["short__clean"], found["people__clean"]) == (
        "view",
        "table",
        "table",
    )
    world.write({**project("view"), **dataset("table")})
    world.write(
        {"models/short.sql": "{{ config(materialized='table') }} " + FILES["models/short.sql"]}
    )
    world.run()
    found = kinds(world)
    assert {found[f"customers__{e}"] for e in READ} == {"table"}
    assert (found["short"], found["short__clean"], found["people__clean"]) == (
        "table",
        "view",
        "view",
    )


def test_a_test_splits_tables_anew(world: World) -> None:
    """It makes nothing, but what it finds must not stand among what passed."""
    world.write({**TINY, **project("table")})
    world.run()

    def allow(values: str) -> None:
        world.write(
            {
                "rules/customers.yml": TINY["rules/customers.yml"].replace(
                    "checks: [not_null]",
                    f"checks: [not_null, {{accepted_values: {{values: [{values}]}}}}]",
                )
            }
        )

    allow("Anna")
    before = kinds(world)
    cdmq.test(world.root)
    assert ids(world, "customers__passed") == ["1", "3"]
    assert ids(world, "customers__flagged") == ["2", "4"]
    assert kinds(world) == before
    allow("Anna, Bo")
    world.write(project("view"))
    cdmq.test(world.root)  # the word is for the next run
    assert ids(world, "customers__passed") == ["1", "2", "3"]
    assert kinds(world) == before
    assert world.run().exit_code == 1


@pytest.mark.server
def test_what_others_put_there_outlives_a_change_of_kind(
    make_world: Callable[[str], World],
) -> None:
    world = make_world("postgres")
    world.write({**TINY, "models/short.sql": FILES["models/short.sql"]})
    world.run()
    reader, owner = f"reader_{world.schema}", f"owner_{world.schema}"
    for statement in (
        f"CREATE ROLE {reader}",
        f"CREATE ROLE {owner}",
        f"GRANT SELECT ON customers__clean, customers__passed, short TO {reader}",
        f"GRANT SELECT (id) ON customers__flagged TO {reader} WITH GRANT OPTION",
        "COMMENT ON VIEW customers__passed IS 'the good ones'",
        "COMMENT ON COLUMN customers__clean.name IS 'as written'",
        f"ALTER VIEW customers__defaulted OWNER TO {owner}",
        "CREATE VIEW report AS SELECT p.id, s.name FROM customers__passed p JOIN short s "
        "USING (id)",
        f"GRANT SELECT ON report TO {reader}",
        "COMMENT ON VIEW report IS 'weekly'",
        "CREATE MATERIALIZED VIEW kept AS SELECT id FROM report",
        "CREATE UNIQUE INDEX kept_id ON kept (id)",
    ):
        world.sql(statement)
    names = {
        "customers__clean",
        "customers__passed",
        "customers__flagged",
        "customers__defaulted",
        "short",
        "report",
        "kept",
    }

    def granted() -> Any:
        """All that hung, of which no owner's own rights are a part: they differ by kind."""
        return [
            (r[0], sorted(g for g in r[1].strip("{}").split(",") if g.startswith("reader")), *r[2:])
            for r in hung(world)
            if r[0] in names
        ]

    before = granted()
    for word in ("table", "table", "view", "view"):
        world.write(project(word))
        assert world.run().exit_code == 1
        assert kinds(world)["customers__passed"] == word
        assert granted() == before
        assert world.sql("SELECT id FROM report ORDER BY id") == [("1",), ("2",), ("3",)]


def test_comments_and_views_outlive_it_on_duckdb(make_world: Callable[[str], World]) -> None:
    world = make_world("duckdb")
    world.write(TINY)
    world.run()
    world.sql("COMMENT ON VIEW customers__passed IS 'the good ones'")
    world.sql("COMMENT ON COLUMN customers__clean.name IS 'as written'")
    world.sql("CREATE VIEW report AS SELECT count(*) AS n FROM customers__passed")
    for word in ("table", "table", "view"):
        world.write(project(word))
        assert world.run().exit_code == 1
        assert world.sql("SELECT n FROM report") == [(3,)]
        said = world.sql(
            f"SELECT comment FROM duckdb_{word}s() WHERE {word}_name = 'customers__passed'"
        )
        assert said == [("the good ones",)]
        assert world.sql("SELECT comment FROM duckdb_columns() WHERE comment IS NOT NULL") == [
            ("as written",)
        ]


def test_what_a_view_cannot_bear_is_said_before_the_start(world: World) -> None:
    world.write({**TINY, **project("table")})
    world.run()
    world.sql("CREATE INDEX quick ON customers__passed (id)")
    world.run()  # a table that is made anew has it again
    world.write(project("view"))
    found = refused(world)
    assert [p.code for p in found] == ["CDMQ444"]
    assert "customers__passed is a table and becomes a view: the index" in found[0].cause
    assert "quick would be lost" in found[0].cause
    world.write(dataset("table", TINY))  # the remedy
    assert world.run().exit_code == 1
    assert kinds(world)["customers__passed"] == "table"
    world.write(dataset("view", TINY))
    world.sql("DROP INDEX quick")
    assert world.run().exit_code == 1
    assert kinds(world)["customers__passed"] == "view"


def test_what_a_table_cannot_bear_is_said_before_the_start(ran_on_server: World) -> None:
    world = ran_on_server
    world.sql("CREATE VIEW report WITH (security_barrier) AS SELECT id FROM customers__passed")
    world.sql(
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
    )
    world.sql(
        "CREATE TRIGGER ours INSTEAD OF INSERT ON report FOR EACH ROW EXECUTE FUNCTION nothing()"
    )
    world.sql("ALTER VIEW short SET (security_barrier)")
    world.write(project("table"))
    said = " ".join(p.cause for p in refused(world))
    assert "trigger ours on view report of" in said
    assert "short is a view and becomes a table: its settings would be lost" in said
    assert kinds(world)["customers__passed"] == "view"


def test_a_model_and_what_it_reads_change_places(world: World) -> None:
    """Each is dropped before what it read, not before what it is to read."""
    one = {
        "models/a.sql": "SELECT id FROM {{ ref('orders') }}",
        "models/b.sql": "SELECT id FROM {{ ref('a') }}",
    }
    two = {
        "models/b.sql": "SELECT id FROM {{ ref('orders') }}",
        "models/a.sql": "SELECT id FROM {{ ref('b') }}",
    }
    world.write({**PLAIN, "models/short.sql": ""})
    for files in (one, two, one):
        world.write(files)
        assert world.run().exit_code == 1
        assert ids(world, "a") == ids(world, "b") == ["1"]


def test_a_model_that_fails_is_taken_away_before_what_it_reads(world: World) -> None:
    """A view is made before its rows are asked for: what it reads is published all the same."""
    world.write(
        {
            **PLAIN,
            "models/short.sql": "{{ config(materialized='view') }} "
            "SELECT id, cast(name AS integer) AS number FROM {{ ref('customers') }}",
            "models/m.yml": MODELS + "  - {name: short, key: id}\n",
            "rules/short.yml": "version: 1\ndataset: short\ndefaults:\n"
            "  - {column: number, set: 0, reason: unknown}\n",
        }
    )
    result = world.run()
    assert set(result.failed) == {"short"}
    assert ids(world, "customers") == ["1", "2", "3", "4"]
    assert not [n for n in world.relations() if n.startswith(("__cdmq", "short"))]


def test_a_word_that_is_not_known(world: World) -> None:
    for file, text in (
        ("cdmq_project.yml", project("incremental")["cdmq_project.yml"]),
        ("models/m.yml", dataset("incremental")["models/m.yml"]),
    ):
        world.write({**FILES, **project("view"), file: text})
        found = refused(world)
        assert [(p.span.file, p.code) for p in found] == [(file, "CDMQ112")]
        assert found[0].remedy == "write table; every run fills it anew"


def test_the_manifest_says_what_each_dataset_is(world: World) -> None:
    world.write({**FILES, **project("table"), **dataset("view")})
    content = json.loads(
        write_manifest(cdmq.parse(world.root), world.root / "target", "0").read_text("utf-8")
    )
    assert {
        n["name"]: n["config"]["materialized"]
        for n in content["nodes"].values()
        if n["resource_type"] == "dataset"
    } == {"customers": "view", "orders": "table", "short": "table", "people": "table"}
