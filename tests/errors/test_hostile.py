"""Hostile names and values, run for real: nothing is executed, changed or lost."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest
from runner import ENGINES, Twin, World, postgres_parts

import cdmq.api
import cdmq.cli
from cdmq.problems import CdmqError

COLUMNS = [
    "select",
    "from",
    "a b",
    'a"b',
    "a'b",
    "a;drop table people",
    "größe",
    "名前",
    "a.b",
    "a--b",
    "a$1",
    "a%sb",
    "x" * 60,
    "A",
    "__typename",
    "user",
    "rule_id",
    "key",
    "value",
    "code",
]
VALUES = {
    "quote": "O'Brien",
    "double": 'say "hi"',
    "backslash": "C:\\temp\\",
    "statement": "'); DROP TABLE people; --",
    "emoji": "👩‍👩‍👧",
    "html": "<script>alert(1)</script>",
    "escape": "\x1b[31mred\x1b[0m\x07",
    "newline": "two\nlines\r\n",
    "tab": "a\tb",
    "percent": "%s %(x)s {0}",
    "dollar": "$1 $$",
    "long": "é" * 500_000,
    "blank": " ",
    "right_to_left": "\u202etxt.exe",
    "formula": '=HYPERLINK("http://x")',
    "slash": "a/b",
}


def rules(dataset: str, validation: list[Any], defaults: list[Any] | None = None) -> str:
    return json.dumps(
        {"version": "1", "dataset": dataset, "validation": validation, "defaults": defaults or []}
    )


def models(*datasets: dict[str, Any]) -> str:
    return json.dumps({"version": "1", "datasets": list(datasets)})


def rows_of(world: World, table: str) -> list[Any]:
    quoted = world._quoted(table)
    return sorted(world.sql(f"SELECT * FROM {quoted}"), key=repr)


def test_columns_of_any_name(world: World) -> None:
    """Each column has one bad cell, and each is found by each kind of rule."""
    names = {"id": "integer", **dict.fromkeys(COLUMNS, "text")}
    good = {c: f"v{i}" for i, c in enumerate(COLUMNS)}
    rows = [[0, *good.values()]]
    rows += [
        [i, *(None if c == bad else v for c, v in good.items())] for i, bad in enumerate(COLUMNS, 1)
    ]
    world.table("people", names, rows)
    checks: list[Any] = [
        {
            "column": c,
            "checks": [
                "not_null",
                {"string_length": {"min": "1"}},
                {"accepted_values": {"values": [good[c]], "missing": "fail", "suggest": "true"}},
            ],
        }
        for c in COLUMNS
    ]
    checks += [
        {
            "id": f"must_{i}",
            "check": "expression",
            "missing": "fail",
            "must": '"' + c.replace('"', '""') + '" is not null',
        }
        for i, c in enumerate(COLUMNS)
    ]
    defaults = [
        {"id": f"default_{i}", "column": c, "set": 'it\'s "not" there', "reason": "unknown"}
        for i, c in enumerate(COLUMNS)
    ]
    world.write(
        {
            "models/m.yml": models({"name": "people_", "table": "people", "key": "id"}),
            "rules/r.yml": rules("people_", checks, defaults),
        }
    )
    before = rows_of(world, "people")
    result = world.run()
    assert not result.failed
    assert {r.rule.id: r.message for r in result.results if r.status == "error"} == {}
    found = {(f[0], f[1]) for f in world.flags()}
    expected = {
        (rule, str(i))
        for i, c in enumerate(COLUMNS, 1)
        for rule in (f"people_.{c}.not_null", f"people_.{c}.accepted_values", f"must_{i - 1}")
    }
    assert found == expected
    assert {(c[0], c[1], c[4]) for c in world.changes()} == {
        (f"default_{i - 1}", str(i), 'it\'s "not" there') for i in range(1, len(COLUMNS) + 1)
    }
    assert rows_of(world, "people") == before
    again = world.run()
    assert sum(again.opened.values()) == sum(again.closed.values()) == 0


def test_columns_that_differ_only_by_case(world: World) -> None:
    """PostgreSQL tells them apart; DuckDB cannot have them."""
    if world.engine == "duckdb":
        pytest.skip("DuckDB has no such tables")
    world.table(
        "people",
        {"id": "integer", "Name": "text", "name": "text"},
        [[1, None, "a"], [2, "b", None], [3, "c", "c"]],
    )
    world.write(
        {
            "models/m.yml": models({"name": "p", "table": "people", "key": "id"}),
            "rules/r.yml": rules(
                "p",
                [
                    {"column": "Name", "checks": ["not_null"]},
                    {"id": "lower", "column": "name", "check": "not_null"},
                    {
                        "id": "exact",
                        "check": "expression",
                        "must": '"Name" = "name"',
                        "missing": "fail",
                    },
                ],
            ),
        }
    )
    try:
        world.run()
    except CdmqError as error:
        assert "case" in str(error)  # noqa: PT017  refusing is right too, with a reason
        return
    assert {(f[0], f[1]) for f in world.flags()} >= {("p.Name.not_null", "1"), ("lower", "2")}


def test_a_column_with_a_name_of_cdmq(world: World) -> None:
    world.table("people", {"id": "integer", "__key": "text", "__RULES": "text"}, [])
    world.write({"models/m.yml": models({"name": "p", "table": "people", "key": "id"})})
    with pytest.raises(CdmqError) as told:
        cdmq.api.compile(world.root)
    assert [p.code for p in told.value.problems] == ["CDMQ222", "CDMQ222"]
    result = world.run()
    assert result.exit_code == 2
    assert result.failed["p"].count("CDMQ222") == 2
    assert world.relations() == {"people"}


def test_a_column_of_seventy_characters(world: World) -> None:
    name = "a_column_with_a_very_long_name_that_goes_on_and_on_until_it_has_seventy"
    world.write(
        {
            "data/p.csv": f"id,{name}\n1,\n2,x\n",
            "models/m.yml": models({"name": "p", "file": "data/p.csv", "key": "id"}),
            "rules/r.yml": rules("p", [{"column": name, "checks": ["not_null"]}]),
        }
    )
    try:
        world.run()
    except CdmqError as error:
        assert world.engine == "postgres"  # noqa: PT017
        assert name in str(error)  # noqa: PT017
        return
    assert [(f[0], f[1]) for f in world.flags()] == [(f"p.{name}.not_null", "1")]


HOSTILE = ["drop table people", "p'q", 'p"q', "p;q", "p.q", "PEOPLE x", "p--q", "größe", "select"]
WITH_A_SLASH = ["p/q", "../p"]


def named(world: World, *names: str) -> None:
    """For each name a dataset, a rule and a seed of that name."""
    world.table("people", {"id": "integer", "state": "text"}, [[1, "XX"], [2, "CA"]])
    for number, name in enumerate(names):
        seed = name.replace("/", "_") + " s"
        world.write(
            {
                f"seeds/{seed}.csv": "code\nCA\n",
                f"rules/r{number}.yml": rules(
                    name,
                    [
                        {"column": "state", "checks": [{"accepted_values": {"seed": seed}}]},
                        {"id": name, "column": "state", "check": "regex", "pattern": "^C"},
                    ],
                ),
            }
        )
    world.write(
        {
            "models/m.yml": models(
                *(
                    {"name": name, "table": "people", "key": "id", "missing_values": ["n/a"]}
                    for name in names
                )
            )
        }
    )


def begin(world: World) -> None:
    named(world, *HOSTILE)
    before = rows_of(world, "people")
    result = world.run()
    assert not result.failed
    assert rows_of(world, "people") == before


@pytest.mark.parametrize("name", HOSTILE)
def test_datasets_rules_and_seeds_of_any_name(left: World, name: str) -> None:
    assert {(f[0], f[1]) for f in left.flags() if f[0].startswith((name, f"{name}."))} == {
        (f"{name}.state.accepted_values", "1"),
        (name, "1"),
    }
    assert not list(left.root.parent.glob("p")), "something was written outside"


@pytest.mark.parametrize("name", WITH_A_SLASH)
def test_a_name_with_a_slash_is_refused(world: World, name: str) -> None:
    named(world, name)
    before = rows_of(world, "people")
    with pytest.raises(CdmqError, match="no slash") as told:
        world.run()
    assert all(p.span.file and p.remedy for p in told.value.problems)
    assert rows_of(world, "people") == before
    assert not list(world.root.parent.glob("p")), "something was written outside"


def test_values_of_any_kind(world: World) -> None:
    """Every planted bad value is flagged, with its own text."""
    world.table(
        "people",
        {"id": "text", "name": "text"},
        [[k, v] for k, v in VALUES.items()] + [["good", "Ann"]],
    )
    world.write(
        {
            "models/m.yml": models(
                {"name": "p", "table": "people", "key": "id", "pii": {"name": "plain"}}
            ),
            "rules/r.yml": rules(
                "p",
                [
                    {
                        "column": "name",
                        "checks": [{"accepted_values": {"values": ["Ann", "it's", 'a"b']}}],
                    },
                    {"id": "short", "column": "name", "check": "string_length", "max": "20000"},
                ],
            ),
        }
    )
    before = rows_of(world, "people")
    result = world.run()
    assert not result.failed
    flags = {f[1]: f[3] for f in world.flags() if f[0] == "p.name.accepted_values"}
    assert set(flags) == set(VALUES)
    for key, value in VALUES.items():
        if key != "long":
            assert flags[key] == value, key
    assert {f[1] for f in world.flags() if f[0] == "short"} == {"long"}
    assert rows_of(world, "people") == before


def test_keys_of_any_kind(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Keys stand on the terminal and in the log: no control character, no line of their own."""
    keys = [v[:3000] for v in VALUES.values()]
    world.table("people", {"id": "text", "name": "text"}, [[k, None] for k in keys])
    world.write(
        {
            "models/m.yml": models({"name": "p", "table": "people", "key": "id"}),
            "rules/r.yml": rules("p", [{"column": "name", "checks": ["not_null"]}]),
        }
    )
    for form in ("text", "json"):
        with pytest.raises(SystemExit) as end:
            cdmq.cli.main(["run", "--project-dir", str(world.root), "--log-format", form])
        out, err = capsys.readouterr()
        assert end.value.code == 1, err
        assert not [c for c in out + err if ord(c) < 32 and c != "\n"]
    assert {f[1] for f in world.flags()} == set(keys)
    written = (world.root / "target/run_results.json").read_text("utf-8")
    assert not [c for c in written if ord(c) < 32 and c != "\n"]


def test_nul_in_a_file(world: World) -> None:
    (world.root / "data").mkdir()
    (world.root / "data/p.csv").write_bytes(b"id,name\n1,a\0b\n2,ok\n")
    world.write(
        {
            "models/m.yml": models(
                {"name": "p", "file": "data/p.csv", "key": "id", "pii": {"name": "plain"}}
            ),
            "rules/r.yml": rules(
                "p", [{"column": "name", "checks": [{"regex": {"pattern": "^[a-z]+$"}}]}]
            ),
        }
    )
    world.run()
    assert [(f[1], f[3]) for f in world.flags()] == [("1", "a\u2400b")]


def test_a_megabyte_in_a_file(world: World) -> None:
    world.write(
        {
            "data/p.csv": "id,name\n1," + "x" * 1_000_000 + "\n2,ok\n",
            "models/m.yml": models({"name": "p", "file": "data/p.csv", "key": "id"}),
            "rules/r.yml": rules(
                "p", [{"column": "name", "checks": [{"string_length": {"max": "10"}}, "unique"]}]
            ),
        }
    )
    world.run()
    assert [(f[0], f[1]) for f in world.flags()] == [("p.name.string_length", "1")]


def with_blanks(world: World) -> None:
    world.write(
        {
            "data/p.csv": "id, name , born\n1, Ann, 2020-01-01\n2,  ,  \n3, Bo, soon \n",
            "seeds/names.csv": "name , n\nAnn,1\n",
            "models/m.yml": models(
                *(
                    {
                        "name": f"trim_{trim}",
                        "file": {"path": "data/p.csv", "trim": trim},
                        "key": "id",
                        "columns": {"born": "date"},
                        "pii": {"name": "plain"},
                    }
                    for trim in ("true", "false")
                )
            ),
            **{
                f"rules/{trim}.yml": rules(
                    f"trim_{trim}",
                    [
                        {
                            "column": "name",
                            "checks": [
                                "not_null",
                                {"accepted_values": {"seed": "names", "column": "name"}},
                            ],
                        },
                        {"column": "born", "checks": ["not_null"]},
                    ],
                )
                for trim in ("true", "false")
            },
        }
    )
    world.run()


@pytest.mark.parametrize("trim", [True, False])
@pytest.mark.parametrize("engine", ENGINES)
def test_blanks_around_names_and_cells(made_once: Twin, engine: str, trim: bool) -> None:
    """Names lose the blanks around them; a typed cell of blanks is missing, not unreadable; a text
    cell keeps its blanks unless the file says trim."""
    name, world = f"trim_{trim}.".lower(), made_once(engine, with_blanks)
    found = {(f[0].removeprefix(name), f[1], f[3]) for f in world.flags() if f[0].startswith(name)}
    always = {("born.not_null", "2", None), ("born.not_null", "3", None)}
    if trim:
        assert found == always | {
            ("born.readable", "3", "soon"),
            ("name.not_null", "2", None),
            ("name.accepted_values", "3", "Bo"),
        }
    else:
        assert found == always | {
            ("born.readable", "3", " soon "),
            ("name.accepted_values", "1", " Ann"),
            ("name.accepted_values", "2", "  "),
            ("name.accepted_values", "3", " Bo"),
        }


def test_an_empty_dataset(world: World) -> None:
    world.table("people", {"id": "integer", "name": "text"}, [])
    world.write(
        {
            "models/m.yml": models({"name": "p", "table": "people", "key": "id"}),
            "rules/r.yml": rules(
                "p",
                [
                    {"column": "name", "checks": ["not_null", "unique"]},
                    {"id": "enough", "check": "row_count", "min": "1"},
                ],
            ),
        }
    )
    result = world.run()
    statuses = {r.rule.id: r.status for r in result.results}
    assert statuses == {
        "p.name.not_null": "no_data",
        "p.name.unique": "no_data",
        "enough": "fail",
        "p.delivered": "no_data",
        "p.key": "no_data",
    }
    assert result.exit_code == 1


def test_duplicate_and_null_keys(world: World) -> None:
    """Duplicate keys: one flag and a count. NULL keys: one flag for each record, by its digest."""
    world.table(
        "people",
        {"id": "integer", "name": "text", "n": "integer"},
        [[1, None, 1], [1, None, 2], [None, None, 3], [None, None, 4], [2, "x", 5]],
    )
    world.write(
        {
            "models/m.yml": models({"name": "p", "table": "people", "key": "id"}),
            "rules/r.yml": rules("p", [{"column": "name", "checks": ["not_null"]}]),
        }
    )
    world.run()
    for rule in ("p.name.not_null", "p.key"):
        found = [(f[1] if f[1] == "1" else "digest", f[7]) for f in world.flags() if f[0] == rule]
        assert sorted(found) == [("1", 2), ("digest", 1), ("digest", 1)], rule


@pytest.mark.parametrize(
    "where",
    [
        "name = 'a",
        "name = a'",
        "name = '\"'",
        "name = 'a' ; delete from people",
        "name = 'a') or (true",
        "name = 'a' -- x",
        "'",
        "\\",
        "name = E'\\''",
    ],
)
def test_conditions_with_unbalanced_quotes(world: World, where: str) -> None:
    """Refused with the place, or one condition and nothing more."""
    world.table("people", {"id": "integer", "name": "text"}, [[1, "a"], [2, '"']])
    world.write(
        {
            "models/m.yml": models({"name": "p", "table": "people", "key": "id"}),
            "rules/r.yml": rules(
                "p", [{"column": "name", "checks": [{"string_length": {"min": 5}}], "where": where}]
            ),
        }
    )
    before = rows_of(world, "people")
    if where == "name = '\"'":
        world.run()
        assert [f[1] for f in world.flags()] == ["2"]
    else:
        with pytest.raises(CdmqError) as told:
            world.run()
        assert told.value.problems[0].span.file == "rules/r.yml"
        assert not {r for r in world.relations() if r != "people"}
    assert rows_of(world, "people") == before


# what breaks stays where it breaks -----------------------------------------------------------


def test_one_rule_that_fails_at_run_time(world: World) -> None:
    """A column that cannot be computed any more ends its rule; the others are judged, and the
    open flags of the one that failed stay. A table that may be held back is copied first: there
    no rule is judged, and all flags stay."""
    world.table("raw", {"id": "integer", "n": "integer", "m": "integer"}, [[1, -5, -5], [2, 5, 5]])
    world.sql("CREATE VIEW people AS SELECT id, n, m FROM raw")
    world.write(
        {
            "models/m.yml": models(
                {"name": "p", "table": "people", "key": "id", "may_be_empty": "true"}
            ),
            "rules/r.yml": rules(
                "p",
                [{"column": c, "checks": [{"accepted_range": {"min": "0"}}]} for c in ("n", "m")],
            ),
        }
    )
    first = world.run()
    itself = {"p.delivered": "pass", "p.key": "pass"}
    assert {r.rule.id: r.status for r in first.results} == itself | {
        "p.n.accepted_range": "fail",
        "p.m.accepted_range": "fail",
    }
    failing = "CASE WHEN id = 2 THEN CAST('x' || id AS integer) ELSE n END"
    world.sql(
        f"CREATE OR REPLACE VIEW people AS SELECT id, CAST({failing} AS bigint) AS n, m FROM raw"
    )
    world.sql("UPDATE raw SET m = -6 WHERE id = 2")
    second = world.run()
    assert {r.rule.id: r.status for r in second.results} == itself | {
        "p.n.accepted_range": "error",
        "p.m.accepted_range": "fail",
    }
    assert second.exit_code == 2
    assert [(f[0], f[1]) for f in world.flags()] == [
        ("p.m.accepted_range", "1"),
        ("p.m.accepted_range", "2"),
        ("p.n.accepted_range", "1"),
    ]
    assert world.flags("to_run IS NOT NULL") == []
    before = world.flags()
    world.write({"models/m.yml": models({"name": "p", "table": "people", "key": "id"})})
    third = world.run()
    assert {r.status for r in third.results} == {"error"}
    assert world.flags() == before


def test_a_number_that_overflows(world: World) -> None:
    """The row is told as one that could not be judged; the others are judged."""
    world.table("people", {"id": "integer", "n": "integer"}, [[1, 1], [2, -1], [3, 5]])
    world.write(
        {
            "models/m.yml": models({"name": "p", "table": "people", "key": "id"}),
            "rules/r.yml": rules(
                "p",
                [
                    {"id": "big", "check": "expression", "must": "n * 4611686018427387904 > 0"},
                    {"id": "positive", "check": "expression", "must": "n > 0"},
                ],
            ),
        }
    )
    world.run()
    found = {(f[0], f[1], f[5]) for f in world.flags()}
    assert {("big", "2", "failed"), ("positive", "2", "failed")} <= found
    assert found - {("big", "3", "could_not_judge")} == {
        ("big", "2", "failed"),
        ("positive", "2", "failed"),
    }


def two_files(world: World) -> None:
    world.write(
        {
            "data/a.csv": "id,name\n1,\n2,x\n",
            "data/b.csv": "id,name\n1,\n2,x\n",
            "models/m.yml": models(
                {"name": "a", "file": "data/a.csv", "key": "id"},
                {"name": "b", "file": "data/b.csv", "key": "id"},
                {"name": "both", "stack": {"a": "a", "b": "b"}, "key": ["source", "id"]},
            ),
            "rules/a.yml": rules(
                "a",
                [
                    {"column": "name", "checks": ["not_null"]},
                    {
                        "id": "known",
                        "column": "id",
                        "check": "relationships",
                        "to": "b",
                        "field": "id",
                    },
                ],
            ),
            "rules/b.yml": rules("b", [{"column": "name", "checks": ["not_null"]}]),
            "rules/both.yml": rules("both", [{"column": "name", "checks": ["not_null"]}]),
        }
    )
    world.run()


@pytest.mark.parametrize("broken", ["gone", "empty", "not_utf8"])
def test_a_broken_source_stops_only_what_needs_it(twin: Twin, broken: str) -> None:
    world = twin(two_files)
    flags, last = world.flags(), world.view("b__clean")
    assert len(flags) == 4
    world.write({"data/a.csv": "id,name\n1,\n2,x\n3,\n"})
    file = world.root / "data/b.csv"
    if broken == "gone":
        file.unlink()
    else:
        file.write_bytes({"empty": b"", "not_utf8": b"id,name\n1,\xe9\n"}[broken])
    result = world.run()
    assert {r.rule.id: r.status for r in result.results} == {
        "a.name.not_null": "fail",
        "known": "skipped",
        "b.name.not_null": "error",
        "both.name.not_null": "skipped",
        "a.lines": "pass",
        "b.lines": "error",
        "a.delivered": "pass",
        "b.delivered": "error",
        "a.key": "pass",
        "b.key": "error",
        "both.key": "skipped",
    }
    assert result.exit_code == 2
    assert "data/b.csv" in result.failed["b"]
    assert world.view("b__clean") == last
    assert set(flags) <= set(world.flags())
    assert len(world.flags()) == 5


# secrets and locks ---------------------------------------------------------------------------

SECRET = "h!dden-pass'word"


@pytest.mark.parametrize("command", ["run", "run --log-format json", "compile", "debug"])
def test_a_password_is_never_shown(
    postgres_uri: str,
    tmp_path: Path,
    command: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither where the server is not there, nor where it refuses, nor in what is written."""
    monkeypatch.setenv("MY_PASSWORD", SECRET)
    monkeypatch.setenv("MY_OTHER", SECRET + "2")
    world = World("duckdb", tmp_path / "w")
    world.write(
        {
            "data/p.csv": "id\n1\n",
            "models/m.yml": models({"name": "p", "file": "data/p.csv", "key": "id"}),
            "rules/r.yml": rules("p", [{"column": "id", "checks": ["not_null"]}]),
        }
    )
    parts = postgres_parts(postgres_uri)
    wrong = [
        {"host": "127.0.0.1", "port": "1", "password": "{{ env_var('MY_PASSWORD') }}"},
        {"user": "nobody", "password": "{{ env_var('MY_PASSWORD') }}"},
        {"dbname": "{{ env_var('MY_PASSWORD') }}", "password": "{{ env_var('MY_PASSWORD') }}"},
        {"host": "{{ env_var('MY_OTHER') }}.example", "password": "{{ env_var('MY_OTHER') }}"},
        {"port": "{{ env_var('MY_PASSWORD') }}"},
        {"passwort": "{{ env_var('MY_PASSWORD') }}"},
        {"sslmode": "{{ env_var('MY_PASSWORD') }}"},
    ]
    for more in wrong:
        output = {"type": "postgres", "schema": "public", "connect_timeout": "3", **parts, **more}
        world.write(
            {"profiles.yml": json.dumps({"world": {"target": "it", "outputs": {"it": output}}})}
        )
        with pytest.raises(SystemExit) as end:
            cdmq.cli.main([*command.split(), "--project-dir", str(world.root)])
        out, err = capsys.readouterr()
        if end.value.code == 0:
            continue
        assert end.value.code == 2, (more, out, err)
        assert SECRET not in out + err, more
        assert "CDMQ500" not in out + err
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


def _hold(path: str, ready: Any, done: Any) -> None:
    import duckdb

    with duckdb.connect(path) as connection:
        connection.execute("SELECT 1")
        ready.set()
        done.wait(30)


def test_a_locked_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World("duckdb", tmp_path / "w")
    world.write(
        {
            "data/p.csv": "id\n1\n",
            "models/m.yml": models({"name": "p", "file": "data/p.csv", "key": "id"}),
            "rules/r.yml": rules("p", [{"column": "id", "checks": ["not_null"]}]),
        }
    )
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(str(world.root / "world.duckdb"), ready, done))
    holder.start()
    try:
        assert ready.wait(30)
        with pytest.raises(SystemExit) as end:
            cdmq.cli.main(["run", "--project-dir", str(world.root)])
    finally:
        done.set()
        holder.join(30)
    out, err = capsys.readouterr()
    assert end.value.code == 2
    assert err.startswith("profiles.yml:1:")
    assert "CDMQ404 another run holds the warehouse, or a program that reads it: " in err
    assert "wait for it to end, or say --wait" in err
    assert world.run().exit_code == 0


def test_a_project_in_a_folder_with_signs(tmp_path: Path) -> None:
    """The path of the project is no pattern and no SQL."""
    folder = tmp_path / 'it\'s [1] * "x" #%'
    folder.mkdir()
    world = World("duckdb", folder)
    world.write(
        {
            "data/p.csv": "id,name\n1,\n",
            "models/m.yml": models({"name": "p", "file": "data/p.csv", "key": "id"}),
            "rules/r.yml": rules("p", [{"column": "name", "checks": ["not_null"]}]),
        }
    )
    world.run()
    assert [f[1] for f in world.flags()] == ["1"]
    assert os.listdir(tmp_path) == [folder.name]
