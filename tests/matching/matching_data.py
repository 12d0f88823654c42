"""Records for the tests of matching: a scratch DuckDB with `records`, from plain rows."""

from __future__ import annotations

import random
from typing import Any

import duckdb

from cdmq.kinds.matching.engine.score import score
from cdmq.kinds.matching.engine.train import train
from cdmq.kinds.matching.words import MatchingRule

NAMES = (
    "anna bert carla dirk elsa franz gerda hans ilse jakob klara lukas maria nils olga peter "
    "rosa stefan tina ulrich vera wolfgang xenia yusuf zoe"
)
STARTS, ENDS = "acker baum berg busch eich feld hof kirch stein tal wald", "bauer mann meier huber"
FIRST = NAMES.split()
LAST = [a + b for a in STARTS.split() for b in ENDS.split()]


def scratch(columns: dict[str, str], rows: list[tuple[Any, ...]]) -> duckdb.DuckDBPyConnection:
    """rid follows the order of rows: the first column is the key."""
    connection = duckdb.connect()
    quoted = ['"' + name.replace('"', '""') + '" ' + type_ for name, type_ in columns.items()]
    connection.execute(f"CREATE TABLE records(rid INTEGER, key VARCHAR, {', '.join(quoted)})")
    for rid, row in enumerate(sorted(rows, key=lambda row: row[0]), 1):
        marks = ", ".join("?" * (len(row) + 1))
        connection.execute(f"INSERT INTO records VALUES ({marks})", [rid, *row])
    return connection


def matched(
    columns: dict[str, str], rows: list[tuple[Any, ...]], **rule: Any
) -> dict[tuple[str, str], tuple[str, float]]:
    """{(key, key): (why, probability)} after training on the rows themselves."""
    connection = scratch(columns, rows)
    typed = MatchingRule(id="r", **rule)
    model = train(connection, typed, columns) if typed.compare else None
    score(connection, typed, columns, model)
    return {
        (a, b): (why, p)
        for a, b, why, p in connection.execute(
            "SELECT l.key, r.key, why, probability FROM pairs JOIN records l ON l.rid = a "
            "JOIN records r ON r.rid = b"
        ).fetchall()
    }


PEOPLE = {"first": "VARCHAR", "last": "VARCHAR", "born": "DATE", "email": "VARCHAR"}
COMPARED = {"first": "name", "last": "name", "born": "date", "email": "email"}


def people(count: int, seed: int = 1) -> list[tuple[Any, ...]]:
    """Different persons, with keys p000, p001, ..."""
    draw = random.Random(seed)
    return [
        (
            f"p{i:03}",
            first,
            last,
            f"{draw.randint(1930, 2005)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}",
            f"{first}.{last}{i}@example.org",
        )
        for i in range(count)
        for first, last in [(draw.choice(FIRST), draw.choice(LAST))]
    ]
