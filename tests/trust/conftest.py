"""Worlds in which the project of `owned` was run: it runs once, and each test has a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from owned import FILES
from runner import ENGINES, World


@pytest.fixture(scope="session")
def make_ran(
    make_world: Callable[..., World], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], World]:
    """A function that makes a world of an engine in which FILES were run."""
    first: dict[str, World] = {}

    def make(engine: str) -> World:
        if engine not in first:
            first[engine] = make_world(engine, own_database=True)
            first[engine].write(FILES)
            first[engine].run()
        return first[engine].twin(tmp_path_factory.mktemp(f"ran_{engine}"))

    return make


@pytest.fixture(params=ENGINES)
def ran(request: pytest.FixtureRequest, make_ran: Callable[[str], World]) -> Iterator[World]:
    """One for a test alone; a test that takes it runs once on each engine."""
    world = make_ran(request.param)
    yield world
    world.let_go()


@pytest.fixture
def ran_on_duckdb(make_ran: Callable[[str], World]) -> Iterator[World]:
    world = make_ran("duckdb")
    yield world
    world.let_go()


@pytest.fixture
def ran_on_server(make_ran: Callable[[str], World]) -> Iterator[World]:
    world = make_ran("postgres")
    yield world
    world.let_go()
