"""The Python API: unknown words are refused, lists and sets taken; two threads part."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from runner import World, written

import cdmq
import cdmq.api
from cdmq.problems import CdmqError

MODELS = "version: 1\ndatasets: [{name: people, table: people, key: id}]\n"
RULES = """
version: 1
dataset: people
validation:
  - {column: email, checks: [not_null], tags: [a]}
  - {column: name, checks: [not_null], severity: warn}
  - {id: low, check: expression, must: "id < {{ var('most') }}"}
"""


@pytest.fixture
def ready(world: World) -> World:
    world.table(
        "people",
        {"id": "integer", "email": "text", "name": "text"},
        [[1, "x", "y"], [2, None, None]],
    )
    world.write(
        {
            "models/m.yml": MODELS,
            "rules/r.yml": RULES,
            "cdmq_project.yml": "name: world\nprofile: world\nvars: {most: '9'}\n",
        }
    )
    return world


@pytest.mark.parametrize("command", ["run", "test", "train"])
def test_an_unknown_word_is_refused(ready: World, command: str) -> None:
    with pytest.raises(TypeError, match=f"{command}.. has no option 'selct'; did you mean 'selec"):
        getattr(cdmq.api, command)(ready.root, selct="tag:a")


@pytest.mark.parametrize(
    "select",
    [
        "people.email.not_null low",
        ["people.email.not_null", "low"],
        ("people.email.not_null", "low"),
        {"people.email.not_null", "low"},
    ],
)
def test_several_words(ready: World, select: object) -> None:
    result = ready.run(select=select)
    assert written(r.rule.id for r in result.results if r.status != "skipped") == {
        "people.email.not_null",
        "low",
    }
    assert {
        t.thing.id
        for t in cdmq.api.ls(ready.root, select=["tag:a"], exclude={"low"})
        if hasattr(t.thing, "check")
    } == {"people.email.not_null"}


@pytest.mark.parametrize(
    ("words", "code"),
    [("never", 0), (["never"], 0), ({"error"}, 1), ((), 1), ("warn", 1), ("error,no_data", 1)],
)
def test_fail_on(ready: World, words: object, code: int) -> None:
    assert ready.run(fail_on=words).exit_code == code


@pytest.mark.parametrize(
    "as_of",
    [
        "2026-11-01",
        dt.date(2026, 11, 1),
        dt.datetime(2026, 11, 1),
        dt.datetime(2026, 11, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2))),
    ],
)
def test_times(ready: World, as_of: object) -> None:
    assert ready.run(as_of=as_of).facts.as_of == dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize("value", [2, "2", 2.0, dt.timedelta])
def test_variables(ready: World, value: object) -> None:
    if value is dt.timedelta:
        with pytest.raises(CdmqError, match="'most' is of type type"):
            ready.run(variables={"most": value})
        return
    ready.run(variables={"most": value})
    assert ready.results()["low"]["failing"] == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"fail_on": ["warnings"]}, "did you mean 'warn'"),
        ({"as_of": "tomorrow"}, "is no time"),
        ({"as_of": dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=14)))}, "no time in"),
    ],
)
def test_a_value_that_is_none(ready: World, words: dict[str, object], told: str) -> None:
    with pytest.raises(CdmqError, match=told) as error:
        ready.run(**words)
    assert error.value.problems[0].code == "CDMQ505"


@pytest.mark.parametrize(
    ("word", "value", "takes"),
    [
        ("as_of", 20261130, "a time, a date or a text"),
        ("wait", "soon", "seconds, from 0 on"),
        ("threads", "two", "a whole number from 1 on"),
        ("threads", True, "a whole number from 1 on"),
        ("select", 3, "a text or several"),
        ("variables", "most: 1", "a dict"),
        ("target", 1, "a text"),
        ("profiles_dir", 1, "a path"),
        ("target_path", 1, "a path"),
        ("fail_fast", "no", "True or False"),
        ("listen", "me", "a function"),
    ],
)
def test_a_value_of_another_type(ready: World, word: str, value: object, takes: str) -> None:
    with pytest.raises(TypeError, match=f"{word} takes {takes}, here is {value!r}"):
        ready.run(**{word: value})


def test_what_the_other_functions_take(ready: World) -> None:
    for call, told in (
        (lambda: cdmq.run(None), "root takes a path, here is None"),  # type: ignore[arg-type]
        (
            lambda: cdmq.show("people", ready.root, limit="3"),  # type: ignore[arg-type]
            "limit takes a whole number from 0 on, here is '3'",
        ),
        (lambda: cdmq.history(None, "low"), "root takes a path"),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError, match=told):
            call()


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda root: cdmq.run(root, threads=0), "threads"),
        (lambda root: cdmq.run(root, wait=-1), "wait"),
        (lambda root: cdmq.compile(root, threads=-1), "threads"),
        (lambda root: cdmq.show("people", root, limit=-1), "limit"),
    ],
)
def test_a_number_that_is_too_small(
    ready: World, call: Callable[[Path], object], word: str
) -> None:
    with pytest.raises(CdmqError, match=f"{word}: CDMQ505 -?[01] is too small; {word} takes "):
        call(ready.root)


def test_what_is_public_is_shown() -> None:
    asked = "import cdmq; print(set(cdmq.__all__) <= set(dir(cdmq)))"
    shown = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    )
    assert shown.stdout == "True\n"


def test_two_threads_do_not_mix(ready: World) -> None:
    """One has the warehouse; the other is told so, or waits: each run is whole."""
    begin, ended, refused = threading.Barrier(4), [], []

    def work(number: int) -> None:
        begin.wait()
        try:
            ended.append(ready.run(wait=60 if number else 0).run_id)
        except CdmqError as error:
            refused.append(error.problems[0].code)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ended) + len(refused) == 4
    assert set(refused) <= {"CDMQ404"}
    assert len(ended) >= 3
    results = ready.audit_rows("rule_results", ["run_id", "rule_id"])
    assert len(written(r[1] for r in results)) == 3
    assert len(results) == 5 * len(ended)  # with people.key and people.delivered
    assert {f[0] for f in ready.flags()} == {"people.email.not_null", "people.name.not_null"}
    assert len(ready.flags()) == 2


def test_the_lock_is_held_by_a_thread(make_world, tmp_path: Path) -> None:
    """On DuckDB threads of one process share the file: the file's own lock parts only processes."""
    world = make_world("duckdb")
    world.table("people", {"id": "integer", "email": "text", "name": "text"}, [[1, "x", "y"]])
    world.write(
        {
            "models/m.yml": MODELS,
            "rules/r.yml": RULES,
            "cdmq_project.yml": "name: world\nprofile: world\nvars: {most: '9'}\n",
        }
    )

    def inside(event: str, value: object) -> None:
        if event == "start":
            with pytest.raises(CdmqError, match="CDMQ404"):
                cdmq.run(world.root)

    assert world.run(listen=inside).exit_code == 0


def test_types_are_told() -> None:
    assert (Path(cdmq.__file__).parent / "py.typed").is_file()
