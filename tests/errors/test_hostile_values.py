"""Hostile values, run for real: nothing is executed, changed or lost."""

from __future__ import annotations

import pytest
from hostile import models, rows_of, rules
from runner import ENGINES, Twin, World

import cdmq.api
import cdmq.cli
from cdmq.problems import CdmqError

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
