"""What every warehouse has to do, on each engine: statements, its catalogue, transactions, fingerprints."""

from __future__ import annotations

from decimal import Decimal

import pytest
from opened import rows_of

from cdmq.audit.found import fingerprint
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.types import DECLARABLE
from cdmq.warehouses.base import Lost, StatementError, Warehouse

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
