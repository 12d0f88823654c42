"""Prints how the reference project's parties and levels compare with the truth.

    python tests/tools/parties_report.py target/reference.duckdb

Pairs: two records of one customer. Clusters: all records of a customer and no other. Levels: those
of customers whose parties are rightly matched. Exit 1 when one is below its limit.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

TRUTH = Path(__file__).resolve().parents[1] / "truth" / "reference"
LIMITS = {"pairs F1": 0.98, "clusters F1": 0.98, "levels": 0.999}


@dataclass(frozen=True)
class Parties:
    """Figures from 0 to 1, and how many parties hold records of several customers."""

    figures: Mapping[str, float]
    mixed: int
    households: int
    concerns: int
    levels: tuple[int, int]

    @property
    def good(self) -> bool:
        return all(self.figures[name] >= limit for name, limit in LIMITS.items())


def read(name: str) -> list[dict[str, str]]:
    with (TRUTH / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def compare(party_of: Mapping[str, str], level_of: Mapping[str, str]) -> Parties:
    """`party_of`: key -> party; `level_of`: party -> level, of the open rows."""
    true_of = {f"{r['source']}/{r['source_id']}": r["entity_id"] for r in read("records.csv")}
    # Where a key stands twice, each row is a record: `crm/0014724 #e7d278fc4e (2)`.
    key_of = {name: name.partition(" #")[0] for name in party_of}
    assert set(true_of) == set(key_of.values())
    customer_of = {name: true_of[key] for name, key in key_of.items()}
    found, true = members(party_of), members(customer_of)
    both = Counter(zip(map(party_of.get, customer_of), customer_of.values(), strict=True))
    pairs = [
        sum(n * (n - 1) // 2 for n in counts)
        for counts in (
            both.values(),
            (len(m) for m in found.values()),
            (len(m) for m in true.values()),
        )
    ]
    right = {frozenset(m): customer for customer, m in true.items()}
    matched = {party: right[frozenset(m)] for party, m in found.items() if frozenset(m) in right}
    levels = {r["entity_id"]: r["level"] for r in read("levels.csv")}
    same = sum(level_of[party] == levels[customer] for party, customer in matched.items())
    people = {r["entity_id"]: r for r in read("entities.csv")}
    mixed = [{customer_of[k] for k in m} for m in found.values()]
    mixed = [customers for customers in mixed if len(customers) > 1]
    figures = {
        "pairs precision": pairs[0] / pairs[1],
        "pairs recall": pairs[0] / pairs[2],
        "pairs F1": 2 * pairs[0] / (pairs[1] + pairs[2]),
        "clusters precision": len(matched) / len(found),
        "clusters recall": len(matched) / len(true),
        "clusters F1": 2 * len(matched) / (len(found) + len(true)),
        "levels": same / len(matched),
    }
    return Parties(
        figures,
        len(mixed),
        shared(mixed, people, "household_id"),
        shared(mixed, people, "concern_id"),
        (same, len(matched)),
    )


def members(group_of: Mapping[str, str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for key, group in group_of.items():
        found[group].add(key)
    return found


def shared(mixed: Iterable[set[str]], people: Mapping[str, Mapping[str, str]], column: str) -> int:
    """How many of these parties hold two customers of one household or concern."""
    counts = (
        Counter(people[c][column] for c in customers if people[c][column]) for customers in mixed
    )
    return sum(any(n > 1 for n in count.values()) for count in counts)


def main(file: str) -> int:
    import duckdb

    with duckdb.connect(file, read_only=True) as connection:
        party_of = dict(
            connection.execute(
                "SELECT key, party_id FROM cdmq.xref WHERE to_run IS NULL"
            ).fetchall()
        )
        level_of = dict(
            connection.execute(
                "SELECT key, level FROM cdmq.tier_history WHERE to_run IS NULL"
            ).fetchall()
        )
    found = compare(party_of, level_of)
    for name, figure in found.figures.items():
        limit = f"  (limit {LIMITS[name]})" if name in LIMITS else ""
        print(f"{name:<20} {figure:.4f}{limit}")
    print(
        f"{found.mixed} parties hold records of several customers: {found.households} of one "
        f"household, {found.concerns} of one concern"
    )
    print(f"{found.levels[0]:,} of {found.levels[1]:,} rightly matched customers have their level")
    return 0 if found.good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
