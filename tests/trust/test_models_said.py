"""What an engine cannot say of a model is a message with a place, never words of a library."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from runner import World

import cdmq.api
from cdmq.problems import CdmqError

FILES = {
    "data/p.csv": "id,name\n1,\n2,Bo\n",
    "models/m.yml": "version: 1\ndatasets: [{name: p, file: data/p.csv, key: id}]\n",
}


def test_what_both_have(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.write({**FILES, "models/one.sql": "SELECT any_value(name) AS name FROM {{ ref('p') }}"})
    assert not world.run().failed
    assert world.sql("SELECT name FROM one") == [("Bo",)]
    assert capfd.readouterr().err == ""


@pytest.mark.server
def test_what_postgresql_has_not(
    make_world: Callable[[str], World], capfd: pytest.CaptureFixture[str]
) -> None:
    query = "SELECT id, last_value(name IGNORE NULLS) OVER (ORDER BY id) AS name"
    for engine in ("duckdb", "postgres"):
        world = make_world(engine)
        world.write({**FILES, "models/one.sql": f"{query} FROM {{{{ ref('p') }}}}"})
        if engine == "duckdb":
            assert not world.run().failed
            continue
        with pytest.raises(CdmqError) as error:
            cdmq.api.compile(world.root)
        (problem,) = error.value.problems
        assert (problem.span.file, problem.code) == ("models/one.sql", "CDMQ335")
        assert problem.cause.startswith("postgres cannot say what the model says: ")
    assert capfd.readouterr().err == ""
