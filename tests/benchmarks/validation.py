"""Validation against SQL by hand: many rules over many customers, flags written, whole process.

python tests/benchmarks/validation.py --rows 1000000 --rounds 3 --rules 40
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

import by_hand
import customers
import duckdb
import measure
import project
from measure import Cost
from ruleset import Rule, rules

FIRST_HAND, SECOND_HAND = "SQL by hand, first run", "SQL by hand, second run"
FIRST, SECOND = "cdmq, first run", "cdmq, second run"
AGAINST = {FIRST: FIRST_HAND, SECOND: FIRST_HAND, SECOND_HAND: FIRST_HAND}
FAILED_RULES = frozenset({1})


def arguments(about: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rules", type=int, default=40, help="40, or up to 200 with variants")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--dir",
        type=Path,
        help="where data is kept and copied to",
        default=Path(tempfile.gettempdir()) / "cdmq_benchmarks",
    )
    return parser.parse_args()


class Benchmark:
    """Both sides on copies of the same database file."""

    def __init__(self, given: argparse.Namespace, work: Path) -> None:
        self.given, self.work = given, work
        self.rules: list[Rule] = rules(given.rules)
        self.data = customers.database(given.rows, given.dir)
        self.cdmq_file, self.hand_file = work / "with_cdmq.duckdb", work / "by_hand.duckdb"
        self.costs: dict[str, list[Cost]] = {}
        self.write()

    def write(self) -> None:
        project.write(self.work / "project", self.cdmq_file, self.rules, self.given.threads)
        self.sql("first", by_hand.flags(self.rules))
        self.sql("second", by_hand.again(self.rules))

    def sql(self, name: str, text: str) -> None:
        (self.work / f"{name}.sql").write_text(text, encoding="utf-8")

    def rounds(self) -> None:
        for _ in range(self.given.rounds):
            for copy in (self.hand_file, self.cdmq_file):
                shutil.copyfile(self.data, copy)
            self.time(FIRST_HAND, self.by_hand("first"))
            self.time(FIRST, project.command(self.work / "project"), FAILED_RULES)
            self.time(SECOND_HAND, self.by_hand("second"))
            self.time(SECOND, project.command(self.work / "project"), FAILED_RULES)

    def by_hand(self, name: str) -> list[str]:
        script = Path(__file__).with_name("run_sql.py")
        return [
            sys.executable,
            str(script),
            str(self.hand_file),
            str(self.given.threads),
            str(self.work / f"{name}.sql"),
        ]

    def time(self, name: str, command: list[str], good: frozenset[int] = frozenset({0})) -> None:
        cost = measure.measured(command, good)
        self.costs.setdefault(name, []).append(cost)
        print(f"  {name}: {cost.cpu:.2f} CPU s", file=sys.stderr, flush=True)

    def checked(self) -> list[str]:
        return [
            measure.same(
                "flags",
                measure.digest(self.cdmq_file, project.FLAGS),
                measure.digest(self.hand_file, by_hand.FLAGS),
            )
        ]

    def failing_share(self) -> float:
        with duckdb.connect(str(self.hand_file), read_only=True) as connection:
            query = "SELECT count(DISTINCT key) FROM flags WHERE key IS NOT NULL"
            return connection.execute(query).fetchall()[0][0] / self.given.rows

    def report(self) -> None:
        self.rounds()
        for line in self.checked():
            print(line)
        print(
            f"{self.given.rows:,} customers, {len(self.rules)} rules, "
            f"{self.failing_share():.1%} of the keys fail one, {self.given.threads} threads, "
            f"medians of {self.given.rounds} rounds\n"
        )
        print(measure.table(self.costs, AGAINST))


def main(kind: type[Benchmark], about: str) -> None:
    given = arguments(about)
    given.dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=given.dir) as work:
        kind(given, Path(work)).report()


if __name__ == "__main__":
    main(Benchmark, __doc__ or "")
