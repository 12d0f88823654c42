"""Columns of files and tables that have types: each is one of cdmq's, and times are in UTC."""

from __future__ import annotations

import duckdb
from clocks import BERLIN
from runner import World


def test_columns_of_parquet(world: World) -> None:
    """A declared type is read from what is stored, with a flag for what it does not hold."""
    (world.root / "data").mkdir()
    path = world.root / "data" / "c.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"""COPY (SELECT * FROM (VALUES
            (1, 7::BIGINT, '2024-12-31', '1.5', 0.1::DOUBLE, TIMESTAMP '2024-12-31 00:00:00',
             TIMESTAMPTZ '2024-12-31 22:30:00+00', TIMESTAMP_NS '2024-12-31 23:30:00.123456789',
             TIMESTAMP_S '2024-12-31 23:30:00', DATE '2024-12-31'),
            (2, 8, 'soon', 'x', 1e30, TIMESTAMP '2024-12-31 10:00:00',
             TIMESTAMPTZ '2024-06-30 22:30:00+00', TIMESTAMP_NS '2024-12-31 23:30:00',
             TIMESTAMP_S '2024-12-31 23:30:00', NULL)
            ) t (id, code, born, amount, rate, day, tz, ns, s, kept)) TO '{path}'
            (FORMAT parquet)""")
    world.write(
        {
            **BERLIN,
            "models/m.yml": """
version: 1
datasets:
  - name: c
    file: data/c.parquet
    key: id
    columns: {code: text, born: date, amount: decimal, rate: decimal, day: date, kept: date}
""",
            "rules/c.yml": """
version: 1
dataset: c
validation:
  - {id: late, column: ns, check: accepted_range, max: 2024-12-31}
  - {id: soon, check: expression, must: "tz < '2024-12-31' and s >= '2024-12-31 23:30'"}
""",
        }
    )
    world.run()
    rows = [list(r.values()) for r in world.view("c__clean")]
    assert rows == [
        [
            1,
            "7",
            "2024-12-31",
            "1.5",
            "0.1",
            "2024-12-31",
            "2024-12-31 23:30:00",
            "2024-12-31 23:30:00.123457",
            "2024-12-31 23:30:00",
            "2024-12-31",
        ],
        [
            2,
            "8",
            None,
            None,
            None,
            None,
            "2024-07-01 00:30:00",
            "2024-12-31 23:30:00",
            "2024-12-31 23:30:00",
            None,
        ],
    ]
    flagged = sorted((f[0], f[1], f[3]) for f in world.flags() if "readable" in f[0])
    assert flagged == [
        ("c.amount.readable", "2", "x"),
        ("c.born.readable", "2", "soon"),
        ("c.day.readable", "2", "2024-12-31 10:00:00"),
        ("c.rate.readable", "2", "1e+30"),
    ]
    assert [f[1] for f in world.flags() if f[0] == "soon"] == ["1"]
    assert world.results()["late"]["status"] == "pass"


def test_columns_of_json(world: World) -> None:
    world.write(
        {
            "data/c.json": '[{"id": 1, "amount": 1.50, "born": "2024-12-31T00:00:00Z", "on": true},'
            ' {"id": 2, "amount": "1,5", "born": null, "on": "no"}]',
            "models/m.yml": "version: 1\ndatasets:\n  - {name: c, file: data/c.json, key: id, "
            "columns: {amount: decimal, born: date, on: boolean}}\n",
        }
    )
    world.run()
    assert [list(r.values()) for r in world.view("c__clean")] == [
        ["1", "1.5", "2024-12-31", "true"],
        ["2", None, None, "false"],
    ]
    assert [(f[0], f[3]) for f in world.flags()] == [("c.amount.readable", "1,5")]


def test_a_table_with_every_kind_of_timestamp(world: World) -> None:
    """Times with a zone are compared as the project's clocks show them."""
    kinds = {"tz": "TIMESTAMPTZ", "plain": "TIMESTAMP"}
    if world.engine == "duckdb":
        kinds |= {"ns": "TIMESTAMP_NS", "ms": "TIMESTAMP_MS", "s": "TIMESTAMP_S"}
    made = ", ".join(f"{n} {t}" for n, t in kinds.items())
    world.sql(f"CREATE TABLE c_src (id BIGINT, {made})")
    shown = ", ".join(
        "'2024-12-31 22:30:00+00'" if n == "tz" else "'2024-12-31 23:30:00'" for n in kinds
    )
    world.sql(f"INSERT INTO c_src VALUES (1, {shown})")
    rules = "".join(
        f"""
  - {{id: upto_{n}, column: {n}, check: accepted_range, max: 2024-12-31}}
  - {{id: late_{n}, check: expression, must: "{n} < '2024-12-31 23:30'"}}
  - {{id: day_{n}, check: expression, must: "date_trunc('day', {n}) = '2024-12-31'"}}
  - {{id: there_{n}, column: {n}, check: not_null}}"""
        for n in kinds
    )
    world.write(
        {
            **BERLIN,
            "rules/c.yml": f"version: 1\ndataset: c\nvalidation:{rules}\n",
            "models/m.yml": "version: 1\ndatasets: [{name: c, table: c_src, key: id}]\n",
        }
    )
    world.run()
    assert {f[0] for f in world.flags()} == {f"late_{n}" for n in kinds}
    assert {r["status"] for r in world.results().values()} == {"pass", "fail"}
