"""What may be asked of a column of each type, on both engines: the rest is refused at compile."""

from __future__ import annotations

from typing import Any

import pytest
from runner import World

import cdmq.api
from cdmq.problems import CdmqError
from cdmq.sql.duckdb_types import logical_type as in_duckdb
from cdmq.warehouses._postgres_types import logical_type as in_postgres

A, B = "123e4567-e89b-12d3-a456-426614174000", "00000000-0000-0000-0000-000000000001"
LAST = "ffffffff-0000-0000-0000-000000000001"
#: column: (type on DuckDB, on PostgreSQL, two values as SQL)
COLUMNS = {
    "u": ("UUID", "uuid", f"'{A}'", f"'{B}'"),
    "t": ("TIME", "time", "'09:30:00'", "'18:00:00'"),
    "j": ("JSON", "jsonb", "'{\"a\": 1}'", "'{\"a\": 2}'"),
    "l": ("INTEGER[]", "integer[]", "ARRAY[1, 2]", "ARRAY[3]"),
    "b": ("BLOB", "bytea", "'ab'", "'cd'"),
    "i": ("INTERVAL", "interval", "INTERVAL '1 day'", "INTERVAL '2 day'"),
    "o": ("BIT", "inet", "'101'", "'110'"),
}
OPAQUE = [c for c in COLUMNS if c not in ("u", "t")]
MODEL = "version: 1\ndatasets: [{name: d, table: t, key: u}]\n"


def make(world: World) -> None:
    engine = 0 if world.engine == "duckdb" else 1
    columns = ", ".join(f"{c} {types[engine]}" for c, types in COLUMNS.items())
    world.sql(f"CREATE TABLE t ({columns})")
    other = {"o": ("'10.0.0.1'", "'10.0.0.2'")} if engine else {}
    for at in (2, 3):
        values = [other.get(c, types[2:])[at - 2] for c, types in COLUMNS.items()]
        world.sql(f"INSERT INTO t VALUES ({', '.join(values)})")
    world.sql("INSERT INTO t (u) VALUES ('ffffffff-0000-0000-0000-000000000001')")
    world.write({"models/m.yml": MODEL})


def rules(world: World, text: str) -> None:
    world.write({"rules/r.yml": f"version: 1\ndataset: d\n{text}"})


def test_what_may_be_asked(world: World) -> None:
    make(world)
    rules(
        world,
        f"""validation:
  - {{id: listed, column: u, check: accepted_values, values: ["{A.upper()}", {LAST}]}}
  - {{id: once, column: u, check: unique}}
  - {{id: same, check: expression, must: "u <> '{B}' or t is null"}}
  - {{id: among, check: expression, must: "u in ('{A}', '{B}')"}}
  - {{id: as_text, check: expression, must: "not regexp_matches(u::text, '^f')"}}
  - {{id: hours, column: t, check: accepted_range, min: "09:30", max: "17:59:59"}}
  - {{id: late, check: expression, must: "t < '18:00'"}}
  - {{id: between, check: expression, must: "t between '09:00' and '17:00:00'"}}
  - {{id: times, column: t, check: accepted_values, values: ["09:30"]}}
  - {{id: other, column: u, check: relationships, to: d, field: u, stage: raw}}
  - {{column: t, checks: [unique, not_null]}}
"""
        + "".join(
            f"  - {{column: {c}, checks: [not_null]}}\n"
            f'  - {{id: {c}_there, check: expression, must: "{c} is not null or u is null"}}\n'
            for c in OPAQUE
        ),
    )
    world.run()
    found: dict[str, list[str]] = {}
    for flag in world.flags():
        found.setdefault(flag[0], []).append(flag[1])
    last = "ffffffff-0000-0000-0000-000000000001"
    assert found == {
        "listed": [B],
        "same": [B],
        "among": [last],
        "as_text": [last],
        "hours": [B],
        "late": [B],
        "between": [B],
        "times": [B],
        "d.t.not_null": [last],
        **{f"d.{c}.not_null": [last] for c in OPAQUE},
        **{f"{c}_there": [last] for c in OPAQUE},
    }
    shown = {f[0]: f[3] for f in world.flags()}
    assert shown["hours"] == "18:00:00"
    assert shown["listed"] == B


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("validation: [{column: %s, checks: [unique]}]", ["CDMQ247"]),
        ("validation: [{column: %s, checks: [{accepted_values: {values: [a]}}]}]", ["CDMQ247"]),
        ("validation: [{column: %s, checks: [{accepted_range: {min: '1'}}]}]", ["CDMQ247"]),
        (
            "validation: [{column: %s, checks: [email, not_blank, {regex: {pattern: a}}]}]",
            ["CDMQ247"] * 3,
        ),
        ("validation: [{column: %s, checks: [{relationships: {to: d}}]}]", ["CDMQ247"]),
        (
            "validation: [{id: x, check: unique_combination_of_columns, columns: [u, %s]}]",
            ["CDMQ247"],
        ),
        ("validation: [{id: x, check: expression, must: \"%s = 'a'\"}]", ["CDMQ320"]),
        ('validation: [{id: x, check: expression, must: "length(%s) > 1"}]', ["CDMQ320"]),
        ("validation: [{id: x, check: expression, must: \"%s::text <> ''\"}]", ["CDMQ320"]),
        ('validation: [{id: x, check: expression, must: "coalesce(%s, %s) is null"}]', ["CDMQ320"]),
        ("validation: [{id: x, check: expression, must: \"raw(%s) = 'a'\"}]", ["CDMQ320"]),
        ('validation: [{column: u, checks: [not_null], where: "%s > %s"}]', ["CDMQ320"]),
        ("defaults: [{column: %s, set: none, reason: unknown}]", ["CDMQ216"]),
        ("defaults: [{column: %s, standardise: whitespace}]", ["CDMQ217"]),
        (
            "matching: [{id: m, same_if: [[%s]], merge_above: 99%%, review_above: 80%%}]",
            ["CDMQ247"],
        ),
    ],
)
def test_the_rest_is_refused(text: str, codes: list[str], make_world: Any) -> None:
    world = make_world("duckdb")
    make(world)
    for column in OPAQUE:
        rules(world, text.replace("%s", column).replace("%%", "%"))
        with pytest.raises(CdmqError) as told:
            cdmq.api.compile(world.root)
        assert [p.code for p in told.value.problems] == codes
        assert all(p.remedy for p in told.value.problems)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("validation: [{column: u, checks: [{accepted_range: {min: '1'}}]}]", "CDMQ247"),
        ('validation: [{id: x, check: expression, must: "u > t"}]', "CDMQ313"),
        ("validation: [{id: x, check: expression, must: \"u > '" + A + "'\"}]", "CDMQ320"),
        ("validation: [{id: x, check: expression, must: \"u = 'abc'\"}]", "CDMQ310"),
        ("validation: [{id: x, check: expression, must: \"t = '25:00'\"}]", "CDMQ310"),
        ('validation: [{id: x, check: expression, must: "t > 5"}]', "CDMQ313"),
        ("validation: [{column: u, checks: [{accepted_values: {values: [abc]}}]}]", "CDMQ216"),
        ("validation: [{column: t, checks: [{accepted_range: {min: '9'}}]}]", "CDMQ216"),
        (
            "validation: [{column: t, checks: [{accepted_range: {min: '18:00', max: '09:00'}}]}]",
            "CDMQ246",
        ),
        ("validation: [{column: u, checks: [{regex: {pattern: a}}]}]", "CDMQ217"),
        ("validation: [{column: t, checks: [email]}]", "CDMQ217"),
        ('validation: [{id: x, check: expression, must: "u::integer > 5"}]', "CDMQ313"),
        ("validation: [{id: x, check: expression, must: \"'09:30'::time = t\"}]", "CDMQ313"),
    ],
)
def test_uuid_and_time_know_their_forms(text: str, code: str, world: World) -> None:
    make(world)
    rules(world, text)
    with pytest.raises(CdmqError) as told:
        cdmq.api.compile(world.root)
    assert [p.code for p in told.value.problems] == [code]


@pytest.mark.parametrize("word", ["most_common", "longest", "newest", "most_complete"])
def test_golden_carries_every_type(word: str, world: World) -> None:
    make(world)
    world.sql("ALTER TABLE t ADD COLUMN email text")
    world.sql("ALTER TABLE t ADD COLUMN since date")
    world.sql("UPDATE t SET email = 'a@example.com', since = '2024-01-01'")
    world.write({"models/m.yml": MODEL.replace("key: u", "key: u, changed_at: since")})
    rules(
        world,
        f"""matching:
  - {{id: m, same_if: [[email]], merge_above: 99%, review_above: 80%}}
golden:
  - {{id: g, from: m, into: best, pick: {word}, columns: {{t: largest}}}}
""",
    )
    result = world.run()
    assert result.exit_code == 0, result.failed
    rows = world.sql("SELECT t, j, l, b, i, o FROM best")
    assert len(rows) == 1
    assert str(rows[0][0]) == "18:00:00"
    assert all(v is not None for v in rows[0])


@pytest.mark.parametrize(
    ("engine_type", "type_"),
    [
        ("VARCHAR[]", "list"),
        ("INTEGER[3]", "list"),
        ("STRUCT(a INTEGER)", "struct"),
        ("STRUCT(a INTEGER)[]", "list"),
        ("MAP(VARCHAR, INTEGER)", "map"),
        ("UNION(a INTEGER)", "struct"),
        ("ENUM('a', 'b')", "text"),
        ("UHUGEINT", "integer"),
        ("BIT", "other"),
        ("TIME WITH TIME ZONE", "other"),
        ("JSON", "json"),
        ("TIMESTAMP_NS", "timestamp"),
        ("DECIMAL(9,2)", "decimal"),
        ("DECIMAL(9,2)[]", "list"),
        ("GEOMETRY", "other"),
    ],
)
def test_types_of_duckdb(engine_type: str, type_: str) -> None:
    assert in_duckdb(engine_type) == type_


@pytest.mark.parametrize(
    ("engine_type", "type_"),
    [
        ("text[]", "list"),
        ("json", "json"),
        ("jsonb", "json"),
        ("bytea", "blob"),
        ("inet", "other"),
        ("money", "other"),
        ("mood", "other"),
        ("public.citext", "text"),
        ("int4range", "other"),
        ("time without time zone", "time"),
        ("time with time zone", "other"),
        ("uuid", "uuid"),
    ],
)
def test_types_of_postgresql(engine_type: str, type_: str) -> None:
    assert in_postgres(engine_type) == type_
