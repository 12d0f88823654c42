"""Worlds in which the project of `owned` was run: it runs once, and each test has a copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from owned import FILES
from runner import Twin, World


def run_files(world: World) -> None:
    world.write(FILES)
    world.run()


@pytest.fixture
def ran(twin: Twin) -> World:
    """One for a test alone; a test that takes it runs once on each engine."""
    return twin(run_files)


@pytest.fixture
def ran_on_duckdb(made_once: Twin, tmp_path: Path) -> Iterator[World]:
    world = made_once("duckdb", run_files).twin(tmp_path / "world")
    yield world
    world.away()


@pytest.fixture
def ran_on_server(made_once: Twin, tmp_path: Path) -> Iterator[World]:
    world = made_once("postgres", run_files).twin(tmp_path / "world")
    yield world
    world.away()
