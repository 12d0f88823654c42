"""The warehouses that tests of warehouses take: one of each engine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from opened import FILE, Connect, postgres_options

from cdmq.warehouses import duckdb, postgres
from cdmq.warehouses.base import Warehouse


@pytest.fixture(params=["duckdb", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connect(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connect]:
    """Connections to one fresh schema."""
    opened: list[Warehouse] = []
    schema = "test " + os.urandom(4).hex()

    def new() -> Warehouse:
        if engine == "duckdb":
            opened.append(duckdb.connect(FILE, tmp_path))
        else:
            options = postgres_options(request.getfixturevalue("postgres_uri"), schema)
            opened.append(postgres.connect(options, tmp_path))
            opened[-1].run(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        return opened[-1]

    yield new
    for warehouse in opened:
        warehouse.close()
    if engine == "postgres" and opened:
        opened[0] = new()
        opened[0].run(f'DROP SCHEMA "{schema}" CASCADE')
        opened[0].close()


@pytest.fixture
def warehouse(connect: Connect) -> Warehouse:
    return connect()
