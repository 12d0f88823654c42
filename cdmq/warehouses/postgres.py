"""PostgreSQL, one schema of a database.

Its text cannot hold NUL: `load`, `load_query` and literals have U+2400 (the symbol ␀) in its place.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import psycopg
from psycopg import generators
from psycopg.pq import ExecStatus, TransactionStatus
from pydantic import AliasChoices, Field
from sqlglot import exp

from cdmq.project.fields import Bool, Model
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.types import Type
from cdmq.values import Kind
from cdmq.warehouses import _postgres_catalog as catalog
from cdmq.warehouses._postgres_before import MADE_BEFORE
from cdmq.warehouses.base import (
    MARK,
    Attached,
    Locked,
    Lost,
    Reader,
    Standing,
    StatementError,
    Traits,
)
from cdmq.warehouses.duckdb import logical_type as type_in_duckdb
from cdmq.warehouses.scratch import Scratch, create

# What it warns of when an interrupt ends a statement is told by cdmq, in its own form.
logging.getLogger("psycopg").setLevel(logging.CRITICAL)
_NUL = ("\0", "\u2400")
TRAITS = Traits(fuse="row", longest_name=63, default_schema="public")
_EXACT: dict[str, Type] = {
    "text": "text",
    "character varying": "text",
    "character": "text",
    "citext": "text",
    "smallint": "integer",
    "integer": "integer",
    "bigint": "integer",
    "numeric": "decimal",
    "real": "double",
    "double precision": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamp",
    "uuid": "uuid",
    "time without time zone": "time",
    "interval": "interval",
    "bytea": "blob",
    "json": "json",
    "jsonb": "json",
    "unknown": "unknown",
}
_WRITTEN: dict[Type, str] = {
    "text": "text",
    "integer": "bigint",
    "decimal": "numeric(38, 9)",
    "double": "double precision",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "uuid": "uuid",
    "time": "time",
}
#: Whole numbers that may not fit a bigint.
_WIDE = {"UBIGINT": "numeric(20)", "HUGEINT": "numeric(39)"}
_SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
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
_RELATIONS = """
SELECT c.relname, CASE WHEN c.relkind IN ('v', 'm') THEN 'view' ELSE 'table' END
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
"""
_STANDING = """
SELECT c.relname, CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view'
        WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
        WHEN 'p' THEN 'partitioned table' WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'type'
        ELSE 'index' END,
    c.oid::text, obj_description(c.oid, 'pg_class'),
    ARRAY(SELECT a.attname::text FROM pg_attribute AS a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = %s
UNION ALL
SELECT t.typname, 'type', t.oid::text, NULL, '{}'
FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE n.nspname = %s AND t.typrelid = 0 AND NOT (t.typelem <> 0 AND t.typcategory = 'A')
"""
_READERS = """
WITH RECURSIVE reader (oid, depth) AS (
    SELECT to_regclass(n)::oid, 0 FROM unnest(%s::text[]) AS t (n)
    UNION
    SELECT w.ev_class, r.depth + 1 FROM reader AS r
    JOIN pg_depend AS d ON d.refobjid = r.oid AND d.refclassid = 'pg_class'::regclass
        AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite AS w ON w.oid = d.objid AND w.ev_class <> r.oid
)
SELECT n.nspname, c.relname, format('DROP %%s %%I.%%I', k.kind, n.nspname, c.relname),
    format('CREATE %%s %%I.%%I AS %%s', k.kind, n.nspname, c.relname, pg_get_viewdef(c.oid))
FROM reader AS r JOIN pg_class AS c USING (oid) JOIN pg_namespace AS n ON n.oid = c.relnamespace,
    LATERAL (SELECT CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END) AS k (kind)
WHERE r.depth > 0 GROUP BY c.oid, n.nspname, c.relname, k.kind ORDER BY max(r.depth)
"""
_HOLDER = """
SELECT concat_ws(', ', 'server process ' || a.pid, a.application_name, 'user ' || a.usename,
    to_char(a.backend_start, '"connected since "YYYY-MM-DD HH24:MI:SS" UTC"'))
FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (l.classid::bigint << 32) | l.objid::bigint = %s::bigint
"""


#: Seconds in which a statement that is cancelled has to end.
_PATIENCE = 5.0
#: Who may read or write a table or a column of it, beside its owner.
_GRANTED = """
WITH it AS (SELECT oid, relowner, relacl FROM pg_class WHERE oid = %s::regclass)
SELECT DISTINCT CASE WHEN acl.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END
FROM (SELECT (aclexplode(relacl)).grantee, relowner FROM it
      UNION ALL SELECT (aclexplode(a.attacl)).grantee, it.relowner
      FROM it JOIN pg_attribute AS a ON a.attrelid = it.oid) AS acl
LEFT JOIN pg_roles AS r ON r.oid = acl.grantee WHERE acl.grantee <> acl.relowner
"""


class Options(Model):
    """An output of type postgres in profiles.yml."""

    type: Literal["postgres"] = "postgres"
    host: str = Field(description="A host name, or the folder of the server's socket.")
    port: int = Field(5432, ge=1, le=65535)
    user: str | None = Field(None, description="Default: who runs cdmq.")
    password: str | None = Field(
        None,
        repr=False,
        description="Default: as ~/.pgpass has it. dbt's `pass` is taken too.",
        validation_alias=AliasChoices("password", "pass"),
    )
    role: str | None = Field(None, description="The role that is taken on after connecting.")
    dbname: str = Field(validation_alias=AliasChoices("dbname", "database"))
    schema_: str = Field("public", alias="schema")
    sslmode: _SslMode | None = None
    sslrootcert: str | None = None
    sslcert: str | None = Field(None, description="The file of the client's certificate.")
    sslkey: str | None = Field(None, description="The file of its key.")
    pii_secret: str | None = Field(
        None,
        repr=False,
        description="Keys the digests of what pii: hides; by env_var(). "
        "Default: one that is made once and kept in the audit schema.",
    )
    connect_timeout: int = Field(10, ge=0, description="Seconds; 0 waits without end.")
    keepalives: int | None = Field(None, ge=0, le=1, description="0: off.")
    keepalives_idle: int | None = Field(None, ge=0, description="Seconds.")
    keepalives_interval: int | None = Field(None, ge=0, description="Seconds.")
    keepalives_count: int | None = Field(None, ge=0)
    retries: int = Field(1, ge=0, le=100, description="How often to try again to connect.")
    threads: int | None = Field(None, ge=1, description="For reading files.")
    throwaway: Bool = False


def _connected(options: Options) -> psycopg.Connection[tuple[Any, ...]]:
    server = options.model_dump(
        exclude={"type", "schema_", "role", "retries", "threads", "throwaway", "pii_secret"}
    )
    left = options.retries
    while True:
        try:
            # Prepared statements would outlive the tables that a run swaps.
            return psycopg.connect(
                **server,
                autocommit=True,
                prepare_threshold=None,
                application_name="cdmq",
                client_encoding="utf8",
            )
        except psycopg.OperationalError as error:
            # A password that is refused is refused again, and may lock the user out.
            if not left or "authentication failed" in str(error):
                raise
            left -= 1
            time.sleep(0.5)


class Postgres:
    """A connection. A name without a schema is looked for in the target's, then in public."""

    dialect = "postgres"
    traits = TRAITS

    def __init__(self, options: Options, threads: int | None = None) -> None:
        self.schema = options.schema_
        self._threads = threads or options.threads
        self._reader: duckdb.DuckDBPyConnection | None = None
        with _told(connecting=True):
            self._connection = _connected(options)
        try:
            self._begin(options.role)
        except BaseException:
            self.close()
            raise

    def _begin(self, role: str | None) -> None:
        if role:
            with _told(connecting=True):
                own = nodes.name(role).sql("postgres")
                self._connection.execute(f"SET ROLE {own}".encode())
        settings = _SETTINGS | {"search_path": f"{nodes.name(self.schema).sql('postgres')}, public"}
        self.fetch(_SET, [list(settings), list(settings.values())])

    def run(self, sql: str) -> int:
        with self._sending():
            return max(self._connection.execute(sql.replace(*_NUL).encode()).rowcount, 0)

    def fetch(
        self, sql: str, values: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        with self._sending():
            cursor = self._connection.execute(sql.replace(*_NUL).encode(), values)
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

    def has_schema(self, name: str) -> bool:
        return bool(self.fetch("SELECT 1 FROM pg_namespace WHERE nspname = %s", [name]))

    def lacking(self, schemas: Sequence[str], sources: Sequence[Relation]) -> list[tuple[str, str]]:
        names = [nodes.table(r).sql("postgres") for r in sources]
        return [
            (str(a), str(b))
            for a, b in self.fetch(catalog.LACKING, [list(schemas), list(schemas), names, names])
        ]

    def relations(self, schema: str) -> dict[str, Literal["table", "view"]]:
        return dict(self.fetch(_RELATIONS, [schema]))

    def standing(self, schema: str) -> list[Standing]:
        return [
            Standing(name, kind, identity, comment, tuple(columns))
            for name, kind, identity, comment, columns in self.fetch(_STANDING, [schema, schema])
        ]

    def content(self, of: Standing, schema: str) -> str | None:
        return None  # the oid tells

    def readers(self, of: Sequence[Relation]) -> list[Reader]:
        names = [nodes.table(r).sql("postgres") for r in of]
        return [
            Reader(Relation(name, schema), drop, create)
            for schema, name, drop, create in self.fetch(_READERS, [names])
        ]

    def held(self, of: Sequence[Relation]) -> set[Relation]:
        names = {nodes.table(r).sql("postgres"): r for r in of}
        return {names[n] for (n,) in self.fetch(catalog.HELD, {"names": list(names), "mark": MARK})}

    def attached(self, to: Mapping[Relation, Kind | None]) -> list[Attached]:
        names = {nodes.table(r).sql("postgres"): r for r in to}
        return [
            Attached(names[n], what, sql, column)
            for n, column, what, sql in self.fetch(
                catalog.ATTACHED, {"names": list(names), "kinds": list(to.values()), "mark": MARK}
            )
        ]

    def fits(self, old: Relation, new: Relation) -> bool:
        before, after = self._shape(old), self._shape(new)
        if {kind for *_, kind in before} != {kind for *_, kind in after}:
            return False
        if before and before[0][2] == "v":
            return after[: len(before)] == before
        return set(before) <= set(after)

    def refill(self, old: Relation, new: Relation) -> None:
        there = {name for name, *_ in self._shape(old)}
        to, source = (nodes.table(r).sql("postgres") for r in (old, new))
        names = []
        for name, kind, _ in self._shape(new):
            names.append(nodes.name(name).sql("postgres"))
            if name not in there:
                self.run(f"ALTER TABLE {to} ADD COLUMN {names[-1]} {kind}")
        listed = ", ".join(names)
        self.run(f"TRUNCATE ONLY {to}")  # never a table of others that inherits from it
        self.run(f"INSERT INTO {to} ({listed}) SELECT {listed} FROM {source}")
        self.run(f"DROP TABLE {source}")

    def _shape(self, relation: Relation) -> list[tuple[Any, ...]]:
        return self.fetch(catalog.SHAPE, [nodes.table(relation).sql("postgres")])

    def hindrances(self, of: Mapping[Relation, Sequence[str]]) -> list[tuple[Relation, str]]:
        names = {nodes.table(r).sql("postgres"): r for r in of}
        rows = self.fetch(
            catalog.HINDRANCES,
            {"names": list(names), "columns": [json.dumps(list(of[r])) for r in names.values()]},
        )
        return [(names[n], why) for n, why in rows]

    def load(
        self, relation: Relation, columns: Mapping[str, Type], rows: Sequence[Sequence[Any]]
    ) -> None:
        types = {c: _WRITTEN[t] for c, t in columns.items()}
        with self._sending(), self._connection.transaction(), self._fill(relation, types) as copy:
            for row in rows:
                copy.write_row([_plain(value) for value in row])

    def insert(
        self, relation: Relation, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]
    ) -> None:
        names = ", ".join(nodes.name(c).sql("postgres") for c in columns)
        table = nodes.table(relation).sql("postgres")
        with self._sending(), self._connection.cursor() as cursor:
            if rows:
                with cursor.copy(f"COPY {table} ({names}) FROM STDIN".encode()) as copy:
                    for row in rows:
                        copy.write_row([_plain(value) for value in row])

    def load_query(self, relation: Relation, query: str) -> None:
        # As CSV, in half the time that rows through Python take.
        with tempfile.TemporaryDirectory(prefix="cdmq_") as folder:
            file = Path(folder) / "rows.csv"
            types = self._read_files(query, file)
            with (
                self._sending(),
                self._connection.transaction(),
                file.open("rb") as data,
                self._fill(relation, types, "(FORMAT csv)") as copy,
            ):
                while block := data.read(1 << 20):
                    copy.write(block.replace(b"\0", _NUL[1].encode()))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._sending(), self._connection.transaction():
            # What a run compares are whole tables without an index, equal in many columns: the
            # server thinks that few rows are, and would ask row by row what it can hash.
            self._connection.execute(b"SET LOCAL enable_nestloop = off")
            yield
            # The server would answer COMMIT with a ROLLBACK, and without an error.
            if self._connection.info.transaction_status == TransactionStatus.INERROR:
                raise StatementError("the transaction is void: a statement in it failed")

    @contextmanager
    def scratch(self) -> Iterator[Scratch]:
        """An embedded DuckDB: the server may have neither levenshtein nor jaro-winkler."""
        settings: dict[str, Any] = {"threads": self._threads} if self._threads else {}
        self._reader = duckdb.connect(":memory:", config=settings)
        try:
            self._reader.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
            yield _Scratch(self, self._reader)
        finally:
            self._reader.close()
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
            with _told():
                yield
        except KeyboardInterrupt:
            try:
                if info.transaction_status == TransactionStatus.ACTIVE:
                    self._end_statement()
                if alone and info.transaction_status != TransactionStatus.IDLE:
                    self._connection.execute(b"ROLLBACK")
            except psycopg.Error:
                self.close()
            raise

    def _end_statement(self) -> None:
        """Cancel what runs and take its end."""
        at, limit = self._connection, _PATIENCE
        at.cancel_safe(timeout=limit)
        ends = at.wait(generators.fetch_many(at.pgconn), timeout=limit)
        if ends and ends[-1].status == ExecStatus.COPY_IN:
            with suppress(psycopg.errors.QueryCanceled):
                at.wait(generators.copy_end(at.pgconn, b"interrupted"), timeout=limit)

    def _fill(
        self, relation: Relation, types: Mapping[str, str], form: str = ""
    ) -> AbstractContextManager[psycopg.Copy]:
        """Create a table, and take rows for it."""
        kinds = {c: exp.DataType.build(t, dialect="postgres") for c, t in types.items()}
        columns = [exp.ColumnDef(this=nodes.name(c), kind=k) for c, k in kinds.items()]
        table = exp.Schema(this=nodes.table(relation), expressions=columns)
        self.fetch(exp.Create(this=table, kind="TABLE").sql("postgres"))
        statement = f"COPY {nodes.table(relation).sql('postgres')} FROM STDIN {form}"
        return self._connection.cursor().copy(statement.encode())

    def _read_files(self, query: str, file: Path) -> dict[str, str]:
        """Write what the query gives to a file: NULL is nothing, each value stands in quotes."""
        to = f"{nodes.text(str(file)).sql('duckdb')} (FORMAT csv, HEADER false, FORCE_QUOTE *)"
        try:
            with duckdb.connect() as self._reader:
                self._reader.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
                if self._threads:
                    self._reader.execute(f"SET threads = {self._threads:d}")
                described = self._reader.execute(f"DESCRIBE {query}").fetchall()
                self._reader.execute(f"COPY ({query}\n) TO {to}")
        except duckdb.Error as error:
            raise StatementError(str(error).strip().splitlines()[0]) from None
        finally:
            self._reader = None
        return {str(r[0]): _held(str(r[1])) for r in described}


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


def connect(options: Options, root: Path, threads: int | None = None) -> Postgres:
    return Postgres(options, threads)


def logical_type(engine_type: str) -> Type:
    """The type of what format_type says, without length or scale."""
    if engine_type.endswith("[]"):
        return "list"
    return "text" if engine_type.endswith(".citext") else _EXACT.get(engine_type, "other")


def _held(duckdb_type: str) -> str:
    """The type for what DuckDB read from files: text where it is unknown."""
    fits = _WIDE.get(duckdb_type) or _WRITTEN.get(type_in_duckdb(duckdb_type), "text")
    return duckdb_type if duckdb_type.startswith("DECIMAL(") else fits


def _plain(value: Any) -> Any:
    """A value whose text form PostgreSQL reads as DuckDB reads the value."""
    if isinstance(value, str):
        return value.replace(*_NUL)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


@contextmanager
def _told(connecting: bool = False) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        said = (error.diag.message_primary or str(error)).strip() or "the statement failed"
        lost = not connecting and _is_gone(error)
        raise (Lost if lost else StatementError)(said.splitlines()[0]) from None


def _is_gone(error: psycopg.Error) -> bool:
    """A server that ends, a broken connection, a full disk: by SQLSTATE, or none at all."""
    state = error.sqlstate
    if state is None:
        return isinstance(error, psycopg.OperationalError)
    return state.startswith("08") or state in ("57P01", "57P02", "57P03", "57P05", "53100")
