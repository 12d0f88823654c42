"""Matching of many people: training, a frozen model and 1% new records, against Splink by hand.

python tests/benchmarks/matching.py --people 1000000 --rounds 1
python tests/benchmarks/matching.py --data people.parquet

`--data` takes the place of people.py: parquet with unique_id, cluster (the true person),
first_name, surname, dob, email, phone, street, city and postcode. Every hundredth record is kept
back and comes as news; all else runs on the other 99.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

import duckdb
import matched
import measure
import people
from matched import Quality
from measure import Cost

COMPARE = {
    "first_name": "name",
    "surname": "name",
    "dob": "date",
    "email": "email",
    "phone": "phone",
    "street": "address",
    "city": "name",
    "postcode": "postcode",
}
OLD = "hash(unique_id) % 100 > 0"
TRAINED, FROZEN, MORE = "cdmq, training run", "cdmq, frozen model", "cdmq, frozen model, 1% new"
SPLINK, SPLINK_FROZEN = "Splink by hand, training", "Splink by hand, saved model"
AGAINST = {TRAINED: SPLINK, FROZEN: SPLINK_FROZEN, MORE: SPLINK_FROZEN, SPLINK_FROZEN: SPLINK}


#: Splink's own of 95 %, and others that nobody knows to be better or worse beforehand.
THRESHOLDS = (0.95, 0.99, 0.999)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path, help="parquet in place of generated people")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--dir",
        type=Path,
        help="where data is kept and worked on",
        default=Path(tempfile.gettempdir()) / "cdmq_benchmarks",
    )
    return parser.parse_args()


class Contest:
    """Both sides on the same records."""

    def __init__(self, given: argparse.Namespace, work: Path) -> None:
        self.given, self.work, self.project = given, work, work / "project"
        self.all, self.old = work / "all.parquet", work / "old.parquet"
        self.costs: dict[str, list[Cost]] = {}
        self.found: dict[str, tuple[float, Quality]] = {}
        self.notes: list[str] = []
        self.prepare()

    def prepare(self) -> None:
        wanted = ", ".join(["unique_id", "cluster", *COMPARE])
        data = self.given.data
        if data is None:
            data = self.given.dir / f"people_{self.given.people}.parquet"
            if not data.exists():
                people.make(self.given.people, data)
        with duckdb.connect() as connection:
            rows = connection.read_parquet(str(data)).select(wanted)
            rows.write_parquet(str(self.all))
            rows.filter(OLD).write_parquet(str(self.old))

    def round(self) -> None:
        shutil.rmtree(self.project, ignore_errors=True)
        matched.write(self.project, COMPARE, {}, self.given.threads)
        matched.deliver(self.project, self.old)
        self.cdmq(TRAINED)
        self.judge(TRAINED, self.old)
        before = dict(matched.read(matched.warehouse(self.project), matched.XREF))
        self.cdmq(FROZEN)
        self.note_changes(before, "a second run")
        matched.deliver(self.project, self.all)
        self.cdmq(MORE)
        self.judge(MORE, self.all)
        self.note_changes(before, "1% new records")
        self.splink(SPLINK)
        self.splink(SPLINK_FROZEN, str(self.work / "model.json"))

    def cdmq(self, name: str) -> None:
        self.time(name, matched.command(self.project))

    def judge(self, name: str, data: Path) -> None:
        database = matched.warehouse(self.project)
        self.found[name] = (
            matched.pair_f1(data, database, matched.MERGED),
            matched.quality(data, matched.read(database, matched.XREF)),
        )

    def note_changes(self, before: dict[str, str], after: str) -> None:
        """Who has another party: because it went into one, as it may, or without that."""
        database = matched.warehouse(self.project)
        now = dict(matched.read(database, matched.XREF))
        leads = dict(matched.read(database, "SELECT party_id, now_id FROM cdmq.party_ids"))
        other = [key for key, party in before.items() if now.get(key) != party]
        merged = sum(now.get(key) == leads[before[key]] for key in other)
        self.notes.append(
            f"after {after} the parties of {merged:,} records went into others, "
            f"{len(other) - merged:,} records moved"
        )

    def splink(self, name: str, *model: str) -> None:
        script = Path(__file__).with_name("splink_by_hand.py")
        self.time(
            name,
            [
                sys.executable,
                str(script),
                "people",
                str(self.old),
                str(self.work),
                str(self.given.threads),
                *model,
            ],
        )
        if model:
            return
        with duckdb.connect() as connection:
            keys = [k for (k,) in connection.sql(f"SELECT unique_id FROM '{self.old}'").fetchall()]
            pairs = connection.read_parquet(str(self.work / "pairs.parquet")).fetchall()
        for least in THRESHOLDS:
            parties = matched.closed(keys, [(a, b) for a, b, p in pairs if p >= least])
            query = f"SELECT * FROM '{self.work / 'pairs.parquet'}'"
            self.found[f"Splink by hand, {least:.1%}"] = (
                matched.pair_f1(self.old, None, query, least),
                matched.quality(self.old, parties),
            )

    def time(self, name: str, command: list[str]) -> None:
        cost = measure.measured(command)
        self.costs.setdefault(name, []).append(cost)
        print(
            f"  {name}: {cost.cpu:.1f} CPU s, {cost.rss_mib:.0f} MiB", file=sys.stderr, flush=True
        )

    def report(self) -> None:
        for _ in range(self.given.rounds):
            self.round()
        print(
            f"{self.size():,} records, {self.given.threads} threads, medians of "
            f"{self.given.rounds} rounds; {'; '.join(dict.fromkeys(self.notes))}\n"
        )
        print(measure.table(self.costs, AGAINST))
        print(
            "\n| process | F1 of pairs | precision of parties | recall | F1 | cluster F1 | "
            "parties |\n|" + "---|" * 7
        )
        for name, (pairs, found) in self.found.items():
            print(f"| {name} | {pairs:.4f} | {found.cells} |")

    def size(self) -> int:
        with duckdb.connect() as connection:
            return len(connection.read_parquet(str(self.old)))


def main() -> None:
    given = arguments()
    given.dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=given.dir) as work:
        Contest(given, Path(work)).report()


if __name__ == "__main__":
    main()
