"""What every warehouse has to do: one suite, run on each engine."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import ValidationError

from cdmq.audit.found import fingerprint
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.types import DECLARABLE, Type
from cdmq.warehouses import duckdb, postgres
from cdmq.warehouses.base import Locked, Lost, StatementError, Warehouse

Connect = Callable[[], Warehouse]
FILE = duckdb.Options.model_validate({"path": "test.duckdb"})
NAMES = [
    "plain",
    "UPPER",
    "two words",
    'a "quoted" one',
    "it's",
    "émoji 😀",
    "semi;colon",
    "50%",
    "back\\slash",
    "a.b",
    "select",
]


def postgres_options(uri: str, schema: str) -> postgres.Options:
    parts = conninfo_to_dict(uri)
    keys = ("host", "user", "dbname")
    return postgres.Options.model_validate({k: parts[k] for k in keys} | {"schema": schema})


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


def rows_of(warehouse: Warehouse, name: str) -> list[tuple[Any, ...]]:
    table = nodes.table(Relation(name, warehouse.schema))
    return warehouse.fetch(f"SELECT * FROM {table.sql(warehouse.dialect)} ORDER BY 1")


class TestStatements:
    def test_fetch_gives_rows(self, warehouse: Warehouse) -> None:
        assert warehouse.fetch("SELECT 1, 'a', NULL UNION ALL SELECT 2, '', 'b' ORDER BY 1") == [
            (1, "a", None),
            (2, "", "b"),
        ]

    def test_run_takes_statements_and_queries(self, warehouse: Warehouse) -> None:
        warehouse.run("CREATE TABLE t (a INTEGER)")
        warehouse.run("SELECT * FROM t")
        warehouse.run("INSERT INTO t VALUES (1)")
        assert warehouse.fetch("SELECT a FROM t") == [(1,)]

    def test_percent_signs_are_not_parameters(self, warehouse: Warehouse) -> None:
        assert warehouse.fetch("SELECT '%s' || '100%' WHERE 'abc' LIKE 'a%'") == [("%s100%",)]

    def test_a_wrong_statement_says_why_in_one_line(self, warehouse: Warehouse) -> None:
        with pytest.raises(StatementError, match="nowhere") as raised:
            warehouse.run("SELECT *\nFROM nowhere")
        assert "\n" not in str(raised.value)
        assert warehouse.fetch("SELECT 1") == [(1,)]

    def test_a_failing_value_is_a_statement_error(self, warehouse: Warehouse) -> None:
        with pytest.raises(StatementError):
            warehouse.fetch("SELECT CAST('x' AS INTEGER)")

    def test_a_missing_schema_is_a_statement_error(self, warehouse: Warehouse) -> None:
        with pytest.raises(StatementError):
            warehouse.load(Relation("t", "no such schema"), {"a": "text"}, [])

    def test_sessions_are_utc(self, warehouse: Warehouse) -> None:
        when = "SELECT CAST(TIMESTAMPTZ '2024-07-01 12:00:00+02' AS TEXT)"
        assert warehouse.fetch(when) == [("2024-07-01 10:00:00+00",)]

    def test_version(self, warehouse: Warehouse) -> None:
        assert any(c.isdigit() for c in warehouse.version())

    def test_closing_twice_is_fine_and_then_statements_fail(self, warehouse: Warehouse) -> None:
        warehouse.close()
        warehouse.close()
        with pytest.raises((StatementError, Lost)):
            warehouse.run("SELECT 1")


class TestCatalogue:
    def test_columns_in_order_with_types(self, warehouse: Warehouse) -> None:
        at = Relation("t", warehouse.schema)
        written = {name: DECLARABLE[i % len(DECLARABLE)] for i, name in enumerate(NAMES)}
        warehouse.load(at, written, [])
        found = warehouse.columns(at)
        assert found == written
        assert list(found) == NAMES

    @pytest.mark.parametrize(
        ("type_", "expected"),
        [
            ("VARCHAR(20)", "text"),
            ("CHAR(3)", "text"),
            ("SMALLINT", "integer"),
            ("BIGINT", "integer"),
            ("NUMERIC(10, 2)", "decimal"),
            ("REAL", "double"),
            ("TIMESTAMP WITH TIME ZONE", "timestamp"),
            ("UUID", "uuid"),
            ("TIME", "time"),
            ("INTEGER[]", "list"),
            ("JSON", "json"),
        ],
    )
    def test_types_of_the_engine(self, warehouse: Warehouse, type_: str, expected: str) -> None:
        warehouse.run(f"CREATE TEMP TABLE t (a {type_})")
        assert warehouse.columns(Relation("t")) == {"a": expected}

    @pytest.mark.parametrize("name", NAMES)
    def test_names(self, warehouse: Warehouse, name: str) -> None:
        at = Relation(name, warehouse.schema)
        assert warehouse.columns(at) is None
        warehouse.load(at, {name: "text"}, [[name]])
        assert warehouse.columns(at) == {name: "text"}
        assert warehouse.inventory.relations(warehouse.schema) == {name: "table"}
        assert rows_of(warehouse, name) == [(name,)]

    def test_views(self, warehouse: Warehouse) -> None:
        view = nodes.create(
            Relation("v", warehouse.schema),
            nodes.select([nodes.alias(nodes.number(1), "a")]),
            "VIEW",
        )
        warehouse.run(view.sql(warehouse.dialect))
        assert warehouse.columns(Relation("v", warehouse.schema)) == {"a": "integer"}
        assert warehouse.inventory.relations(warehouse.schema) == {"v": "view"}

    def test_what_is_not_there(self, warehouse: Warehouse) -> None:
        assert warehouse.columns(Relation("t", "no such schema")) is None
        assert warehouse.inventory.relations("no such schema") == {}

    def test_asking_for_it_spoils_no_transaction(self, warehouse: Warehouse) -> None:
        with warehouse.transaction():
            assert warehouse.columns(Relation("nowhere")) is None
            assert warehouse.fetch("SELECT 1") == [(1,)]


class TestLoad:
    def test_all_types(self, warehouse: Warehouse) -> None:
        rows: list[list[Any]] = [
            [
                "a",
                1,
                Decimal("1.50"),
                0.1,
                True,
                dt.date(2024, 2, 29),
                dt.datetime(2024, 1, 2, 3, 4, 5, 678901),
            ],
            [
                "b",
                -(2**63),
                Decimal("-0.000000001"),
                1e300,
                False,
                dt.date(1, 1, 1),
                dt.datetime(9999, 12, 31),
            ],
        ]
        columns: dict[str, Type] = {t: t for t in DECLARABLE}
        warehouse.load(Relation("t", warehouse.schema), columns, [*rows, [None] * len(columns)])
        found = rows_of(warehouse, "t")
        assert sorted(found[:2]) == [tuple(r) for r in rows]
        assert found[2] == (None,) * len(columns)

    def test_moments_with_a_zone_are_kept_in_utc(self, warehouse: Warehouse) -> None:
        zone = dt.timezone(dt.timedelta(hours=2))
        at = dt.datetime(2024, 1, 1, 12, tzinfo=zone)
        warehouse.load(Relation("t", warehouse.schema), {"a": "timestamp"}, [[at]])
        assert rows_of(warehouse, "t") == [(dt.datetime(2024, 1, 1, 10),)]

    def test_values_of_another_type_are_read_as_text(self, warehouse: Warehouse) -> None:
        columns: dict[str, Type] = {"n": "integer", "b": "text"}
        warehouse.load(Relation("t", warehouse.schema), columns, [["12", True]])
        assert rows_of(warehouse, "t") == [(12, "true")]

    @pytest.mark.parametrize(
        "value",
        [
            "",
            " ",
            "NULL",
            "\\N",
            "\\.",
            "a\n\\.\nb",
            "tab\there",
            "line\r\nbreak",
            "q\"uo'te",
            "a,b",
            "😀",
            "e\u0301",
            "\u202e",
            "\U0010ffff",
            "100%",
            "{a}",
            "\\",
            "x" * 1_000_000,
        ],
        ids=lambda v: repr(v[:10]),
    )
    def test_texts_are_kept_as_they_are(self, warehouse: Warehouse, value: str) -> None:
        warehouse.load(Relation("t", warehouse.schema), {"a": "text", "b": "text"}, [[value, None]])
        assert rows_of(warehouse, "t") == [(value, None)]

    def test_nul_is_shown_by_its_symbol(self, warehouse: Warehouse) -> None:
        warehouse.load(Relation("t", warehouse.schema), {"a": "text"}, [["a\0b\0"]])
        assert rows_of(warehouse, "t") == [("a\u2400b\u2400",)]
        assert warehouse.fetch("SELECT a FROM t WHERE a = 'a\0b\0'") == [("a\u2400b\u2400",)]

    def test_no_rows(self, warehouse: Warehouse) -> None:
        warehouse.load(Relation("t", warehouse.schema), {"a": "text"}, [])
        assert rows_of(warehouse, "t") == []

    def test_a_value_that_does_not_fit_leaves_the_connection_usable(
        self, warehouse: Warehouse
    ) -> None:
        with pytest.raises(StatementError):
            warehouse.load(Relation("t", warehouse.schema), {"a": "integer"}, [["x"]])
        assert warehouse.fetch("SELECT 1") == [(1,)]


class TestLoadQuery:
    @staticmethod
    def load(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
        warehouse.load_query(Relation("t", warehouse.schema), query)
        return rows_of(warehouse, "t")

    def test_a_csv_file(self, warehouse: Warehouse, tmp_path: Path) -> None:
        file = tmp_path / "people.csv"
        file.write_text('id,Full Name\n1,""\n2,\n3,"O\'Neil, ""Shaq"""\n4,"a\n\\.\n😀"\n', "utf-8")
        query = (
            f"SELECT * FROM read_csv('{file}', all_varchar = true, header = true, "
            "allow_quoted_nulls = false) -- the end"
        )
        assert self.load(warehouse, query) == [
            ("1", ""),
            ("2", None),
            ("3", 'O\'Neil, "Shaq"'),
            ("4", "a\n\\.\n😀"),
        ]
        assert warehouse.columns(Relation("t", warehouse.schema)) == {
            "id": "text",
            "Full Name": "text",
        }

    def test_all_types(self, warehouse: Warehouse) -> None:
        query = """SELECT 'a' AS text, 1::UTINYINT AS integer, 1.50::DECIMAL(18, 12) AS decimal,
            0.1 + 0.2::DOUBLE AS double, true AS boolean, DATE '2024-02-29' AS date,
            TIMESTAMP '2024-01-02 03:04:05.678901' AS timestamp"""
        assert self.load(warehouse, query + " UNION ALL SELECT " + ", ".join(["NULL"] * 7)) == [
            (
                "a",
                1,
                Decimal("1.50"),
                0.1 + 0.2,
                True,
                dt.date(2024, 2, 29),
                dt.datetime(2024, 1, 2, 3, 4, 5, 678901),
            ),
            (None,) * 7,
        ]
        found = warehouse.columns(Relation("t", warehouse.schema))
        assert found == {t: t for t in DECLARABLE}

    def test_moments_with_a_zone_are_the_same_moment(self, warehouse: Warehouse) -> None:
        at = Relation("t", warehouse.schema)
        warehouse.load_query(at, "SELECT TIMESTAMPTZ '2024-07-01 12:00:00+02' AS a")
        table = nodes.table(at).sql(warehouse.dialect)
        found = warehouse.fetch(f"SELECT CAST(CAST(a AS TIMESTAMP) AS TEXT) FROM {table}")
        assert found == [("2024-07-01 10:00:00",)]

    def test_what_has_no_type_of_ours_can_be_read(self, warehouse: Warehouse) -> None:
        query = "SELECT [1, NULL] AS a, {'k': 1} AS b, TIME '10:00' AS c, NULL AS d, 'x'::BLOB AS e"
        assert len(self.load(warehouse, query)) == 1

    def test_one_column_of_nulls_and_empty_texts(self, warehouse: Warehouse) -> None:
        query = "SELECT * FROM (VALUES (NULL), (''), ('\\.'), (repeat('x', 1000000))) AS v (a)"
        assert self.load(warehouse, query) == [("",), ("\\.",), ("x" * 1_000_000,), (None,)]

    def test_no_rows(self, warehouse: Warehouse) -> None:
        assert self.load(warehouse, "SELECT 1 AS a, 'x' AS b WHERE false") == []
        assert warehouse.columns(Relation("t", warehouse.schema)) == {"a": "integer", "b": "text"}

    def test_whole_numbers_past_a_bigint(self, warehouse: Warehouse) -> None:
        query = "SELECT 18446744073709551615::UBIGINT AS a, 2::HUGEINT ** 100 AS b"
        assert self.load(warehouse, query)[0][0] == 2**64 - 1

    def test_nul_is_shown_by_its_symbol(self, warehouse: Warehouse) -> None:
        assert self.load(warehouse, "SELECT 'a' || chr(0) || 'b' AS a") == [("a\u2400b",)]

    @pytest.mark.parametrize(
        "query",
        [
            "SELECT * FROM read_csv('nowhere.csv')",
            "SELEKT 1",
            "SELECT CAST(a AS INTEGER) AS a FROM (VALUES ('1'), ('x')) AS v (a)",
        ],
    )
    def test_an_error_leaves_no_table(self, warehouse: Warehouse, query: str) -> None:
        with pytest.raises(StatementError):
            self.load(warehouse, query)
        assert warehouse.inventory.relations(warehouse.schema) == {}


class TestTransactions:
    def test_commit(self, warehouse: Warehouse) -> None:
        with warehouse.transaction():
            warehouse.load(Relation("t", warehouse.schema), {"a": "integer"}, [[1]])
            warehouse.load_query(Relation("q", warehouse.schema), "SELECT 1 AS a")
        assert rows_of(warehouse, "t") == rows_of(warehouse, "q") == [(1,)]

    @pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
    def test_rollback(self, warehouse: Warehouse, error: type[BaseException]) -> None:
        with pytest.raises(error), warehouse.transaction():  # noqa: PT012
            warehouse.load(Relation("t", warehouse.schema), {"a": "integer"}, [[1]])
            raise error
        assert warehouse.inventory.relations(warehouse.schema) == {}

    def test_after_an_error_in_it_the_connection_is_usable(self, warehouse: Warehouse) -> None:
        with pytest.raises(StatementError), warehouse.transaction():  # noqa: PT012
            warehouse.run("CREATE TABLE t (a INTEGER)")
            warehouse.run("SELECT CAST('x' AS INTEGER)")
        assert warehouse.columns(Relation("t")) is None
        with warehouse.transaction():
            warehouse.run("CREATE TABLE t (a INTEGER)")
        assert warehouse.columns(Relation("t")) == {"a": "integer"}

    def test_a_failure_that_is_swallowed_is_not_a_commit(self, warehouse: Warehouse) -> None:
        with pytest.raises(StatementError), warehouse.transaction():  # noqa: PT012
            warehouse.run("CREATE TABLE t (a INTEGER)")
            with pytest.raises(StatementError):
                warehouse.run("SELECT CAST('x' AS INTEGER)")
        assert warehouse.columns(Relation("t")) is None


class TestLock:
    def test_it_is_held_and_released(self, warehouse: Warehouse) -> None:
        for _ in range(2):
            with warehouse.lock():
                warehouse.run("SELECT 1")

    def test_it_is_released_after_an_error(self, warehouse: Warehouse) -> None:
        with pytest.raises(StatementError), warehouse.lock():
            warehouse.run("SELECT * FROM nowhere")
        with warehouse.lock():
            pass

    def test_a_second_run_is_told_who_holds_it(self, engine: str, connect: Connect) -> None:
        if engine == "duckdb":
            pytest.skip("DuckDB's lock is of the process")
        first, second = connect(), connect()
        with first.lock():
            pid = first.fetch("SELECT pg_backend_pid()")[0][0]
            who = rf"^server process {pid}, cdmq, user \w+, connected since 2[-0-9: ]+ UTC$"
            with pytest.raises(Locked, match=who), second.lock():
                pass
        with second.lock():
            pass

    def test_it_goes_with_a_killed_process(
        self, engine: str, connect: Connect, tmp_path: Path, request: pytest.FixtureRequest
    ) -> None:
        """Even in the middle of a long statement."""
        warehouse = connect()
        if engine == "duckdb":
            warehouse.close()
            options = FILE.model_dump_json(by_alias=True)
            long = "SELECT count(*) FROM range(10000000000) a, range(10000000000) b"
        else:
            uri = request.getfixturevalue("postgres_uri")
            options = postgres_options(uri, warehouse.schema).model_dump_json(by_alias=True)
            long = "SELECT pg_sleep(600)"
        code = (
            "import sys, pathlib\n"
            f"from cdmq.warehouses import {engine} as m\n"
            "w = m.connect(m.Options.model_validate_json(sys.argv[1]), pathlib.Path(sys.argv[2]))\n"
            "with w.lock():\n    print('held', flush=True)\n    w.run(sys.argv[3])\n"
        )
        run = subprocess.Popen(
            [sys.executable, "-c", code, options, str(tmp_path), long], stdout=subprocess.PIPE
        )
        assert run.stdout is not None
        try:
            assert run.stdout.readline() == b"held\n"
            with pytest.raises(Locked), connect().lock():
                pass
            time.sleep(0.2)
        finally:
            run.send_signal(signal.SIGKILL)
            run.wait()
            run.stdout.close()
        until = time.monotonic() + 20
        while True:
            try:
                with connect().lock():
                    return
            except Locked:
                assert time.monotonic() < until
                time.sleep(0.2)


class TestFingerprint:
    @staticmethod
    def of(warehouse: Warehouse, rows: list[list[str | None]]) -> object:
        """The fingerprint of rows of two texts."""
        at = Relation("t", warehouse.schema)
        warehouse.load(at, {"a": "text", "b": "text"}, rows)
        marks = warehouse.row_hash([nodes.column("a"), nodes.column("b")])
        query = nodes.select([fingerprint(marks)], nodes.table(at))
        found = warehouse.fetch(query.sql(warehouse.dialect))[0][0]
        warehouse.run(f"DROP TABLE {nodes.table(at).sql(warehouse.dialect)}")
        return found

    def test_it_is_a_number_that_does_not_hang_on_order(self, warehouse: Warehouse) -> None:
        rows: list[list[str | None]] = [["a", "b"], ["c", None], ["é", ""]]
        found = self.of(warehouse, rows)
        assert isinstance(found, str)
        assert Decimal(found) == Decimal(str(self.of(warehouse, rows[::-1])))

    def test_it_tells_rows_apart(self, warehouse: Warehouse) -> None:
        tables: list[list[list[str | None]]] = [
            [["a", "b"], ["c", "d"]],
            [["a", "d"], ["c", "b"]],
            [["b", "a"], ["d", "c"]],
            [["a", "b"]],
            [["a", "b"], ["a", "b"]],
            [["ab", ""]],
            [["", "ab"]],
            [["ab", None]],
            [[None, "ab"]],
            [["a,b", ""]],
            [['a","', "b"]],
            [["a", '","b']],
            [["", ""]],
            [[None, None]],
            [["", None]],
            [["A", "b"]],
            [["a\\", "b"]],
            [["a", "b "]],
        ]
        found = [self.of(warehouse, t) for t in tables]
        assert len(set(found)) == len(tables)

    def test_of_no_rows_there_is_none(self, warehouse: Warehouse) -> None:
        assert self.of(warehouse, []) is None

    def test_of_many_parts(self, warehouse: Warehouse) -> None:
        query = nodes.select([warehouse.row_hash([nodes.text(str(i)) for i in range(500)])])
        assert int(warehouse.fetch(query.sql(warehouse.dialect))[0][0])


class TestInterrupt:
    def test_a_statement_stops(self, warehouse: Warehouse, engine: str) -> None:
        long = (
            "SELECT count(*) FROM range(10000000000) a, range(10000000000) b"
            if engine == "duckdb"
            else "SELECT pg_sleep(600)"
        )
        self.stops(warehouse, lambda: warehouse.run(long))

    def test_reading_files_stops(self, warehouse: Warehouse) -> None:
        query = "SELECT max(a.range + b.range) AS a FROM range(10000000000) a, range(10000000) b"
        self.stops(warehouse, lambda: warehouse.load_query(Relation("t", warehouse.schema), query))
        assert warehouse.inventory.relations(warehouse.schema) == {}

    @staticmethod
    def stops(warehouse: Warehouse, work: Callable[[], None]) -> None:
        timer = threading.Timer(0.5, warehouse.interrupt)
        timer.start()
        started = time.monotonic()
        with pytest.raises(StatementError):
            work()
        timer.join()
        assert time.monotonic() - started < 30
        assert warehouse.fetch("SELECT 1") == [(1,)]

    def test_with_nothing_to_stop(self, warehouse: Warehouse) -> None:
        warehouse.interrupt()
        assert warehouse.fetch("SELECT 1") == [(1,)]


class TestPostgres:
    """What only PostgreSQL has."""

    def test_options_from_text(self) -> None:
        options = postgres.Options.model_validate(
            {
                "type": "postgres",
                "host": "db",
                "port": "6543",
                "user": "u",
                "password": "hidden",
                "dbname": "crm",
                "schema": "dq",
                "sslmode": "require",
                "connect_timeout": "3",
                "keepalives_idle": "30",
                "threads": "4",
                "throwaway": "true",
            }
        )
        assert (options.port, options.dbname, options.schema_) == (6543, "crm", "dq")
        assert options.throwaway
        assert "hidden" not in repr(options)
        assert postgres.Options.model_validate({"host": "h", "database": "d"}).dbname == "d"

    @pytest.mark.parametrize("wrong", [{"port": "x"}, {"sslmode": "maybe"}, {"pasword": "p"}])
    def test_wrong_options(self, wrong: dict[str, str]) -> None:
        with pytest.raises(ValidationError):
            postgres.Options.model_validate({"host": "h", "dbname": "d", **wrong})

    def test_a_server_that_is_not_there(self, tmp_path: Path) -> None:
        options = postgres.Options.model_validate(
            {"host": str(tmp_path), "dbname": "d", "user": "u", "password": "hidden"}
        )
        with pytest.raises(StatementError, match="No such file") as raised:
            postgres.connect(options, tmp_path)
        assert "hidden" not in str(raised.value)
        assert raised.value.__cause__ is None

    def test_missing_rights(self, postgres_uri: str, tmp_path: Path) -> None:
        options = postgres_options(postgres_uri, "public")
        admin = postgres.connect(options, tmp_path)
        user = "cdmq_" + os.urandom(4).hex()
        admin.run(f"CREATE ROLE {user} LOGIN")
        weak = postgres.connect(options.model_copy(update={"user": user}), tmp_path)
        try:
            with pytest.raises(StatementError, match="permission denied"):
                weak.run("CREATE SCHEMA IF NOT EXISTS dq")
            with pytest.raises(StatementError, match="permission denied"):
                weak.load(Relation("t", "public"), {"a": "text"}, [])
            with admin.lock(), pytest.raises(Locked, match=r"server process \d+"), weak.lock():
                pass
        finally:
            weak.close()
            admin.run(f"DROP ROLE {user}")
            admin.close()

    def test_domains_are_what_they_stand_for(self, postgres_uri: str, tmp_path: Path) -> None:
        warehouse = postgres.connect(postgres_options(postgres_uri, "public"), tmp_path)
        try:
            with pytest.raises(ZeroDivisionError), warehouse.transaction():  # noqa: PT012
                warehouse.run("CREATE DOMAIN code AS varchar(5)")
                warehouse.run("CREATE TABLE t (a code)")
                assert warehouse.columns(Relation("t")) == {"a": "text"}
                assert warehouse.columns(Relation("t_a_seq")) is None
                raise ZeroDivisionError
        finally:
            warehouse.close()
