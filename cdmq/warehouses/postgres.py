"""PostgreSQL, one schema of a database.

Its text cannot hold NUL: `load`, `load_query` and literals have U+2400 (the symbol ␀) in its place.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg.pq import TransactionStatus
from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.duckdb_types import NUL
from cdmq.sql.relation import Relation
from cdmq.sql.types import Type
from cdmq.warehouses._postgres_before import MADE_BEFORE
from cdmq.warehouses._postgres_connection import WHOLE, Options, connected, end_statement, told
from cdmq.warehouses._postgres_inventory import PostgresInventory
from cdmq.warehouses._postgres_types import WRITTEN, held, logical_type, plain
from cdmq.warehouses.base import Inventory, Locked, StatementError, Traits
from cdmq.warehouses.embedded import embedded
from cdmq.warehouses.scratch import Scratch, create

TRAITS = Traits(fuse="row", longest_name=63, default_schema="public")
_SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "jit": "off",
    "extra_float_digits": "1",
    "standard_conforming_strings": "on",
    # Without the last, a killed run's statement holds the lock until it ends by itself.
    "client_min_messages": "warning",
    "client_connection_check_interval": "2s",
}
_SET = """
SELECT set_config(s.name, wanted.setting, false) FROM pg_settings AS s
JOIN unnest(%s::text[], %s::text[]) AS wanted (name, setting) USING (name)
"""
_COLUMNS = """
SELECT a.attname, format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL)
FROM pg_class AS c LEFT JOIN pg_attribute AS a
    ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_type AS t ON t.oid = a.atttypid
WHERE c.oid = to_regclass(%s) AND c.relkind IN ('r', 'p', 'f', 'v', 'm') ORDER BY a.attnum
"""
_HOLDER = """
SELECT concat_ws(', ', 'server process ' || a.pid, a.application_name, 'user ' || a.usename,
    to_char(a.backend_start, '"connected since "YYYY-MM-DD HH24:MI:SS" UTC"'))
FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (l.classid::bigint << 32) | l.objid::bigint = %s::bigint
"""


#: Who may read or write a table or a column of it, beside its owner.
_GRANTED = """
WITH it AS (SELECT oid, relowner, relacl FROM pg_class WHERE oid = %s::regclass)
SELECT DISTINCT CASE WHEN acl.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END
FROM (SELECT (aclexplode(relacl)).grantee, relowner FROM it
      UNION ALL SELECT (aclexplode(a.attacl)).grantee, it.relowner
      FROM it JOIN pg_attribute AS a ON a.attrelid = it.oid) AS acl
LEFT JOIN pg_roles AS r ON r.oid = acl.grantee WHERE acl.grantee <> acl.relowner
"""


class Postgres:
    """A connection. A name without a schema is looked for in the target's, then in public."""

    dialect = "postgres"
    traits = TRAITS

    def __init__(self, options: Options, threads: int | None = None) -> None:
        self.schema = options.schema_
        self._threads = threads or options.threads
        self._reader: duckdb.DuckDBPyConnection | None = None
        with told(connecting=True):
            self._connection = connected(options)
        self.inventory: Inventory = PostgresInventory(self, self._connection.info)
        try:
            self._begin(options.role)
        except BaseException:
            self.close()
            raise

    def _begin(self, role: str | None) -> None:
        if role:
            with told(connecting=True):
                own = nodes.name(role).sql("postgres")
                self._connection.execute(f"SET ROLE {own}".encode())
        settings = _SETTINGS | {"search_path": f"{nodes.name(self.schema).sql('postgres')}, public"}
        self.fetch(_SET, [list(settings), list(settings.values())])

    def run(self, sql: str) -> int:
        with self._sending():
            return max(self._connection.execute(sql.replace(*NUL).encode()).rowcount, 0)

    def fetch(
        self, sql: str, values: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        with self._sending():
            cursor = self._connection.execute(sql.replace(*NUL).encode(), values)
            return cursor.fetchall() if cursor.description else []

    def keep_private(self, relation: Relation) -> None:
        where = nodes.table(relation).sql("postgres")
        for (who,) in self.fetch(_GRANTED, [where]):
            self.run(f"REVOKE ALL ON {where} FROM {who}")

    def columns(self, relation: Relation) -> dict[str, Type] | None:
        rows = self.fetch(_COLUMNS, [nodes.table(relation).sql("postgres")])
        return {n: logical_type(t) for n, t in rows if n is not None} if rows else None

    def prepare(self, schema: str) -> None:
        own = nodes.name(schema).sql("postgres")
        made = [
            text.format(own=own)
            for before, text in MADE_BEFORE
            if self._connection.info.server_version < before
        ]
        for statement in made:
            self.run(statement)
        if made:
            usual = nodes.name(self.schema).sql("postgres")
            self.run(f"SET search_path = {usual}, public, {own}")

    def load(
        self, relation: Relation, columns: Mapping[str, Type], rows: Sequence[Sequence[Any]]
    ) -> None:
        types = {c: WRITTEN[t] for c, t in columns.items()}
        with (
            self._sending(),
            self._connection.transaction(),
            _fill(self._connection, relation, types) as copy,
        ):
            for row in rows:
                copy.write_row([plain(value) for value in row])

    def insert(
        self, relation: Relation, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]
    ) -> None:
        names = ", ".join(nodes.name(c).sql("postgres") for c in columns)
        table = nodes.table(relation).sql("postgres")
        with self._sending(), self._connection.cursor() as cursor:
            if rows:
                with cursor.copy(f"COPY {table} ({names}) FROM STDIN".encode()) as copy:
                    for row in rows:
                        copy.write_row([plain(value) for value in row])

    def load_query(self, relation: Relation, query: str) -> None:
        # As CSV, in half the time that rows through Python take.
        with tempfile.TemporaryDirectory(prefix="cdmq_") as folder:
            file = Path(folder) / "rows.csv"
            types = self._read_files(query, file)
            with (
                self._sending(),
                self._connection.transaction(),
                file.open("rb") as data,
                _fill(self._connection, relation, types, "(FORMAT csv)") as copy,
            ):
                while block := data.read(1 << 20):
                    copy.write(block.replace(b"\0", NUL[1].encode()))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._sending(), self._connection.transaction():
            # What a run compares are whole tables without an index, equal in many columns: the
            # server thinks that few rows are, and would ask row by row what it can hash.
            self.run(WHOLE)
            yield
            # The server would answer COMMIT with a ROLLBACK, and without an error.
            if self._connection.info.transaction_status == TransactionStatus.INERROR:
                raise StatementError("the transaction is void: a statement in it failed")

    @contextmanager
    def scratch(self) -> Iterator[Scratch]:
        """An embedded DuckDB: the server may have neither levenshtein nor jaro-winkler."""
        with embedded(self._threads) as self._reader:
            try:
                yield _Scratch(self, self._reader)
            finally:
                self._reader = None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """An advisory lock of the session: the server frees it when the process is gone."""
        digest = hashlib.sha256(f"cdmq:{self.schema}".encode()).digest()
        key = int.from_bytes(digest[:8], "big", signed=True)
        if not self.fetch("SELECT pg_try_advisory_lock(%s::bigint)", [key])[0][0]:
            holder = self.fetch(_HOLDER, [key]) or [("a run that ends just now",)]
            raise Locked(str(holder[0][0]))
        try:
            yield
        finally:
            with suppress(StatementError):
                self.fetch("SELECT pg_advisory_unlock(%s::bigint)", [key])

    def row_hash(self, parts: Sequence[exp.Expr]) -> exp.Expr:
        # The text of a row keeps NULL, '' and where a part ends apart.
        row = nodes.cast(nodes.call("ROW", *parts), "text")
        by_bytes = exp.Collate(this=row, expression=nodes.name("C"))
        return nodes.call("hashtextextended", by_bytes, nodes.number(0))

    def version(self) -> str:
        return str(self.fetch("SHOW server_version")[0][0])

    def interrupt(self) -> None:
        with suppress(duckdb.Error, psycopg.Error):
            reader = self._reader
            (reader.interrupt if reader else self._connection.cancel_safe)()

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _sending(self) -> Iterator[None]:
        """What is refused is told. An interrupt leaves no statement and no transaction behind that
        was not there before, so that others can be sent."""
        info = self._connection.info
        alone = info.transaction_status == TransactionStatus.IDLE
        try:
            with told():
                yield
        except KeyboardInterrupt:
            try:
                if info.transaction_status == TransactionStatus.ACTIVE:
                    end_statement(self._connection)
                if alone and info.transaction_status != TransactionStatus.IDLE:
                    self._connection.execute(b"ROLLBACK")
            except psycopg.Error:
                self.close()
            raise

    def _read_files(self, query: str, file: Path) -> dict[str, str]:
        """Write what the query gives to a file: NULL is nothing, each value stands in quotes."""
        to = f"{nodes.text(str(file)).sql('duckdb')} (FORMAT csv, HEADER false, FORCE_QUOTE *)"
        try:
            with embedded(self._threads) as self._reader:
                described = self._reader.execute(f"DESCRIBE {query}").fetchall()
                self._reader.execute(f"COPY ({query}\n) TO {to}")
        except duckdb.Error as error:
            raise StatementError(str(error).strip().splitlines()[0]) from None
        finally:
            self._reader = None
        return {str(r[0]): held(str(r[1])) for r in described}


class _Scratch:
    """Rows go over as Python values, once there and once back."""

    def __init__(self, warehouse: Postgres, connection: duckdb.DuckDBPyConnection) -> None:
        self.warehouse, self.connection = warehouse, connection

    def bring(self, table: str, columns: Mapping[str, Type], query: str) -> None:
        create(self.connection, table, columns, self.warehouse.fetch(query))

    def send(self, table: str, relation: Relation, columns: Mapping[str, Type]) -> None:
        shown = nodes.select([nodes.column(c) for c in columns], nodes.table(Relation(table)))
        rows = self.connection.execute(shown.sql("duckdb")).fetchall()
        self.warehouse.load(relation, columns, rows)


def _fill(
    connection: psycopg.Connection[Any],
    relation: Relation,
    types: Mapping[str, str],
    form: str = "",
) -> AbstractContextManager[psycopg.Copy]:
    """Create a table, and take rows for it."""
    named = {c: exp.DataType.build(t, dialect="postgres") for c, t in types.items()}
    columns = [exp.ColumnDef(this=nodes.name(c), kind=k) for c, k in named.items()]
    table = exp.Schema(this=nodes.table(relation), expressions=columns)
    connection.execute(exp.Create(this=table, kind="TABLE").sql("postgres").encode())
    statement = f"COPY {nodes.table(relation).sql('postgres')} FROM STDIN {form}"
    return connection.cursor().copy(statement.encode())


def connect(options: Options, root: Path, threads: int | None = None) -> Postgres:
    return Postgres(options, threads)
