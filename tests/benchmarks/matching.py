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

COMPARE = {"first_name": "name", "surname": "name", "dob": "date", "email": "email",
           "phone": "phone", "street": "address", "city": "name", "postcode": "postcode"}
OLD = "hash(unique_id) % 100 > 0"
TRAINED, FROZEN, MORE = "cdmq, training run", "cdmq, frozen model", "cdmq, frozen model, 1% new"
SPLINK, SPLINK_FROZEN = "Splink by hand, training", "Splink by hand, saved model"
AGAINST = {TRAINED: SPLINK, FROZEN: SPLINK_FROZEN, MORE: SPLINK_FROZEN, SPLINK_FROZEN: SPLINK}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path, help="parquet in place of generated people")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--dir", type=Path, help="where data is kept and worked on",
                        default=Path(tempfile.gettempdir()) / "cdmq_benchmarks")
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
            matched.quality(data, matched.read(database, matched.XREF)))

    def note_changes(self, before: dict[str, str], after: str) -> None:
        now = dict(matched.read(matched.warehouse(self.project), matched.XREF))
        moved = sum(now.get(key) != party for key, party in before.items())
        self.notes.append(f"{moved:,} of {len(before):,} records have another party after {after}")

    def splink(self, name: str, *model: str) -> None:
        script = Path(__file__).with_name("splink_by_hand.py")
        self.time(name, [sys.executable, str(script), "people", str(self.old), str(self.work),
                         str(self.given.threads), *model])
        with duckdb.connect() as connection:
            parties = connection.read_parquet(str(self.work / "parties.parquet")).fetchall()
        pairs = f"SELECT * FROM '{self.work / 'pairs.parquet'}'"
        self.found[name] = (matched.pair_f1(self.old, self.work / "pairs.parquet", pairs, 0.95),
                            matched.quality(self.old, parties))

    def time(self, name: str, command: list[str]) -> None:
        cost = measure.measured(command)
        self.costs.setdefault(name, []).append(cost)
        print(f"  {name}: {cost.cpu:.1f} CPU s, {cost.rss_mib:.0f} MiB", file=sys.stderr,
              flush=True)

    def report(self) -> None:
        for _ in range(self.given.rounds):
            self.round()
        print(f"{self.size():,} records, {self.given.threads} threads, medians of "
              f"{self.given.rounds} rounds; {'; '.join(dict.fromkeys(self.notes))}\n")
        print(measure.table(self.costs, AGAINST))
        print("\n| process | F1 of pairs | precision of parties | recall | F1 | cluster F1 | "
              "parties |\n|" + "---|" * 7)
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
