"""Many columns and many rules: what a run costs as both grow, on DuckDB and on PostgreSQL.

    python tests/benchmarks/wide.py [--rows 2000] [--engine postgres] [--null-key]

One row a size: seconds of CPU of this process, for the steps of a run, and the seconds of a rule.
No more than linear: the last column does not grow. `--null-key`: one record has no key.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cdmq.api

sys.path.append(str(Path(__file__).parents[1] / "warehouses"))
sys.path.append(str(Path(__file__).parents[1]))

SIZES = ((50, 100), (150, 300), (450, 900))
_CHECKS: tuple[Mapping[str, Any], ...] = (
    {"check": "not_null"},
    {"check": "string_length", "min": 1, "max": 6},
    {"check": "regex", "pattern": "^v[0-9]+$"},
    {"check": "accepted_values", "values": ["v1", "v2"]},
    {"check": "not_blank"},
)


def columns(number: int) -> list[str]:
    return [f"c{i}" for i in range(number)]


def cell(row: int, column: int) -> str:
    """About one in twenty fails some check, one in ten has blanks to take away."""
    at = row * 31 + column * 17
    return (
        ""
        if at % 40 == 0
        else "wrong"
        if at % 40 == 1
        else f" v{at % 9}"
        if at % 10 == 2
        else (f"v{1 + at % 2}")
    )


def rules(wide: int, number: int) -> Iterator[dict[str, Any]]:
    """Of each column in turn; every eighth reads the next column too."""
    names = columns(wide)
    for i in range(number):
        column, other = names[1 + i % (wide - 1)], names[1 + (i + 1) % (wide - 1)]
        if i % 8 == 7:
            yield {
                "id": f"r{i}",
                "check": "expression",
                "must": f"{column} = {other} or {column} <> 'wrong'",
            }
        else:
            yield {"id": f"r{i}", "column": column, **_CHECKS[i % len(_CHECKS)]}


def write(
    root: Path, wide: int, number: int, rows: int, output: Mapping[str, Any], null_key: bool
) -> None:
    names = columns(wide)
    for folder in ("models", "rules", "data"):
        (root / folder).mkdir()
    files = {
        "cdmq_project.yml": {"name": "wide", "profile": "wide"},
        "profiles.yml": {"wide": {"target": "it", "outputs": {"it": output}}},
        "models/m.yml": {
            "version": "1",
            "datasets": [
                {"name": "wide", "file": "data/w.csv", "key": "c0", "missing_values": ["", "n/a"]}
            ],
        },
        "rules/r.yml": {
            "version": "1",
            "dataset": "wide",
            "defaults": [{"column": c, "standardise": "whitespace"} for c in names[1:]],
            "validation": list(rules(wide, number)),
        },
    }
    for path, content in files.items():
        (root / path).write_text(json.dumps(content, indent=1))
    with (root / "data/w.csv").open("w") as out:
        out.write(",".join(names) + "\n")
        for r in range(rows):
            key = "" if null_key and not r else f"k{r}"
            out.write(",".join([key, *(cell(r, c) for c in range(1, wide))]) + "\n")


def measured(root: Path) -> dict[str, float]:
    """CPU seconds of this process and its threads, wall seconds of the run."""
    found = {}
    for name, step in (
        ("parse", cdmq.api.parse),
        ("compile", cdmq.api.compile),
        ("run", cdmq.api.run),
        ("again", cdmq.api.run),
    ):
        cpu, wall = time.process_time(), time.perf_counter()
        result = step(root)
        found[name] = time.process_time() - cpu
        found[f"{name} wall"] = time.perf_counter() - wall
        if name == "run":
            assert not result.failed
            assert not [r for r in result.results if r.status == "error"]
    return found


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--rows", type=int, default=2_000)
    words.add_argument("--sizes", type=int, nargs="+", default=range(len(SIZES)))
    words.add_argument("--engine", choices=("duckdb", "postgres"), default="duckdb")
    words.add_argument("--null-key", action="store_true")
    given = words.parse_args()
    print(
        "| columns | rules | parse | compile | run | wall | again | ms a rule |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    with target(given.engine) as output:
        for wide, number in (SIZES[i] for i in given.sizes):
            with tempfile.TemporaryDirectory() as folder:
                write(
                    Path(folder),
                    wide,
                    number,
                    given.rows,
                    output | ({"schema": f"wide_{wide}"} if given.engine == "postgres" else {}),
                    given.null_key,
                )
                cost = measured(Path(folder))
            steps = [cost[n] for n in ("parse", "compile", "run", "run wall", "again")]
            print(
                f"| {wide} | {number} | "
                + " | ".join(f"{s:.2f}" for s in steps)
                + f" | {cost['run'] * 1000 / number:.1f} |",
                flush=True,
            )


@contextmanager
def target(engine: str) -> Iterator[dict[str, Any]]:
    """Where a run writes: a file, or a schema of a server that is started for it."""
    if engine == "duckdb":
        yield {"type": "duckdb", "path": "wide.duckdb"}
        return
    from postgres_servers import packaged
    from runner import postgres_parts

    with packaged(18) as uri:
        yield {"type": "postgres", **postgres_parts(uri)}


if __name__ == "__main__":
    main()
