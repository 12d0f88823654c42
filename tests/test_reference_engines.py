"""The reference project finds the same on DuckDB and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import reference_run
from runner import World, postgres_parts

import cdmq.api

sys.path.append(str(Path(__file__).parent / "tools"))
from parties_report import LIMITS, compare  # noqa: E402

AS_OF = dt.datetime(2026, 11, 1)
PARTS = {
    "host": "HOST",
    "port": "PORT",
    "user": "USER",
    "password": "PASSWORD",
    "dbname": "DATABASE",
}


class Reference(World):
    """The reference project instead of an empty one."""

    def __init__(self, empty: World) -> None:
        self.__dict__.update(empty.__dict__)

    def build(self) -> cdmq.api.RunResult:
        target = {"duckdb": "dev", "postgres": "postgres"}[self.engine]
        parts = postgres_parts(self.uri)
        env = {f"CDMQ_PG_{PARTS[k]}": v for k, v in parts.items()}
        with mock.patch.dict(os.environ, env | {"CDMQ_PG_SCHEMA": self.schema}):
            return cdmq.api.run(self.root, as_of=AS_OF, target=target)


@pytest.fixture(scope="module")
def both(
    make_world: Callable[..., World], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Reference, Reference]:
    duckdb, postgres = Reference(make_world("duckdb")), Reference(make_world("postgres"))
    said = reference_run.ran(tmp_path_factory, duckdb.root)
    assert said.code == 1, said.text
    (duckdb.root / "world.duckdb").symlink_to(duckdb.root / "target/reference.duckdb")
    reference_run.project(tmp_path_factory, postgres.root)
    assert postgres.build().exit_code == 1
    return duckdb, postgres


def test_same_flags(both: tuple[Reference, Reference]) -> None:
    duckdb, postgres = (w.flags() for w in both)
    assert len(duckdb) > 1000
    assert set(duckdb) ^ set(postgres) == set()
    assert duckdb == postgres


def test_same_changes(both: tuple[Reference, Reference]) -> None:
    duckdb, postgres = (w.changes() for w in both)
    assert len(duckdb) > 1000
    assert set(duckdb) ^ set(postgres) == set()
    assert duckdb == postgres


def test_same_results_and_versions(both: tuple[Reference, Reference]) -> None:
    assert both[0].results() == both[1].results()
    assert both[0].versions() == both[1].versions()


@pytest.mark.parametrize("view", ["clean", "defaulted", "flagged", "passed"])
def test_same_customers(view: str, both: tuple[Reference, Reference]) -> None:
    duckdb, postgres = (w.view(f"customers__{view}") for w in both)
    assert duckdb
    assert duckdb == postgres


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("xref", "key, party_id"),
        ("party_events", "event, party_id, other, records"),
        ("pairs", "key_a, key_b, verdict, probability, weight, weights"),
        ("queue", "about, key, other, column_name, why, sure, more"),
        ("golden_cells", "party_id, column_name, value, digest, winner, because, losers"),
        ("tier_history", "key, level, measures, cut_offs, reason, missed, from_review"),
    ],
)
def test_same_parties_golden_cells_and_levels(
    table: str, columns: str, both: tuple[Reference, Reference]
) -> None:
    duckdb, postgres = (w.audit_rows(table, columns.split(", ")) for w in both)
    assert len(duckdb) > 100
    if "digest" in columns:
        place = columns.split(", ").index("digest")
        assert {r[place] for r in duckdb} & {r[place] for r in postgres} == {None}  # keys differ
        duckdb, postgres = (numbered(rows, place) for rows in (duckdb, postgres))
    assert duckdb == postgres


def numbered(rows: list[tuple[Any, ...]], place: int) -> list[tuple[Any, ...]]:
    """Rows with digests as the numbers in which they come: each target keys them by its own."""
    known: dict[str | None, int | None] = {None: None}
    return [(*r[:place], known.setdefault(r[place], len(known)), *r[place + 1 :]) for r in rows]


def test_same_golden_records(both: tuple[Reference, Reference]) -> None:
    duckdb, postgres = (w.view("customers_golden") for w in both)
    assert duckdb
    assert duckdb == postgres


def test_parties_and_levels_are_the_true_ones(both: tuple[Reference, Reference]) -> None:
    found = compare(
        dict(both[0].audit_rows("xref", ("key", "party_id"))),
        dict(both[0].audit_rows("tier_history", ("key", "level"))),
    )
    assert {n: found.figures[n] for n, limit in LIMITS.items() if found.figures[n] < limit} == {}
    assert found.households + found.concerns <= 40


def test_second_run_changes_nothing(both: tuple[Reference, Reference]) -> None:
    for world in both:
        again = world.build()
        assert set(again.opened.values()) | set(again.closed.values()) == {0}
        assert again.new_versions == ()
