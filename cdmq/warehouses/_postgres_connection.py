"""How PostgreSQL is reached, what it refuses, and how a statement in it is ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal

import psycopg
from psycopg import generators
from psycopg.pq import ExecStatus
from pydantic import AliasChoices, Field

from cdmq.project.fields import Bool, Model
from cdmq.warehouses.base import Lost, StatementError

# What it warns of when an interrupt ends a statement is told by cdmq, in its own form.
logging.getLogger("psycopg").setLevel(logging.CRITICAL)
_SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
#: How tables are compared in a transaction: whole, or row by row by their indexes.
WHOLE, BY_INDEX = "SET LOCAL enable_nestloop = off", "SET LOCAL enable_nestloop = on"
#: Seconds in which a statement that is cancelled has to end.
_PATIENCE = 5.0


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


def connected(options: Options) -> psycopg.Connection[tuple[Any, ...]]:
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


def end_statement(at: psycopg.Connection[Any]) -> None:
    """Cancel what runs and take its end."""
    at.cancel_safe(timeout=_PATIENCE)
    ends = at.wait(generators.fetch_many(at.pgconn), timeout=_PATIENCE)
    if ends and ends[-1].status == ExecStatus.COPY_IN:
        with suppress(psycopg.errors.QueryCanceled):
            at.wait(generators.copy_end(at.pgconn, b"interrupted"), timeout=_PATIENCE)


@contextmanager
def told(connecting: bool = False) -> Iterator[None]:
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
