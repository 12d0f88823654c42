"""Cells as values: what a type does not hold is unreadable; times and time zones."""

from __future__ import annotations

import datetime as dt
import gzip
from typing import Any

import duckdb
import pytest
from runner import World

from cdmq.files.plain_values import typed
from cdmq.problems import CdmqError

BERLIN = {"cdmq_project.yml": "name: world\nprofile: world\ntime_zone: Europe/Berlin\n"}
#: Type -> text of a cell -> its value; None: it cannot be read.
CELLS: dict[str, dict[str, str | None]] = {
    "decimal": {
        "0.1": "0.1",
        "0.0000000001": None,
        "0.1000000004": None,
        "0.100000000000": "0.1",
        "1e-9": "0.000000001",
        "1e-10": None,
        "1.23456789e-5": None,
        "1.5E3": "1500",
        "0E-10": "0",
        "9999999999999999999999999999": "9999999999999999999999999999",
        "100000000000000000000000000000": None,
        "1e400": None,
        "inf": None,
        "nan": None,
        "\u00a07\u00a0": "7",
        "1_000": None,
    },
    "double": {
        "0.1000000004": "0.1000000004",
        "1e400": None,
        "-1e400": None,
        "1e-400": None,
        "0e-400": "0",
        "inf": None,
        "Infinity": None,
        "nan": None,
        "9007199254740993": None,
        "9007199254740992": "9007199254740992",
        "0.30000000000000004": "0.30000000000000004",
        "1e22": "10000000000000000000000",
    },
    "integer": {
        "9223372036854775807": "9223372036854775807",
        "9223372036854775808": None,
        "1.0": None,
        "1e3": None,
        "-5": "-5",
    },
    "timestamp": {
        "2024-12-31T23:30:00Z": "2024-12-31 23:30:00",
        "2024-12-31 23:30:00.000z": "2024-12-31 23:30:00",
        "2025-01-01T00:30:00+02:00": "2024-12-31 22:30:00",
        "2025-01-01 00:30:00+0200": "2024-12-31 22:30:00",
        "2025-01-01 00:30 +02": "2024-12-31 22:30:00",
        "2024-12-31T20:30:00-08:00": "2025-01-01 04:30:00",
        "2024-12-31 23:30:00 UTC": "2024-12-31 23:30:00",
        "2024-12-31T23:30:00.123456789Z": "2024-12-31 23:30:00.123456",
        "2024-12-31 23:30": "2024-12-31 23:30:00",
        "2024-12-31": "2024-12-31 00:00:00",
        "2024-02-30 10:00": None,
        "2024-12-31 25:00": None,
        "2024-12-31 23:30 CEST": None,
    },
    "date": {
        "2024-12-31": "2024-12-31",
        "2024-12-31 00:00:00": "2024-12-31",
        "2024-12-31T00:00:00.000Z": "2024-12-31",
        "2024-12-31 00:00": "2024-12-31",
        "2024-12-31 13:00:00": None,
        "2024-02-30 00:00:00": None,
    },
    "boolean": {"yes": "true", "0": "false", "on": None},
}


def cells(world: World, files: dict[str, str] | None = None, file: str = "", **given: Any) -> Any:
    """Type -> text -> what it was read as, and the texts that were flagged."""
    kinds: dict[str, list[str]] = given["kinds"]
    datasets = ""
    for kind, texts in kinds.items():
        lines = "".join(f'{n},"{t}"\n' for n, t in enumerate(texts))
        world.write({f"data/{kind}.csv": f"id,v\n{lines}"})
        datasets += (
            f"  - {{name: c_{kind}, file: {{path: data/{kind}.csv{file}}}, key: id, "
            f"columns: {{v: {kind}}}}}\n"
        )
    world.write({"models/m.yml": f"version: 1\ndatasets:\n{datasets}", **(files or {})})
    world.run()
    flagged = {(f[0].split(".")[0][2:], f[3]) for f in world.flags()}
    read = {
        kind: {texts[int(r["id"])]: r["v"] for r in world.view(f"c_{kind}__clean")}
        for kind, texts in kinds.items()
    }
    return read, flagged


def test_a_cell_that_its_type_does_not_hold_is_unreadable(world: World) -> None:
    read, flagged = cells(world, kinds={k: list(v) for k, v in CELLS.items()})
    for kind, expected in CELLS.items():
        found = {t: None if v is None else str(v) for t, v in read[kind].items()}
        assert found == expected, kind
    wanted = {(k, t) for k, v in CELLS.items() for t, value in v.items() if value is None}
    assert flagged == wanted


@pytest.mark.parametrize("kind", [k for k in CELLS if k != "boolean"])
def test_a_seed_is_read_as_a_file_is(kind: str) -> None:
    """But for what only files bring: words for UTC, nanoseconds."""
    for text, expected in CELLS[kind].items():
        if "UTC" in text or "456789" in text:
            continue
        value = typed(text, kind)  # type: ignore[arg-type]
        assert (value is None) == (expected is None), text


def test_a_seed_that_cannot_be_read_is_told(world: World) -> None:
    world.table("c_src", {"id": "integer"}, [[1]])
    world.write(
        {
            "seeds/ranks.csv": "name,rank\na,1\nb,first\n",
            "models/m.yml": "version: 1\ndatasets:\n  - {name: c, table: c_src, key: id}\n"
            "  - {name: ranks, key: name, columns: {rank: integer}}\n",
        }
    )
    with pytest.raises(CdmqError, match="CDMQ343 the seed ranks has 'first' in its column rank"):
        world.run()


def test_days_and_times_as_a_file_writes_them(world: World) -> None:
    read, flagged = cells(
        world,
        BERLIN,
        ", dates: DD.MM.YYYY",
        kinds={
            "timestamp": [
                "31.12.2024 23:30",
                "2024-12-31T22:30:00Z",
                "1.7.2024",
                "2024-07-01 12:00:00+00:00",
                "12/31/2024 10:00",
                "28.9.2026 9:05",
                "01.01.0000",
            ],
            "date": [
                "31.12.2024 00:00:00",
                "2024-12-30T23:00:00Z",
                "2024-12-31T00:00:00Z",
                "2024-12-31",
                "31.12.2024 10:00",
                "0000-01-01",
                "01.01.0000",
                "31.12.2024 0:00",
            ],
        },
    )
    assert list(read["timestamp"].values()) == [
        "2024-12-31 23:30:00",
        "2024-12-31 23:30:00",
        "2024-07-01 00:00:00",
        "2024-07-01 14:00:00",
        None,
        "2026-09-28 09:05:00",
        None,
    ]  # offsets as clocks in Berlin
    assert list(read["date"].values()) == ["2024-12-31"] * 4 + [None, None, None, "2024-12-31"]
    assert flagged == {
        ("timestamp", "12/31/2024 10:00"),
        ("timestamp", "01.01.0000"),
        ("date", "31.12.2024 10:00"),
        ("date", "0000-01-01"),
        ("date", "01.01.0000"),
    }


# files that have types ------------------------------------------------------------------------


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


# a day as an end ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "failing"),
    [
        ("max: 2024-12-31", ["4"]),
        ("max: 2024-12-31, inclusive: false", ["2", "3", "4"]),
        ("min: 2024-12-31", ["1"]),
        ("min: 2024-12-31, inclusive: false", ["1", "2", "3"]),
        ("min: 2024-12-31 23:30, max: 2024-12-31", ["1", "2", "4"]),
        ("max: 2024-12-31 23:30", ["4"]),
    ],
)
def test_a_day_is_the_whole_of_it(world: World, words: str, failing: list[str]) -> None:
    world.table(
        "c_src",
        {"id": "integer", "at": "timestamp"},
        [
            [n, dt.datetime.fromisoformat(t)]
            for n, t in enumerate(
                ["2024-12-30 23:59:59", "2024-12-31 00:00", "2024-12-31 23:30", "2025-01-01 00:00"],
                start=1,
            )
        ],
    )
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets: [{name: c, table: c_src, key: id}]\n",
            "rules/c.yml": "version: 1\ndataset: c\nvalidation:\n"
            f"  - {{id: r, column: at, check: accepted_range, {words}}}\n",
        }
    )
    world.run()
    assert sorted(f[1] for f in world.flags()) == failing


# the project's zone ---------------------------------------------------------------------------


TIERS = """
version: 1
dataset: c
validation:
  - {id: day, column: born, check: accepted_range, max: as_of}
tiering:
  - id: level
    measures: {n: {from: orders, count: rows, if_none: 0}}
    levels: [{some: "n > 0"}, {none: otherwise}]
    review: monthly
"""


def test_days_and_reviews_go_by_the_projects_clocks(world: World) -> None:
    """On 30 November, 23:30 UTC, it is 1 December in Berlin."""
    world.table("c_src", {"id": "integer", "born": "date"}, [[1, "2026-12-01"], [2, "2026-12-02"]])
    world.table(
        "orders_src",
        {"no": "integer", "who": "integer", "day": "date"},
        [[1, 1, "2026-12-01"], [2, 2, "2026-12-02"]],
    )
    world.write(
        {
            **BERLIN,
            "rules/c.yml": TIERS,
            "models/m.yml": """
version: 1
datasets:
  - {name: c, table: c_src, key: id}
  - {name: orders, table: orders_src, key: no, happened_at: day, refers_to: {c: who}}
""",
        }
    )
    world.run(as_of=dt.datetime(2026, 11, 30, 23, 30, tzinfo=dt.UTC))
    assert [f[1] for f in world.flags()] == ["2"]
    assert world.audit_rows("tier_reviews", ("review",)) == [("2026-12-01",)]
    levels = dict(world.audit_rows("tier_history", ("key", "level")))
    assert levels == {"1": "some", "2": "none"}
    assert world.audit_rows("runs", ("as_of",)) == [("2026-11-30 23:30:00",)]  # told in UTC


def test_a_time_without_a_zone_is_the_projects(world: World) -> None:
    world.table("c_src", {"id": "integer", "born": "date"}, [[1, "2026-12-01"]])
    world.write(
        {**BERLIN, "models/m.yml": "version: 1\ndatasets: [{name: c, table: c_src, key: id}]\n"}
    )
    world.run(as_of=dt.datetime(2026, 12, 1))
    assert world.audit_rows("runs", ("as_of",)) == [("2026-11-30 23:00:00",)]


def test_a_zone_that_is_none_is_told(world: World) -> None:
    world.write({"cdmq_project.yml": "name: world\nprofile: world\ntime_zone: Europe/Berln\n"})
    with pytest.raises(CdmqError, match="'Europe/Berln' is no time zone; .* Europe/Berlin"):
        world.run()


def test_a_unit_test_has_the_projects_clocks(world: World) -> None:
    import cdmq.api
    from cdmq.unit_tests.tests import unit_test

    world.table("c_src", {"id": "integer", "born": "date"}, [[1, "2026-12-01"]])
    world.write(
        {
            **BERLIN,
            "rules/c.yml": TIERS.split("tiering")[0],
            "models/m.yml": "version: 1\ndatasets: [{name: c, table: c_src, key: id, "
            "columns: {born: date}}]\n",
            "unit_tests/t.yml": """
version: 1
unit_tests:
  - name: today
    rule: day
    as_of: 2026-11-30T23:30:00+00:00
    given: {c: [{id: "1", born: 2026-12-01}, {id: "2", born: 2026-12-02}]}
    expect: {flags: [{key: "2"}]}
""",
        }
    )
    cdmq.api.parse(world.root)
    assert [t.status for t in unit_test(world.root).results] == ["pass"]


# compressed -----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_csv_may_be_compressed(world: World, encoding: str) -> None:
    (world.root / "data").mkdir()
    text = "id,name\n1,Zoë\n2,Bo\n"
    (world.root / "data/c.csv.gz").write_bytes(gzip.compress(text.encode(encoding)))
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: c, key: id, file: {path: "
            f"data/c.csv.gz, encoding: {encoding}}}}}\n"
        }
    )
    world.run()
    assert [r["name"] for r in world.view("c__clean")] == ["Zoë", "Bo"]


def test_json_may_be_compressed(world: World) -> None:
    (world.root / "data").mkdir()
    lines = '{"id": 1, "name": "Zo\u00eb"}\n{"id": 2, "name": "Bo"}\n'
    (world.root / "data/c.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    world.write(
        {"models/m.yml": "version: 1\ndatasets:\n  - {name: c, key: id, file: data/c.jsonl.gz}\n"}
    )
    world.run()
    assert [r["name"] for r in world.view("c__clean")] == ["Zo\u00eb", "Bo"]


@pytest.mark.parametrize("cut", ["no gzip", "half"])
def test_a_compressed_file_that_is_broken_is_told(world: World, cut: str) -> None:
    whole = gzip.compress(b"id,name\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(9999)))
    (world.root / "data").mkdir()
    (world.root / "data/c.csv.gz").write_bytes(whole[:2000] if cut == "half" else b"id,name\n1,x\n")
    world.write(
        {"models/m.yml": "version: 1\ndatasets:\n  - {name: c, key: id, file: data/c.csv.gz}\n"}
    )
    try:
        told = str(world.run().failed)
    except CdmqError as error:
        told = str(error)
    assert "CDMQ126" in told or "cannot be read" in told
    assert "internal" not in told
