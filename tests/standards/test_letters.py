"""Case mapping, code point by code point."""

from __future__ import annotations

from form_engines import Engines
from sqlglot import exp

from cdmq.standards._letters import lower, upper


def test_every_letter_has_one_upper_and_one_lower_case(engines: Engines) -> None:
    points = "generate_series(1, 1114111) as t(c) where c not between 55296 and 57343"
    wide = "lower(v) <> v or upper(v) <> v or length(v) <> 1"
    found = []
    for dialect in ("duckdb", "postgres"):
        v = exp.column("v")
        up, low = upper(v, dialect).sql(dialect), lower(v, dialect).sql(dialect)
        query = f"select v, {up}, {low} from (select chr(c::int) as v from {points}) where {wide}"
        run = engines.duckdb.execute if dialect == "duckdb" else engines.postgres.execute
        found.append({row[0]: row[1:] for row in run(query).fetchall() if row[1:] != (row[0],) * 2})
    assert len(found[0]) > 2700
    assert found[0] == found[1]
