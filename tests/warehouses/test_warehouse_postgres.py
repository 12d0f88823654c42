"""What only PostgreSQL has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from opened import postgres_options
from pydantic import ValidationError

from cdmq.sql.relation import Relation
from cdmq.warehouses import postgres
from cdmq.warehouses.base import Locked, StatementError


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

    def test_the_catalog_is_asked_by_its_indexes(self, postgres_uri: str, tmp_path: Path) -> None:
        """In a transaction too, in which whole tables are compared."""
        warehouse = postgres.connect(postgres_options(postgres_uri, "public"), tmp_path)
        try:
            asked = "SHOW enable_nestloop"
            with warehouse.transaction():
                assert warehouse.fetch(asked) == [("off",)]
                assert warehouse.inventory.ask(asked) == [("on",)]
                assert warehouse.fetch(asked) == [("off",)]
            assert warehouse.fetch(asked) == [("on",)]
        finally:
            warehouse.close()
