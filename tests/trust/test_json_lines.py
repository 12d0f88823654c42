"""A line of JSON that is no object is a flag with its number; the rest of the file is judged."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence

import duckdb
import pytest
from runner import ENGINES, Twin, World

import cdmq.api

_MODELS = """\
version: 1
datasets:
  - {{name: people, file: {{path: data/{path}{file}}}, key: id{more}}}
"""
_RULES = "version: 1\ndataset: people\nvalidation:\n  - {column: email, checks: [email]}\n"
_GOOD = [json.dumps({"id": n, "email": f"a{n}@example.com"}) for n in range(100, 400)]


@pytest.fixture
def duck(make_world: object) -> World:
    return make_world("duckdb")  # type: ignore[operator, no-any-return]


def _given(
    world: World, text: str | bytes, path: str = "p.ndjson", file: str = "", more: str = ""
) -> None:
    world.write(
        {"models/m.yml": _MODELS.format(path=path, file=file, more=more), "rules/r.yml": _RULES}
    )
    (world.root / "data").mkdir(exist_ok=True)
    (world.root / "data" / path).write_bytes(text if isinstance(text, bytes) else text.encode())


def _bad(world: World, name: str = "people") -> list[str]:
    rows = world.audit_rows("flags", ("rule_id", "value"), "to_run IS NULL")
    return [value for rule, value in rows if rule == f"{name}.lines"]


def _ids(world: World, name: str = "people") -> list[str]:
    return sorted(r[0] for r in world.sql(f"SELECT id FROM {name}"))


_BROKEN = [
    '{"id": 1, "email": "one@example.com"}',
    '{"id": 2, "email": ',  # 2
    "",
    "5",  # 4
    '{"id": 4, "email": "no address"} ',  # 5: read, and judged
    '{"id": 5} {"id": 6}',  # 6
    '{"id": 7, "id": 8}',  # 7
    '[{"id": 9}]',  # 8
    '{"id": 10, "email": "a\0b@example.com"}',  # read, with a symbol for NUL
]


_ENDS = [(path, end) for end in ("\n", "\r\n", "\r") for path in ("p.ndjson", "p.json")]


def _broken(world: World) -> None:
    _beside(
        world,
        [
            (path, (end.join([*_BROKEN, *_GOOD]) + end).encode(), ", bad_lines_at_most: 5")
            for path, end in _ENDS
        ],
    )


@pytest.mark.parametrize(("path", "end"), _ENDS)
@pytest.mark.parametrize("engine", ENGINES)
def test_each_broken_line_is_a_flag_and_the_rest_is_judged(
    made_once: Twin, engine: str, path: str, end: str
) -> None:
    world, name = made_once(engine, _broken), f"people_{_ENDS.index((path, end))}"
    assert _bad(world, name) == sorted(
        [
            'line 2 (it is not JSON): {"id": 2, "email":',
            "line 4 (it is no object: no { and } around it): 5",
            'line 6 (it is not JSON): {"id": 5} {"id": 6}',
            'line 7 (a key stands in it twice): {"id": 7, "id": 8}',
            'line 8 (it is no object: no { and } around it): [{"id": 9}]',
        ]
    )
    result = world.results()[f"{name}.lines"]
    assert (result["status"], result["tested"], result["failing"]) == ("fail", 308, 5)
    assert _ids(world, name) == sorted(["1", "10", "4", *(str(n) for n in range(100, 400))])
    assert {f[1:4] for f in world.flags() if f[0] == f"{name}.email.email"} == {
        ("4", "email", "no address"),
        ("10", "email", "a\u2400b@example.com"),
    }


def test_above_bad_lines_at_most_the_delivery_is_held_back(world: World) -> None:
    _given(world, "\n".join(_GOOD))
    assert world.run().exit_code == 0
    _given(world, "\n".join([*_GOOD[:9], '{"id": 2,']))
    result = world.run()
    assert (result.exit_code, result.failed) == (1, {})
    told = {r.rule.id: r.message for r in result.results}
    assert told["people.lines"] == (
        "1 of 10 lines cannot be read (line 10: it is not JSON), and bad_lines_at_most allows 1%: "
        "people and all that stands on it stay as they were"
    )
    assert len(_ids(world)) == 300


def test_a_flag_whose_record_may_be_the_broken_line_stays_open(duck: World) -> None:
    wrong = ['{"id": 7, "email": "none"}', '{"id": 8, "email": "none"}']
    _given(duck, "\n".join([*_GOOD, *wrong]))
    duck.run()
    _given(duck, "\n".join([*_GOOD, '{"id": 7, "email": "none']))
    duck.run()
    assert duck.audit_rows(
        "flags", ("key", "closed_because"), "rule_id = 'people.email.email'"
    ) == [("7", None), ("8", "gone")]


_UMLAUT = '{"id": 1, "email": "müller"}\n{"id": 2, "email": "a@example.com"}\n'


_ENCODED = [
    ("p.json", _UMLAUT.encode("cp1252"), ", encoding: cp1252"),
    ("p.ndjson", _UMLAUT.encode("utf-16"), ""),
    ("p.ndjson", _UMLAUT.encode("utf-16-le"), ", encoding: utf-16-le"),
    ("p.json", _UMLAUT.encode("utf-8-sig"), ""),
    ("p.json", f"[{_UMLAUT.strip()}]".replace("}\n", "},\n").encode("utf-16"), ""),
    (
        "p.json",
        f"[{_UMLAUT.strip()}]".replace("}\n", "},\n").encode("cp1252"),
        ", encoding: cp1252",
    ),
    ("p.json.gz", gzip.compress(_UMLAUT.encode("cp1252"), mtime=0), ", encoding: cp1252"),
]


def _beside(world: World, files: Sequence[tuple[str, bytes, str]]) -> None:
    """A run of a dataset for each file: `people_0` of the first."""
    datasets = []
    for n, (name, written, file) in enumerate(files):
        (world.root / f"data/{n}").mkdir(parents=True)
        (world.root / f"data/{n}" / name).write_bytes(written)
        datasets.append(
            f"  - {{name: people_{n}, file: {{path: data/{n}/{name}{file}}}, key: id}}\n"
        )
        world.write({f"rules/r{n}.yml": _RULES.replace("people", f"people_{n}")})
    world.write({"models/m.yml": "version: 1\ndatasets:\n" + "".join(datasets)})
    assert world.run().exit_code == 1  # no e-mail addresses


def _encoded(world: World) -> None:
    _beside(world, _ENCODED)


@pytest.mark.parametrize("number", range(len(_ENCODED)))
def test_each_encoding_is_read(made_once: Twin, number: int) -> None:
    world = made_once("duckdb", _encoded)
    assert world.sql(f"SELECT id, email FROM people_{number} ORDER BY id") == [
        ("1", "müller"),
        ("2", "a@example.com"),
    ]
    assert world.results()[f"people_{number}.lines"]["tested"] == 2


_NULS = [
    '{"id": "1", "email": "a\\u0000b"}\n{"id": "2", "email": "a\\\\u0000b"}\n',
    '[{"id": "1", "email": "a\\u0000b"}, {"id": "2", "email": "a\\\\u0000b"}]',
    '[\n{"id": "1", "email": "a\0b"},\n{"id": "2", "email": "a\\\\u0000b"}\n]',
]


def _with_nul(world: World) -> None:
    _beside(world, [("p.json", text.encode(), "") for text in _NULS])


@pytest.mark.parametrize("number", range(len(_NULS)))
@pytest.mark.parametrize("engine", ENGINES)
def test_nul_is_a_symbol_also_where_json_writes_it_out(
    made_once: Twin, engine: str, number: int
) -> None:
    assert made_once(engine, _with_nul).sql(
        f"SELECT id, email FROM people_{number} ORDER BY id"
    ) == [("1", "a\u2400b"), ("2", "a\\u0000b")]


def test_nul_over_the_blocks_in_which_a_text_is_read(duck: World) -> None:
    from cdmq.files.reading import reading

    _given(duck, "[]", "p.json")
    dataset = cdmq.api.parse(duck.root).datasets["people"]
    for before in range((1 << 20) - 20, (1 << 20) - 10):
        text = '[{"email": "' + "x" * before + '\\u0000y", "id": "\\\\u00001"}]'
        (duck.root / "data/p.json").write_text(text)
        read = reading(dataset, duck.root)
        rows = duckdb.sql(f"SELECT id, right(email, 2) FROM ({read.query})").fetchall()
        read.close()
        assert rows == [("\\u00001", "\u2400y")]


_REFUSED: Mapping[str, tuple[str, str]] = {
    "a list with a broken value": ('[{"id": 1},\n{"id": 2', "the JSON is broken"),
    "a list with a value that is no object": ('[{"id": 1}, 5]', "a value in it is no object"),
    "a list with a key twice": ('[{"id": 1, "id": 2}]', "or has a key twice"),
    "lists of lists": ('[{"id": 1}]\n[{"id": 2}]', "a value in it is no object"),
    "a byte of another encoding": ('{"id": 1, "email": "m\xfc"}\n', "is not utf-8"),
}


@pytest.mark.parametrize("name", _REFUSED)
def test_what_is_no_record_a_line_is_read_whole_or_refused(duck: World, name: str) -> None:
    text, said = _REFUSED[name]
    _given(duck, text.encode("latin-1"), "p.json")
    found = duck.run()
    assert found.exit_code == 2
    assert said in found.failed["people"]


def test_no_line_that_is_an_object_is_told_with_the_first(duck: World) -> None:
    _given(duck, '{"id": 1,\n{"id": 2,\n')
    found = duck.run()
    assert "it holds no objects with keys; line 1: it is not JSON" in found.failed["people"]


def test_no_copy_stays_behind(duck: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    folder = duck.root / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    for text in (
        "\n".join([*_BROKEN, *_GOOD]),
        '{"id": 1,\n',
        '[{"id": "\0"}, 5]',
        '{"id": "\0"}\n{"id": "\xff"}',
    ):
        _given(duck, text.encode("latin-1"), "p.ndjson")
        duck.run()
        assert list(folder.glob("cdmq-*.json")) == []
