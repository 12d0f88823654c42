"""The two engines that golden queries run on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from golden_engines import Engine


@pytest.fixture(scope="session")
def engines(postgres_uri: str) -> Iterator[dict[str, Engine]]:
    import duckdb
    import psycopg

    with duckdb.connect() as duck, psycopg.connect(postgres_uri, autocommit=True) as postgres:
        postgres.execute("CREATE SCHEMA golden_engines")
        postgres.execute("SET search_path = golden_engines")
        yield {"duckdb": Engine("duckdb", duck), "postgres": Engine("postgres", postgres)}
