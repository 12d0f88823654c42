"""What every warehouse has to do, on each engine: a lock for one run, a stop when asked."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from opened import FILE, Connect, postgres_options

from cdmq.sql.relation import Relation
from cdmq.warehouses.base import Locked, StatementError, Warehouse


class TestLock:
    def test_it_is_held_and_released(self, warehouse: Warehouse) -> None:
        for _ in range(2):
            with warehouse.lock():
                warehouse.run("SELECT 1")

    def test_it_is_released_after_an_error(self, warehouse: Warehouse) -> None:
        with pytest.raises(StatementError), warehouse.lock():
            warehouse.run("SELECT * FROM nowhere")
        with warehouse.lock():
            pass

    def test_a_second_run_is_told_who_holds_it(self, engine: str, connect: Connect) -> None:
        if engine == "duckdb":
            pytest.skip("DuckDB's lock is of the process")
        first, second = connect(), connect()
        with first.lock():
            pid = first.fetch("SELECT pg_backend_pid()")[0][0]
            who = rf"^server process {pid}, cdmq, user \w+, connected since 2[-0-9: ]+ UTC$"
            with pytest.raises(Locked, match=who), second.lock():
                pass
        with second.lock():
            pass

    def test_it_goes_with_a_killed_process(
        self, engine: str, connect: Connect, tmp_path: Path, request: pytest.FixtureRequest
    ) -> None:
        """Even in the middle of a long statement."""
        warehouse = connect()
        if engine == "duckdb":
            warehouse.close()
            options = FILE.model_dump_json(by_alias=True)
            long = "SELECT count(*) FROM range(10000000000) a, range(10000000000) b"
        else:
            uri = request.getfixturevalue("postgres_uri")
            options = postgres_options(uri, warehouse.schema).model_dump_json(by_alias=True)
            long = "SELECT pg_sleep(600)"
        code = (
            "import sys, pathlib\n"
            f"from cdmq.warehouses import {engine} as m\n"
            "w = m.connect(m.Options.model_validate_json(sys.argv[1]), pathlib.Path(sys.argv[2]))\n"
            "with w.lock():\n    print('held', flush=True)\n    w.run(sys.argv[3])\n"
        )
        run = subprocess.Popen(
            [sys.executable, "-c", code, options, str(tmp_path), long], stdout=subprocess.PIPE
        )
        assert run.stdout is not None
        try:
            assert run.stdout.readline() == b"held\n"
            with pytest.raises(Locked), connect().lock():
                pass
            time.sleep(0.2)
        finally:
            run.send_signal(signal.SIGKILL)
            run.wait()
            run.stdout.close()
        until = time.monotonic() + 20
        while True:
            try:
                with connect().lock():
                    return
            except Locked:
                assert time.monotonic() < until
                time.sleep(0.2)


class TestInterrupt:
    def test_a_statement_stops(self, warehouse: Warehouse, engine: str) -> None:
        long = (
            "SELECT count(*) FROM range(10000000000) a, range(10000000000) b"
            if engine == "duckdb"
            else "SELECT pg_sleep(600)"
        )
        self.stops(warehouse, lambda: warehouse.run(long))

    def test_reading_files_stops(self, warehouse: Warehouse) -> None:
        query = "SELECT max(a.range + b.range) AS a FROM range(10000000000) a, range(10000000) b"
        self.stops(warehouse, lambda: warehouse.load_query(Relation("t", warehouse.schema), query))
        assert warehouse.inventory.relations(warehouse.schema) == {}

    @staticmethod
    def stops(warehouse: Warehouse, work: Callable[[], None]) -> None:
        timer = threading.Timer(0.5, warehouse.interrupt)
        timer.start()
        started = time.monotonic()
        with pytest.raises(StatementError):
            work()
        timer.join()
        assert time.monotonic() - started < 30
        assert warehouse.fetch("SELECT 1") == [(1,)]

    def test_with_nothing_to_stop(self, warehouse: Warehouse) -> None:
        warehouse.interrupt()
        assert warehouse.fetch("SELECT 1") == [(1,)]
