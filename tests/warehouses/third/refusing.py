"""A DuckDB that refuses transactions: each statement counts by itself. For tests alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from cdmq.sql.relation import Relation
from cdmq.warehouses import duckdb
from cdmq.warehouses.base import Lost, StatementError


class Options(duckdb.Options):
    """As a DuckDB file."""

    type: Literal["refusing"] = "refusing"  # type: ignore[assignment]


def unwatched(sql: str) -> None:
    """Nothing happens."""


#: Called with each statement before it is sent; what it raises ends the run there.
watch: Callable[[str], None] = unwatched


class Refusing(duckdb.DuckDB):
    """It knows no BEGIN; a process that is gone sends nothing more."""

    traits = replace(duckdb.TRAITS, transactions=False)
    gone = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        yield

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        if sql.split()[0].upper() in ("BEGIN", "COMMIT", "ROLLBACK"):
            raise StatementError("there are no transactions here", sql)
        self._look(sql)
        return super().fetch(sql)

    def insert(
        self, relation: Relation, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]
    ) -> None:
        self._look(f"INSERT INTO {relation}")
        super().insert(relation, columns, rows)

    def _look(self, sql: str) -> None:
        if self.gone:
            raise Lost("the process is gone")
        try:
            watch(sql)
        except Killed:
            self.gone = True
            raise


class Killed(BaseException):
    """As kill -9 would: nothing is sent after it."""


def connect(options: Options, root: Path, threads: int | None = None) -> Refusing:
    return Refusing(options, root, threads)
