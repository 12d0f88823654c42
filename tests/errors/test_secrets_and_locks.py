"""A password is never shown, and a locked database is told."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from hostile import models, rules
from runner import World, postgres_parts

import cdmq.api
import cdmq.cli

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
