"""Prints precision and recall of the reference project's rules per kind of planted error.

    python tests/tools/planted_report.py target/reference.duckdb

Compares the open flags and changes of the audit tables with tests/truth/reference/planted.csv.
A flag that a rule raised on a record where nothing was planted for that rule counts against every
kind that the rule is to find. Exit 1 when a kind is below .99, or a rule without planted errors
flagged or changed anything.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

LIMIT = 0.99
TRUTH = Path(__file__).resolve().parents[1] / "truth" / "reference" / "planted.csv"
OPEN = "to_run is null"


@dataclass(frozen=True)
class Find:
    """What a rule did to a record. `new`: what a default made of the cell; "" for a flag."""

    rule: str
    key: str
    new: str = ""


@dataclass
class Kind:
    """What is to be found of one kind, and by which rules."""

    expected: set[Find] = field(default_factory=set)
    rules: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Score:
    kind: str
    planted: int
    found: int
    wrong: int

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.wrong) if self.found + self.wrong else 0.0

    @property
    def recall(self) -> float:
        return self.found / self.planted if self.planted else 1.0

    @property
    def good(self) -> bool:
        return self.precision >= LIMIT and self.recall >= LIMIT


def escape(part: str) -> str:
    return part.replace("\\", "\\\\").replace("/", "\\/")


def key_of(row: dict[str, str]) -> str:
    """The text form of a record's key: composite in the stacked datasets."""
    if row["dataset"] in ("customers", "customer_orders"):
        return f"{escape(row['source'])}/{escape(row['source_id'])}"
    return escape(row["source_id"])


def read_truth(path: Path = TRUTH) -> dict[str, Kind]:
    kinds: dict[str, Kind] = defaultdict(Kind)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["certain"] != "yes":
                continue
            new = (row["expected"] or row["true"]) if row["effect"] == "change" else ""
            kinds[row["kind"]].expected.add(Find(row["rule"], key_of(row), new))
            kinds[row["kind"]].rules.add(row["rule"])
    return dict(kinds)


def read_audit(path: Path) -> set[Find]:
    import duckdb

    with duckdb.connect(str(path), read_only=True) as database:
        flags = database.execute(f"select rule_id, key from cdmq.flags where {OPEN}").fetchall()
        changes = database.execute(
            f"select rule_id, key, new_value from cdmq.changes where {OPEN}"
        ).fetchall()
    return {Find(rule, key or "") for rule, key in flags} | {
        Find(rule, key or "", new or "") for rule, key, new in changes
    }


def scores(kinds: dict[str, Kind], audit: Iterable[Find]) -> tuple[list[Score], list[Find]]:
    """A score per kind, and what rules without planted errors found."""
    of_rule: dict[str, set[Find]] = defaultdict(set)
    for find in audit:
        of_rule[find.rule].add(find)
    planted: dict[str, set[Find]] = defaultdict(set)
    for kind in kinds.values():
        for find in kind.expected:
            planted[find.rule].add(find)
    listed = []
    for name, kind in sorted(kinds.items()):
        made = {find for rule in kind.rules for find in of_rule[rule]}
        wrong = {find for find in made if find not in planted[find.rule]}
        listed.append(Score(name, len(kind.expected), len(kind.expected & made), len(wrong)))
    stray = sorted((f for r, found in of_rule.items() if r not in planted for f in found), key=str)
    return listed, stray


def report(path: Path) -> bool:
    kinds = read_truth()
    audit = read_audit(path)
    listed, stray = scores(kinds, audit)
    print(f"{'kind':<26}{'planted':>8}{'found':>8}{'wrong':>7}{'precision':>11}{'recall':>8}")
    for score in listed:
        mark = "" if score.good else "  <-- below .99"
        print(f"{score.kind:<26}{score.planted:>8}{score.found:>8}{score.wrong:>7}"
              f"{score.precision:>11.4f}{score.recall:>8.4f}{mark}")  # fmt: skip
    planted = sum(s.planted for s in listed)
    print(f"{planted:,} planted errors that a rule can know for certain, {len(listed)} kinds")
    for find in stray[:20]:
        print(f"nothing was planted for {find.rule}, yet it found {find.key} {find.new}".rstrip())
    return all(s.good for s in listed) and not stray


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    return 0 if report(Path(arguments[0])) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
