"""A connection that could not be set up is not left open at the server."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from cdmq.warehouses.postgres import Options, Postgres


def test_a_role_that_is_not_there_leaves_no_connection(postgres_uri: str) -> None:
    known = conninfo_to_dict(postgres_uri)
    wanted = {k: known[k] for k in ("host", "port", "user", "password", "dbname") if k in known}
    options = Options.model_validate({**wanted, "role": "nobody_of_this_name"})
    opened: list[psycopg.Connection[object]] = []
    real = psycopg.connect

    def seen(*given: object, **named: object) -> object:
        opened.append(real(*given, **named))  # type: ignore[arg-type]
        return opened[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg, "connect", seen)
        with pytest.raises(Exception, match="nobody_of_this_name"):
            Postgres(options)
    assert [c.closed for c in opened] == [True]
