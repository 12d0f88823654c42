"""A matching rule on one table, run as a project; and how good parties are.

DATA is parquet with `unique_id` and `cluster`, the true entity, which no rule sees.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

Pair = tuple[str, str]
XREF = "SELECT key, party_id AS party FROM cdmq.xref WHERE to_run IS NULL"
MERGED = (
    "SELECT key_a AS a, key_b AS b, probability FROM cdmq.pairs WHERE to_run IS NULL "
    "AND verdict IN ('same_if', 'score')"
)


@dataclass(frozen=True)
class Quality:
    """Pairwise precision, recall and F1 of parties; `whole`: F1 of parties found as they are."""

    precision: float
    recall: float
    f1: float
    whole: float
    parties: int

    @property
    def cells(self) -> str:
        return (
            f"{self.precision:.4f} | {self.recall:.4f} | {self.f1:.4f} | {self.whole:.4f} | "
            f"{self.parties:,}"
        )


def write(
    folder: Path, compare: Mapping[str, str], columns: Mapping[str, str], threads: int, **words: Any
) -> None:
    """A project whose dataset is data.parquet, with one matching rule."""
    output = {"type": "duckdb", "path": "target/people.duckdb", "threads": threads}
    files: dict[str, Any] = {
        "cdmq_project.yml": {"name": "benchmark", "profile": "benchmark"},
        "profiles.yml": {"benchmark": {"target": "dev", "outputs": {"dev": output}}},
        "models/people.yml": {
            "version": 1,
            "datasets": [
                {
                    "name": "people",
                    "file": "data.parquet",
                    "key": "unique_id",
                    "columns": dict(columns),
                }
            ],
        },
        "rules/people.yml": {
            "version": 1,
            "dataset": "people",
            "owner": "benchmark",
            "matching": [{"id": "same_person", "compare": dict(compare), **words}],
        },
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def deliver(folder: Path, data: Path, where: str = "true") -> None:
    """What stands in DATA, without the truth, becomes the file of the project."""
    with duckdb.connect() as connection:
        connection.read_parquet(str(data)).filter(where).select("* EXCLUDE cluster").write_parquet(
            str(folder / "data.parquet")
        )


def command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "cdmq", "run", "--project-dir", str(folder)]


def warehouse(folder: Path) -> Path:
    return folder / "target" / "people.duckdb"


def quality(data: Path, parties: Iterable[Pair]) -> Quality:
    """Of (key, party) against the truth in DATA; every key of DATA counts that has a party."""
    with duckdb.connect() as connection:
        listed = list(parties)
        connection.execute(
            "CREATE TABLE found AS SELECT unnest($1) AS key, unnest($2) AS party",
            [[k for k, _ in listed], [p for _, p in listed]],
        )
        connection.execute(
            "CREATE TABLE joined AS SELECT key, party, cluster::VARCHAR AS entity "
            "FROM found JOIN read_parquet($1) ON key = unique_id",
            [str(data)],
        )

        def pairs(by: str) -> int:
            return _one(
                connection,
                "SELECT sum(n * (n - 1) // 2) FROM (SELECT count(*) AS n "
                f"FROM joined GROUP BY {by})",
            )

        right, said, true = pairs("party, entity"), pairs("party"), pairs("entity")
        entities, found = (
            _one(connection, f"SELECT count(DISTINCT {c}) FROM joined") for c in ("entity", "party")
        )
        whole = _one(
            connection,
            """
            SELECT count(*) FROM (SELECT any_value(party) AS party, count(*) AS n FROM joined
                GROUP BY entity HAVING count(DISTINCT party) = 1)
            JOIN (SELECT party, count(*) AS n FROM joined GROUP BY party) USING (party, n)""",
        )
    return Quality(
        right / max(said, 1),
        right / max(true, 1),
        2 * right / max(said + true, 1),
        2 * whole / (entities + found),
        found,
    )


def pair_f1(data: Path, database: Path | None, query: str, least: float = 0) -> float:
    """F1 of the pairs (a, b, probability) that a query gives, as they are: not closed."""
    with duckdb.connect(str(database or ":memory:"), read_only=database is not None) as connection:
        said, right = connection.execute(
            f"SELECT count(*), count(*) FILTER (l.cluster = r.cluster) FROM ({query}) AS p "
            f"JOIN '{data}' AS l ON l.unique_id = p.a JOIN '{data}' AS r ON r.unique_id = p.b "
            "WHERE p.probability >= $1",
            [least],
        ).fetchall()[0]
        true = _one(
            connection,
            "SELECT sum(n * (n - 1) // 2) FROM (SELECT count(*) AS n "
            f"FROM '{data}' GROUP BY cluster)",
        )
    return 2 * right / (said + true)


def closed(keys: Iterable[str], pairs: Iterable[Pair]) -> list[Pair]:
    """(key, party) by transitive closure."""
    parent = {key: key for key in keys}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for a, b in pairs:
        parent[root(a)] = root(b)
    return [(key, root(key)) for key in parent]


def read(database: Path, query: str) -> list[Any]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0] or 0)
