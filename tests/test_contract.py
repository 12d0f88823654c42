"""The contract suite: every case of tests/checks and tests/defaults on both engines."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from contract import Left, cases, check, dataset_of, run_file
from runner import ENGINES, World

HERE = Path(__file__).parent
FILES = sorted([*(HERE / "checks").glob("*.yml"), *(HERE / "defaults").glob("*.yml")])
CASES = [
    pytest.param(file, case, id=f"{file.parent.name}/{file.stem}: {case['case']}")
    for file in FILES
    for case in cases(file)
]


@pytest.fixture(scope="session")
def left(make_world: Callable[[str], World]) -> Callable[[Path, str], Left]:
    """What the one run of a file on an engine left."""

    @cache
    def run(file: Path, engine: str) -> Left:
        world = make_world(engine)
        run_file(file, world)
        return Left(world)

    return run


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("file", "case"), CASES)
def test_case(file: Path, case: dict[str, Any], engine: str, left: Any) -> None:
    check(case, left(file, engine))


@pytest.mark.server
@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_engines_agree(file: Path, left: Any) -> None:
    duckdb, postgres = (left(file, engine) for engine in ENGINES)
    assert duckdb.flags == postgres.flags
    assert duckdb.changes == postgres.changes
    assert duckdb.results == postgres.results
    for case in cases(file):
        for view in ("clean", "defaulted"):
            name = f"{dataset_of(case)}__{view}"
            assert duckdb.world.view(name) == postgres.world.view(name), name


def test_every_check_has_a_file() -> None:
    from cdmq.checks import checks

    assert set(checks()) == {f.stem for f in FILES if f.parent.name == "checks"} - {"meaning"}
