"""Matching of the Febrl sets by column names alone, against Splink by hand.

python tests/benchmarks/febrl.py [--sets 1 2 3 4] [--threads 2]

Candidates' recall: the share of the true pairs that are compared at all. The parties of Splink
are the closure of its pairs of 95%; in the last column the best of five fixed thresholds, which
nobody knows beforehand.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import matched
import measure
import splink_by_hand
import yaml
from matched import Pair, Quality
from measure import REPOSITORY, Cost

EXAMPLE = REPOSITORY / "examples" / "febrl"
FILES = {"1": ("1",), "2": ("2",), "3": ("3",), "4": ("4a", "4b")}
THRESHOLDS = (0.5, 0.9, 0.95, 0.99, 0.999)
HEAD = (
    "| set | process | candidates' recall | precision | recall | F1 | cluster F1 | parties | "
    "CPU s | best F1 of a fixed threshold |\n|" + "---|" * 10
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sets", nargs="+", choices=FILES, default=[*FILES])
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def words(name: str) -> dict[str, Any]:
    """The matching rule of the example, without its head."""
    text = (EXAMPLE / f"rules/sets/set_{name}.yml").read_text("utf-8")
    (rule,) = yaml.safe_load(text)["matching"]
    return {k: v for k, v in rule.items() if k not in ("id", "why")}


def prepare(name: str, data: Path) -> None:
    """The set as parquet: blanks are nothing, dates are dates, the truth is a column."""
    files = [str(EXAMPLE / f"data/dataset{n}.csv") for n in FILES[name]]
    with duckdb.connect() as connection:
        rows = connection.sql(f"""SELECT nullif(trim(COLUMNS(*)), '') FROM read_csv({files},
            all_varchar := true, normalize_names := true)""")
        rows.select("""rec_id AS unique_id, * EXCLUDE rec_id REPLACE (
            CAST(try_strptime(date_of_birth, '%Y%m%d') AS DATE) AS date_of_birth),
            regexp_extract(rec_id, 'rec-([0-9]+)', 1) AS cluster""").write_parquet(str(data))


class Contest:
    """One set, both sides."""

    def __init__(self, name: str, folder: Path, threads: int) -> None:
        self.name, self.folder, self.threads = name, folder, threads
        self.data, self.words = folder / "set.parquet", words(name)
        prepare(name, self.data)
        self.entity: dict[str, str] = dict(self.query("SELECT unique_id, cluster FROM data"))
        self.all = matched.closed(self.entity, [])

    def query(self, sql: str) -> list[Any]:
        with duckdb.connect() as connection:
            connection.read_parquet(str(self.data)).create_view("data")
            return connection.execute(sql).fetchall()

    def cdmq(self) -> str:
        project = self.folder / "project"
        matched.write(project, **{"columns": {}, "threads": self.threads, **self.words})
        matched.deliver(project, self.data)
        cost = measure.measured(matched.command(project))
        found = matched.quality(self.data, matched.read(matched.warehouse(project), matched.XREF))
        return self.row("cdmq", self.recall(self.candidates(project)), found, cost, "")

    def candidates(self, project: Path) -> Iterator[Pair]:
        """What the run compared, by its model, once more."""
        from cdmq.kinds.matching.engine.model import Model
        from cdmq.kinds.matching.engine.score import score
        from cdmq.kinds.matching.words import MatchingRule

        rule = MatchingRule.model_validate({"id": "same_person", **self.words})
        ((settings, records),) = matched.read(
            matched.warehouse(project), "SELECT settings, trained_on FROM cdmq.match_models"
        )
        with duckdb.connect() as connection:
            rows = connection.read_parquet(str(self.data))
            rows.select(
                "CAST(row_number() OVER (ORDER BY unique_id) AS INTEGER) AS rid, "
                "unique_id AS key, * EXCLUDE (unique_id, cluster)"
            ).create("records")
            score(connection, rule, types(rule), Model(settings, records))
            yield from connection.execute(
                "SELECT l.key, r.key FROM candidates JOIN records AS l ON l.rid = join_key_l "
                "JOIN records AS r ON r.rid = join_key_r"
            ).fetchall()

    def splink(self) -> str:
        script = Path(__file__).with_name("splink_by_hand.py")
        cost = measure.measured(
            [
                sys.executable,
                str(script),
                "febrl",
                str(self.data),
                str(self.folder),
                str(self.threads),
            ]
        )
        keys = list(self.entity)
        with duckdb.connect() as connection:
            pairs = connection.read_parquet(str(self.folder / "pairs.parquet")).fetchall()
            parties = connection.read_parquet(str(self.folder / "parties.parquet")).fetchall()
        by_threshold = {
            t: matched.quality(
                self.data, matched.closed(keys, [(a, b) for a, b, p in pairs if p >= t])
            ).f1
            for t in THRESHOLDS
        }
        best = max(THRESHOLDS, key=lambda t: by_threshold[t])
        compared = splink_by_hand.candidates(
            "febrl", str(self.data), str(self.folder / "model.json")
        )
        return self.row(
            "Splink by hand",
            self.recall(compared),
            matched.quality(self.data, parties),
            cost,
            f"{by_threshold[best]:.4f} at {best:.1%}",
        )

    def recall(self, compared: Any) -> float:
        right = {frozenset(p) for p in compared if self.entity[p[0]] == self.entity[p[1]]}
        ((true,),) = self.query(
            "SELECT sum(n * (n - 1) // 2) FROM (SELECT count(*) AS n FROM data GROUP BY cluster)"
        )
        return len(right) / int(true)

    def row(self, process: str, recall: float, found: Quality, cost: Cost, best: str) -> str:
        return (
            f"| {self.name} | {process} | {recall:.4f} | {found.cells} | {cost.cpu:.1f} | {best} |"
        )


def types(rule: Any) -> dict[str, str]:
    return {c: "date" if how == "date" else "text" for c, how in rule.compare.items()}


def main() -> None:
    given = arguments()
    print(HEAD, flush=True)
    for name in given.sets:
        with tempfile.TemporaryDirectory() as folder:
            contest = Contest(name, Path(folder), given.threads)
            print(contest.cdmq(), flush=True)
            print(contest.splink(), flush=True)


if __name__ == "__main__":
    main()
