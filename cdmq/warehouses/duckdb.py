"""DuckDB: the embedded default. One file, one writer."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import duckdb
from pydantic import Field
from sqlglot import exp

from cdmq.project.fields import Model
from cdmq.sql import nodes
from cdmq.sql.duckdb_types import NUL, WRITTEN, logical_type, storable
from cdmq.sql.relation import Relation
from cdmq.sql.types import Type
from cdmq.warehouses._duckdb_inventory import DuckDBInventory
from cdmq.warehouses._duckdb_standing import same_name
from cdmq.warehouses.base import Inventory, Locked, Lost, StatementError, Traits
from cdmq.warehouses.scratch import SCRATCH, Scratch

TRAITS = Traits(fuse="column", longest_name=200, default_schema="main", one_case=True)


#: One lock for each file, for the threads of this process: they share DuckDB's own.
_HELD: dict[str, threading.Lock] = {}
_GUARD = threading.Lock()


#: How a disk without space, or a file that may not grow, is told.
_FULL = ("No space left", "Could not write", "File too large")


class Options(Model):
    """An output of type duckdb in profiles.yml."""

    type: Literal["duckdb"] = "duckdb"
    path: str = Field(description="The database file; relative to the project, or :memory:.")
    schema_: str = Field("main", alias="schema")
    threads: int | None = Field(None, ge=1)
    memory_limit: str | None = None
    throwaway: bool = False
    pii_secret: str | None = Field(
        None,
        repr=False,
        description="Keys the digests of what pii: hides; by env_var(). "
        "Default: one that is made once and kept in the audit schema.",
    )


class DuckDB:
    """A connection to a DuckDB file. Raises Locked where another process writes to it."""

    dialect = "duckdb"
    traits = TRAITS

    def __init__(self, options: Options, root: Path, threads: int | None = None) -> None:
        self.schema = options.schema_
        self.path = options.path
        if options.path != ":memory:":
            file = root / options.path
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.exists() and not file.is_file():  # a pipe would be waited for without end
                raise StatementError(f"{file} is no file")
            self.path = str(file)
        settings: dict[str, Any] = {"preserve_insertion_order": "false"}
        if threads or options.threads:
            settings["threads"] = str(threads or options.threads)
        if options.memory_limit:
            settings["memory_limit"] = options.memory_limit
        self._beside: duckdb.DuckDBPyConnection | None = None
        self.inventory: Inventory = DuckDBInventory(self.fetch, self.schema)
        try:
            self._connection = duckdb.connect(self.path, config=settings)
        except duckdb.IOException as error:
            if "lock" in str(error).lower():
                raise Locked(_first_line(error)) from None
            raise StatementError(_first_line(error)) from None
        except duckdb.Error as error:
            if "different configuration" in str(error):
                raise Locked("this process has the file open with other settings") from None
            raise StatementError(_first_line(error)) from None
        self.run("SET GLOBAL TimeZone = 'UTC'")  # of each cursor too: matching has its own
        self.run("SET enable_progress_bar = false")
        if self.inventory.has_schema(self.schema):
            found = ",".join(nodes.name(s).sql("duckdb") for s in (self.schema, "main"))
            self.run(f"SET search_path = {nodes.text(found).sql('duckdb')}")

    def run(self, sql: str) -> int:
        rows = self.fetch(sql)
        return int(rows[0][0]) if rows and isinstance(rows[0][0], int) else 0

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(sql.replace(*NUL)).fetchall()
        except duckdb.Error as error:
            said = _first_line(error)
            if isinstance(error, duckdb.FatalException) or any(w in said for w in _FULL):
                raise Lost(said) from None
            raise StatementError(said, sql) from None

    def keep_private(self, relation: Relation) -> None:
        """A file has no grants: who may read it reads all of it."""

    def columns(self, relation: Relation) -> dict[str, Type] | None:
        for schema in [relation.schema] if relation.schema else [self.schema, "main"]:
            found = self._columns(Relation(relation.name, schema, relation.catalog))
            if found:
                return found
        return None

    def _columns(self, relation: Relation) -> dict[str, Type] | None:
        wanted = {"table_name": relation.name, "schema_name": relation.schema}
        if relation.catalog:
            wanted["database_name"] = relation.catalog
        same = [same_name(c, v) for c, v in wanted.items() if v]
        if not relation.catalog:
            same.append(
                nodes.any_of(
                    [
                        nodes.equal(nodes.column("database_name"), nodes.call("current_database")),
                        nodes.equal(nodes.column("database_name"), nodes.text("temp")),
                    ]
                )
            )
        query = nodes.select(
            [nodes.column("column_name"), nodes.column("data_type")],
            nodes.call("duckdb_columns"),
            nodes.all_of(same),
        ).order_by(nodes.column("column_index"))
        rows = self.fetch(query.sql("duckdb"))
        return {str(n): logical_type(str(t)) for n, t in rows} or None

    def prepare(self, schema: str) -> None:
        """Nothing lacks."""

    def load(
        self, relation: Relation, columns: Mapping[str, Type], rows: Sequence[Sequence[Any]]
    ) -> None:
        table = nodes.table(relation).sql("duckdb")
        definition = ", ".join(
            f"{nodes.name(c).sql('duckdb')} {WRITTEN[t]}" for c, t in columns.items()
        )
        self.run(f"CREATE TABLE {table} ({definition})")
        self.insert(relation, {c: WRITTEN[t] for c, t in columns.items()}, rows)

    def insert(
        self, relation: Relation, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]
    ) -> None:
        if not rows:
            return
        # One list a column: a parameter for each row would take a second per 10,000 rows.
        lists = [[storable(row[i]) for row in rows] for i in range(len(columns))]
        marks = ", ".join(f"unnest(${i}::{t}[])" for i, t in enumerate(columns.values(), start=1))
        names = ", ".join(nodes.name(c).sql("duckdb") for c in columns)
        try:
            self._connection.execute(
                f"INSERT INTO {nodes.table(relation).sql('duckdb')} ({names}) SELECT {marks}", lists
            )
        except duckdb.Error as error:
            raise StatementError(_first_line(error)) from None

    def load_query(self, relation: Relation, query: str) -> None:
        rows = nodes.table(Relation("rows"))
        shown = []
        for name, type_, *_ in self.fetch(f"DESCRIBE {query}"):
            value: exp.Expr = nodes.column(name)
            if type_ == "VARCHAR":  # NUL is held as its symbol, as `load` does
                value = nodes.call(
                    "replace", value, nodes.call("chr", nodes.number(0)), nodes.text(NUL[1])
                )
            shown.append(nodes.alias(value, name))
        select = nodes.select(shown, rows).sql("duckdb")
        self.run(
            f"CREATE TABLE {nodes.table(relation).sql('duckdb')} AS "
            f"WITH {rows.sql('duckdb')} AS ({query}\n) {select}"
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.run("BEGIN")
        try:
            yield
            self.run("SELECT 1")  # raises in an aborted transaction: COMMIT would be silent
        except BaseException:
            self.run("ROLLBACK")
            raise
        self.run("COMMIT")

    @contextmanager
    def scratch(self) -> Iterator[Scratch]:
        """An attached database, seen by a connection of its own: nothing is copied twice."""
        self.run(f"ATTACH ':memory:' AS {SCRATCH}")
        self._beside = self._connection.cursor()
        try:
            self._beside.execute(f"USE {SCRATCH}; SET enable_progress_bar = false")
            yield _Scratch(self, self._beside)
        finally:
            self._beside.close()
            self._beside = None
            with contextlib.suppress(StatementError):  # interrupted and closed: it is gone
                self.run(f"DETACH {SCRATCH}")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """An open DuckDB file is locked by the process that holds it, and here by the thread."""
        if self.path == ":memory:":
            yield
            return
        with _GUARD:
            held = _HELD.setdefault(str(Path(self.path).resolve()), threading.Lock())
        if not held.acquire(blocking=False):
            raise Locked("another thread of this process")
        try:
            yield
        finally:
            held.release()

    def row_hash(self, parts: Sequence[exp.Expr]) -> exp.Expr:
        return nodes.call("hash", *parts)

    def version(self) -> str:
        return str(self.fetch("SELECT version()")[0][0])

    def interrupt(self) -> None:
        with contextlib.suppress(duckdb.Error):  # already closed: nothing runs
            self._connection.interrupt()
            if self._beside:
                self._beside.interrupt()

    def close(self) -> None:
        self._connection.close()


class _Scratch:
    """The attached database: the warehouse's own connection writes to both."""

    def __init__(self, warehouse: DuckDB, connection: duckdb.DuckDBPyConnection) -> None:
        self.warehouse, self.connection = warehouse, connection

    def bring(self, table: str, columns: Mapping[str, Type], query: str) -> None:
        made = nodes.table(Relation(table, "main", SCRATCH)).sql("duckdb")
        self.warehouse.run(f"CREATE TABLE {made} AS {query}")

    def send(self, table: str, relation: Relation, columns: Mapping[str, Type]) -> None:
        shown = [
            nodes.alias(nodes.cast(nodes.column(c), WRITTEN[t]), c) for c, t in columns.items()
        ]
        source = nodes.table(Relation(table, "main", SCRATCH))
        self.warehouse.run(nodes.create(relation, nodes.select(shown, source)).sql("duckdb"))


def connect(options: Options, root: Path, threads: int | None = None) -> DuckDB:
    return DuckDB(options, root, threads)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
