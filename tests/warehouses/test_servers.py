"""The same rows on servers of several versions; and users with few rights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import postgres_servers
import psycopg
import pytest
from of_all_kinds import FEW_RULES, MODELS, RULES, TIERS, made
from runner import World

import cdmq.api
from cdmq.problems import CdmqError
from cdmq.warehouses import _postgres_connection, postgres
from cdmq.warehouses._postgres_before import MADE_BEFORE

SERVERS = {"package 16": 16, "package 18": 18, "debian": None}


def left(world: World) -> list[Any]:
    """What two runs leave, without what is of the run or the engine."""
    for _ in range(2):
        result = world.run()
        assert not result.failed, result.failed
        assert {r.rule.id: r.message for r in result.results if r.status == "error"} == {}
    assert sum(result.opened.values()) == sum(result.closed.values()) == 0
    golden = [{k: v for k, v in r.items() if k != "party_id"} for r in world.view("golden")]
    return [
        world.flags(),
        world.changes(),
        world.results(),
        golden,
        world.audit_rows("tier_history", ["level"], "to_run IS NULL"),
    ]


@pytest.fixture(scope="module")
def on_duckdb(make_world: Callable[..., World]) -> list[Any]:
    return left(made(make_world("duckdb")))


@pytest.fixture(params=SERVERS, scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    version = SERVERS[request.param]
    if version is not None:
        with postgres_servers.packaged(version) as uri:
            yield uri
        return
    programs = postgres_servers.debian()
    if programs is None:
        pytest.skip("no server of the system's packages is installed here; .ci/run installs one")
    with postgres_servers.installed(programs) as uri:
        yield uri


def test_the_same_rows_on_each_server(server: str, on_duckdb: list[Any], tmp_path: Path) -> None:
    assert left(made(World("postgres", tmp_path, server))) == on_duckdb


def test_what_older_servers_are_given_is_what_newer_ones_have(server: str) -> None:
    """By value: the functions that are made for servers before 15 and 16, and the server's own."""
    texts = ["", "abc", "a1b22c333", "2024-02-30", "2024-02-29", "12", "1e400", "x\ny", "Ünï"]
    patterns = [r"[0-9]+", r"([a-z])([0-9]+)", "^a", "$", "(x)|(y)", "ü"]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS given CASCADE")
        connection.execute("CREATE SCHEMA given")
        version = connection.info.server_version
        for before, made in MADE_BEFORE:
            connection.execute(made.format(own="given").encode())
            if version < before:
                continue
            for text in texts:
                for pattern in patterns:
                    calls = {
                        "regexp_like": "(%s::text, %s::text)",
                        "regexp_substr": "(%s::text, %s::text, 1, 1, 'c', 0)",
                    }
                    for name, call in calls.items():
                        if name in made:
                            row = connection.execute(
                                f"SELECT given.{name}{call}, pg_catalog.{name}{call}".encode(),
                                [text, pattern] * 2,
                            ).fetchone()
                            assert row is not None
                            assert row[0] == row[1], (name, text, pattern)
                for kind in ("date", "bigint", "numeric(5, 2)", "double precision", "timestamp"):
                    if "pg_input_is_valid" in made:
                        row = connection.execute(
                            "SELECT given.pg_input_is_valid(%s, %s), pg_catalog.pg_input_is_valid"
                            "(%s, %s)",
                            [text, kind] * 2,
                        ).fetchone()
                        assert row is not None
                        assert row[0] == row[1], (text, kind)


def limited(server: str, user: str, *grants: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            f"DROP OWNED BY {user}"
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [user]).fetchone()
            else "SELECT 1"
        )
        connection.execute(f"DROP ROLE IF EXISTS {user}")
        connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'p'")
        for grant in grants:
            connection.execute(grant)


@pytest.fixture
def few(server: str, tmp_path: Path) -> World:
    """A world whose user may write to two schemas that were made for it, and nothing else; of few
    rules, as all that they take is a run's time."""
    world = made(World("postgres", tmp_path, server))
    limited(server, "few")
    world.sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    world.sql(f"CREATE SCHEMA {world.audit} AUTHORIZATION few")
    world.sql(f"GRANT USAGE, CREATE ON SCHEMA {world.schema} TO few")
    world.sql("GRANT SELECT ON customer_source, order_source TO few")
    profile = (world.root / "profiles.yml").read_text("utf-8")
    (world.root / "profiles.yml").write_text(
        profile.replace('"user": "postgres"', '"user": "few", "pass": "p"'), "utf-8"
    )
    world.write({"rules/r.yml": FEW_RULES, "rules/t.yml": ""})
    return world


def found(world: World) -> list[str]:
    return [
        f"{f.said} {f.remedy}"
        for f in cdmq.api.debug(world.root)
        if f.what == "rights" and not f.ok
    ]


def test_a_user_with_schemas_made_for_it(few: World) -> None:
    """Who may make no schema in the database may have been given two: all kinds of rules run."""
    few.write({"rules/r.yml": RULES, "rules/t.yml": TIERS})
    assert found(few) == []
    assert not few.run().failed
    assert few.flags()


def test_debug_names_each_right_that_lacks(few: World) -> None:
    """One at a time; at the end a run has all that the remedies gave."""
    try:
        for taken, says in (
            (f"REVOKE CREATE ON SCHEMA {few.schema} FROM few", "GRANT USAGE, CREATE ON SCHEMA"),
            (f"DROP SCHEMA {few.audit}", "CREATE SCHEMA"),
            ("REVOKE SELECT ON customer_source FROM few", "GRANT SELECT ON"),
            ("REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC", "GRANT TEMPORARY ON DATABASE"),
        ):
            few.sql(taken)
            told = found(few)
            assert len(told) == 1, taken
            assert says in told[0]
            few.sql(told[0].split("ask for: ")[1])  # the remedy works
            assert found(few) == [], taken
        assert not few.run().failed
    finally:
        few.sql("GRANT TEMPORARY ON DATABASE postgres TO PUBLIC")


def test_a_view_in_a_schema_of_others_is_said_before_the_start(few: World) -> None:
    """With a right to look into that schema and without one."""
    assert not few.run().failed
    theirs = f"theirs_{few.schema}"
    few.sql(f"CREATE SCHEMA {theirs}")
    said = {
        "postgres": "is owned by postgres, whose rights the user few has not",
        "few": "the user few may make nothing in its schema",
    }
    for owner in said:
        few.sql(f"CREATE VIEW {theirs}.of_{owner} AS SELECT id FROM customers__clean")
        few.sql(f"ALTER VIEW {theirs}.of_{owner} OWNER TO {owner}")
    few.write({"cdmq_project.yml": "name: world\nprofile: world\nmaterialized: table\n"})
    for granted in ("", f"GRANT USAGE ON SCHEMA {theirs} TO few"):
        few.sql(granted or "SELECT 1")
        with pytest.raises(CdmqError) as error:
            few.run()
        assert {p.code for p in error.value.problems} == {"CDMQ444"}
        causes = [p.cause for p in error.value.problems]
        for owner, why in said.items():
            begins = f"{theirs}.of_{owner} reads it and is made anew with it, but "
            assert [why in c for c in causes if begins in c] == [True], causes
    few.sql(f"DROP SCHEMA {theirs} CASCADE")  # the remedy
    assert not few.run().failed


def test_debug_names_a_schema_that_may_not_be_used(few: World) -> None:
    theirs = f"theirs_{few.schema}"
    few.sql(f"CREATE SCHEMA {theirs}")
    few.sql(f"ALTER TABLE order_source SET SCHEMA {theirs}")
    few.write({"models/m.yml": MODELS.replace("order_source", f"{theirs}.order_source")})
    told = found(few)
    assert len(told) == 1
    few.sql(told[0].split("ask for: ")[1])
    assert found(few) == []
    assert not few.run().failed


def test_a_role_is_taken_on(few: World, server: str) -> None:
    """A login without rights of its own, in a role that has them."""
    limited(server, "login", "GRANT few TO login")
    profile = (few.root / "profiles.yml").read_text("utf-8")
    few.write({"profiles.yml": profile.replace('"user": "few"', '"user": "login", "role": "few"')})
    assert not few.run().failed
    assert few.sql(
        "SELECT tableowner FROM pg_tables WHERE schemaname = ? AND tablename = 'runs'", few.audit
    ) == [("few",)]


def test_a_connection_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def refuse(**words: Any) -> None:
        tried.append(words)
        raise psycopg.OperationalError(
            "connection refused" if len(tried) < 9 else "password authentication failed"
        )

    monkeypatch.setattr(_postgres_connection.psycopg, "connect", refuse)
    monkeypatch.setattr(_postgres_connection.time, "sleep", lambda seconds: None)
    options = {"host": "x", "dbname": "y", "retries": 2, "sslcert": "a.crt", "sslkey": "a.key"}
    for times, retries in ((3, 2), (4, 0)):
        with pytest.raises(Exception, match="refused"):
            postgres.Postgres(postgres.Options.model_validate(options | {"retries": retries}))
        assert len(tried) == times
    assert (tried[0]["sslcert"], tried[0]["sslkey"]) == ("a.crt", "a.key")
    tried += [{}] * 4
    with pytest.raises(Exception, match="authentication"):
        postgres.Postgres(postgres.Options.model_validate(options))
    assert len(tried) == 9, "a password that is refused is not tried again"


def test_dbt_words_of_a_profile_are_refused_or_taken(few: World) -> None:
    profile = (few.root / "profiles.yml").read_text("utf-8")
    few.write({"profiles.yml": profile.replace('"pass"', '"search_path": "x", "pass"')})
    with pytest.raises(CdmqError, match="search_path"):
        few.run()
