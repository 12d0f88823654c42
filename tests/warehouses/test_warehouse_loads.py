"""What every warehouse has to do, on each engine: load rows, and what a query reads."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from opened import rows_of

from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.types import DECLARABLE, Type
from cdmq.warehouses.base import StatementError, Warehouse


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
