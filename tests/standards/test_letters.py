"""Case mapping, code point by code point."""

from __future__ import annotations

from form_engines import Engines
from sqlglot import exp

from cdmq.standards._letters import lower, upper


def test_every_letter_has_one_upper_and_one_lower_case(engines: Engines) -> None:
    letters = (
        "select chr(case when c between 55296 and 57343 then 1 else c end::int) as v "
        "from generate_series(1, 1114111) as t(c)"
    )
    found = []
    for dialect in ("duckdb", "postgres"):
        v = exp.column("v")
        up, low = upper(v, dialect).sql(dialect), lower(v, dialect).sql(dialect)
        query = f"select v, u, l from (select v, {up} as u, {low} as l from ({letters}) s) t"
        run = engines.duckdb.execute if dialect == "duckdb" else engines.postgres.execute
        rows = run(query + " where u <> v or l <> v").fetchall()
        found.append({row[0]: row[1:] for row in rows})
    assert len(found[0]) > 2700
    assert found[0] == found[1]
