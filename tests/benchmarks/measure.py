"""Whole processes: what they cost, and whether two of them found the same."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Cost:
    """What one process used, with the children that it waited for."""

    cpu: float
    wall: float
    rss_mib: float


def measured(command: Sequence[str], good: frozenset[int] = frozenset({0})) -> Cost:
    """Run a process to its end. Raises where its exit code is none of `good`."""
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, stderr=said, env=env)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in good:
            said.seek(0)
            text = said.read().decode(errors="replace")[-3000:]
            raise RuntimeError(f"exit {process.returncode} of {' '.join(command)}\n{text}")
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


def median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        *(statistics.median(getattr(c, name) for c in costs) for name in ("cpu", "wall", "rss_mib"))
    )


def table(costs: Mapping[str, Sequence[Cost]], against: Mapping[str, str]) -> str:
    """Medians as markdown; `against` names for each row the row its ratio is to."""
    middle = {name: median(c) for name, c in costs.items()}
    lines = ["| process | CPU s | wall s | RSS MiB | CPU ratio | to |", "|---|---|---|---|---|---|"]
    for name, cost in middle.items():
        other = against.get(name, name)
        ratio = cost.cpu / middle[other].cpu
        lines.append(
            f"| {name} | {cost.cpu:.2f} | {cost.wall:.2f} | {cost.rss_mib:.0f} | "
            f"{ratio:.2f} | {'' if other == name else other} |"
        )
    return "\n".join(lines)


Digest = dict[str, tuple[int, str]]


def digest(database: Path, query: str) -> Digest:
    """Name in the first column -> (rows, order-free checksum) of a query that ends with `n`."""
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            f"SELECT columns[1], sum(n), sum(hash(columns, n))::VARCHAR FROM "
            f"(SELECT * FROM ({_as_lists(connection, query)})) GROUP BY 1 ORDER BY 1"
        ).fetchall()
    return {name: (int(n), mark) for name, n, mark in rows}


def _as_lists(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """The rows with everything but `n` as one list of texts."""
    names = [c[0] for c in connection.execute(f"{query} LIMIT 0").description or []]
    texts = ", ".join(f'"{c}"::VARCHAR' for c in names if c != "n")
    return f"SELECT [{texts}] AS columns, n FROM ({query})"


def same(what: str, by_cdmq: Digest, by_hand: Digest) -> str:
    """One line that says so, or an error with the first that differ."""
    if by_cdmq != by_hand:
        names = [k for k in {*by_cdmq, *by_hand} if by_cdmq.get(k) != by_hand.get(k)]
        told = [f"{k}: cdmq {by_cdmq.get(k)}, by hand {by_hand.get(k)}" for k in sorted(names)[:5]]
        raise SystemExit(f"{what} differ\n" + "\n".join(told))
    total = sum(n for n, _ in by_hand.values())
    return f"{what}: {total:,} in both, the same"
