"""Small projects that are written, run on a real engine, and looked at as plain rows.

world = World("duckdb", folder)
world.table("people", {"id": "integer", "email": "text"}, [[1, "x"]])
world.write({"models/m.yml": ..., "rules/people.yml": ...})
world.run()
world.flags()
"""

from __future__ import annotations

import copy
import datetime as dt
import itertools
import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import cdmq.api
from cdmq.sql import nodes
from cdmq.sql.relation import Relation

AS_OF = dt.datetime(2026, 11, 1, 12, 0, 0)
ENGINES = ("duckdb", "postgres")
#: One for both engines: their digests are compared.
PII_SECRET = "the secret of all tests"
_NUMBERS = itertools.count(1)
_TYPES = {
    "text": "text",
    "integer": "bigint",
    "decimal": "decimal(20, 6)",
    "double": "double precision",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
FLAG = ("rule_id", "key", "column_name", "value", "digest", "state", "suggestion", "records")
CHANGE = (
    "rule_id",
    "key",
    "column_name",
    "old_value",
    "new_value",
    "digest",
    "act",
    "reason",
    "records",
)
RESULT = (
    "rule_id",
    "status",
    "tested",
    "judged",
    "failing",
    "could_not_judge",
    "changed",
    "percent",
)


#: The rules that a dataset has of itself, where a test is about those that a steward wrote.
OF_ITSELF = (".key", ".delivered", ".lines")


def written(found: Iterable[str]) -> set[str]:
    """Of the ids of rules those that stand in a rule file (or are of a column, as readable)."""
    return {r for r in found if not r.endswith(OF_ITSELF)}


class World:
    """One project and one warehouse: a DuckDB file, or a schema of a PostgreSQL server."""

    def __init__(self, engine: str, root: Path, uri: str | None = None) -> None:
        self.engine, self._root, self.uri = engine, root, uri
        self._open: Any = None
        self.schema = "main" if engine == "duckdb" else f"w{next(_NUMBERS)}"
        self.audit = "cdmq" if engine == "duckdb" else f"{self.schema}_cdmq"
        root.mkdir(parents=True, exist_ok=True)
        self.write({"cdmq_project.yml": "name: world\nprofile: world\n"})
        self.write_profile()
        if engine == "postgres":
            self.sql(f"CREATE SCHEMA {self.schema}")

    def write_profile(self) -> None:
        self.write(
            {
                "profiles.yml": json.dumps(
                    {"world": {"target": "it", "outputs": {"it": self._output()}}}
                )
            }
        )

    def uri_of(self, database: str) -> str:
        """The address of another database of the server."""
        assert self.uri is not None
        return urlsplit(self.uri)._replace(path=f"/{database}").geturl()

    def sql_elsewhere(self, text: str) -> None:
        """A statement that must not be sent from the world's own database."""
        import psycopg

        with psycopg.connect(self.uri_of("template1"), autocommit=True) as connection:
            connection.execute(text)

    def _output(self) -> dict[str, Any]:
        if self.engine == "duckdb":
            return {"type": "duckdb", "path": "world.duckdb", "pii_secret": PII_SECRET}
        return {
            "type": "postgres",
            "schema": self.schema,
            "pii_secret": PII_SECRET,
            **postgres_parts(self.uri),
        }

    def write(self, files: Mapping[str, str]) -> None:
        """Path -> text; an empty text takes the file away."""
        for path, text in files.items():
            file = self._root / path
            if text == "":
                file.unlink(missing_ok=True)
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")

    def run(self, **words: Any) -> cdmq.api.RunResult:
        return cdmq.api.run(self.root, **{"as_of": AS_OF, **words})

    @property
    def root(self) -> Path:
        """The folder of the project; whoever asks for it may open the database in another process,
        so it is let go."""
        self.let_go()
        return self._root

    def copied(self, root: Path) -> World:
        """The same world in a folder of its own, to which its files have been copied."""
        self.let_go()
        other = copy.copy(self)
        other._root = root
        return other

    def twin(self, root: Path) -> World:
        """A world of its own that begins as this one stands: a copy of its files, and on PostgreSQL
        of its database, which must be its own."""
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        other = self.copied(root)
        if self.engine == "postgres":
            own, name = postgres_parts(self.uri)["dbname"], f"{self.schema}_{next(_NUMBERS)}"
            self.sql_elsewhere(f"CREATE DATABASE {name} TEMPLATE {own} STRATEGY file_copy")
            other.uri = self.uri_of(name)
            profile = (root / "profiles.yml").read_text("utf-8")
            other.write(
                {"profiles.yml": profile.replace(f'"dbname": "{own}"', f'"dbname": "{name}"')}
            )
        return other

    def away(self) -> None:
        """What `twin` made is not needed any more."""
        shutil.rmtree(self.root)
        if self.engine == "postgres":
            name = postgres_parts(self.uri)["dbname"]
            self.sql_elsewhere(f"DROP DATABASE {name} WITH (FORCE)")

    def connection(self) -> Any:
        """A connection of our own, as any reader of the warehouse has one. It is kept until the
        next run: DuckDB takes 30 ms to open a file."""
        if self._open is None and self.engine == "duckdb":
            import duckdb

            self._open = duckdb.connect(str(self._root / "world.duckdb"))
        elif self._open is None:
            import psycopg

            self._open = psycopg.connect(self.uri, autocommit=True)
            self._open.execute(f"SET search_path = {self.schema}, public")
            self._open.execute("SET TIME ZONE 'UTC'")
        return self._open

    def let_go(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def sql(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        mark = "?" if self.engine == "duckdb" else "%s"
        cursor = self.connection().execute(text.replace("?", mark), list(values) or None)
        return list(cursor.fetchall()) if cursor.description else []

    def table(self, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> None:
        """Make a source table, or make it anew."""
        table, names = self._quoted(name), [self._quoted(c) for c in columns]
        connection = self.connection()
        connection.execute(f"DROP TABLE IF EXISTS {table} CASCADE")
        body = ", ".join(f"{n} {_TYPES[t]}" for n, t in zip(names, columns.values(), strict=True))
        connection.execute(f"CREATE TABLE {table} ({body})")
        if rows and self.engine == "duckdb":  # a row a statement takes it a while
            lists = ", ".join(f"unnest(?::{_TYPES[t]}[])" for t in columns.values())
            connection.execute(
                f"INSERT INTO {table} SELECT {lists}",
                [list(cells) for cells in zip(*rows, strict=True)],
            )
        elif rows:
            marks = ", ".join(["%s"] * len(columns))
            connection.cursor().executemany(
                f"INSERT INTO {table} VALUES ({marks})", [list(r) for r in rows]
            )

    def _quoted(self, name: str) -> str:
        return nodes.name(name).sql(self.engine)

    # what a run left -------------------------------------------------------------------------

    def audit_rows(
        self, table: str, columns: Sequence[str], where: str = "true"
    ) -> list[tuple[Any, ...]]:
        shown = ", ".join(columns)
        rows = self.sql(f"SELECT {shown} FROM {self.audit}.{table} WHERE {where}")
        return sorted((tuple(plain(v) for v in r) for r in rows), key=repr)

    def flags(self, where: str = "to_run IS NULL") -> list[tuple[Any, ...]]:
        return self.audit_rows("flags", FLAG, where)

    def changes(self, where: str = "to_run IS NULL") -> list[tuple[Any, ...]]:
        return self.audit_rows("changes", CHANGE, where)

    def results(self) -> dict[str, dict[str, Any]]:
        """The last run's results by rule."""
        last = f"run_id = (SELECT max(run_id) FROM {self.audit}.runs)"
        rows = self.audit_rows("rule_results", RESULT, last)
        return {r[0]: dict(zip(RESULT, r, strict=True)) for r in rows}

    def versions(self, where: str = "to_run IS NULL") -> dict[str, tuple[str, str]]:
        rows = self.audit_rows("rule_versions", ("rule_id", "version", "meta_version"), where)
        return {r[0]: (r[1], r[2]) for r in rows}

    def view(self, name: str) -> list[dict[str, Any]]:
        """The rows of any relation as texts by column, in an order of their own."""
        relation = nodes.table(Relation(name, self.schema)).sql(self.engine)
        cursor = self.connection().execute(f"SELECT * FROM {relation}")
        names = [d[0] for d in cursor.description]
        rows = [{n: plain(v) for n, v in zip(names, r, strict=True)} for r in cursor.fetchall()]
        return sorted(rows, key=repr)

    def relations(self) -> set[str]:
        rows = self.sql(
            f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{self.schema}'"
        )
        return {r[0] for r in rows}


#: Gives a world as a function leaves one: what it does is done once.
Twin = Callable[..., World]


def postgres_parts(uri: str | None) -> dict[str, str]:
    """A server's address as the keys of a target."""
    parts = urlsplit(uri or "")
    query = parse_qs(parts.query)
    found = {
        "host": query.get("host", [parts.hostname or ""])[0],
        "port": str(parts.port or 5432),
        "user": parts.username or "postgres",
        "dbname": parts.path.lstrip("/") or "postgres",
    }
    return found | ({"password": parts.password} if parts.password else {})


def plain(value: Any) -> Any:
    """One form for what two drivers hand back; a cell as a person would write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, float):
        return int(value) if value.is_integer() else "NaN" if value != value else value
    return value


def typed(text: Any, kind: str) -> Any:
    """A text of a test file as a value for a source table."""
    if text is None or kind == "text":
        return text
    read = {
        "integer": int,
        "decimal": Decimal,
        "double": float,
        "boolean": lambda t: t == "true",
        "date": dt.date.fromisoformat,
        "timestamp": dt.datetime.fromisoformat,
    }
    return read[kind](text)
