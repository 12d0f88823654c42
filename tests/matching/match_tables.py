"""The scratch tables of matching, made by hand in a database of their own."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb

from cdmq.kinds.matching.engine.clusters import cluster
from cdmq.kinds.matching.engine.parties import carry
from cdmq.kinds.matching.words import MatchingRule

Row = tuple[Any, ...]


def rule(**words: Any) -> MatchingRule:
    return MatchingRule.model_validate(
        {
            "id": "same",
            "same_if": [["tax_id"]],
            "merge_above": "99%",
            "review_above": "80%",
            **words,
        }
    )


def fill(
    connection: duckdb.DuckDBPyConnection, table: str, columns: str, rows: Iterable[Row]
) -> None:
    connection.execute(f"CREATE OR REPLACE TABLE {table} ({columns})")
    listed = list(rows)
    if listed:
        marks = ", ".join(["(" + ", ".join("?" * len(listed[0])) + ")"] * len(listed))
        cells = [cell for row in listed for cell in row]
        connection.execute(f"INSERT INTO {table} VALUES {marks}", cells)


def clustered(
    pairs: Sequence[Row],
    records: int,
    using: MatchingRule | None = None,
    values: Mapping[str, Mapping[int, str]] | None = None,
    seed: int | None = None,
    household: Sequence[tuple[int, int]] = (),
) -> tuple[list[list[int]], list[Row]]:
    """The clusters of more than one record, and what is held: (a, b, why).

    `pairs`: (a, b, why, probability, weight); `values`: column: {record: value}; `seed` shuffles.
    """
    connection = duckdb.connect()
    columns = values or {}
    rows = [(n, f"k{n:04}", *(v.get(n) for v in columns.values())) for n in range(1, records + 1)]
    pairs = list(pairs)
    if seed is not None:
        random.Random(seed).shuffle(rows)
        random.Random(seed).shuffle(pairs)
    quoted = ['"' + c.replace('"', '""') + '" VARCHAR' for c in columns]
    fill(connection, "records", ", ".join(["rid INTEGER", "key VARCHAR", *quoted]), rows)
    fill(
        connection,
        "pairs",
        "a INTEGER, b INTEGER, why VARCHAR, probability DOUBLE, weight DOUBLE, weights VARCHAR",
        [(*pair, None) for pair in pairs],
    )
    fill(connection, "household", "a INTEGER, b INTEGER", household)
    cluster(connection, using or rule())
    members = connection.execute("SELECT rid, cluster FROM members ORDER BY rid").fetchall()
    assert [rid for rid, _ in members] == list(range(1, records + 1))
    groups: dict[int, list[int]] = {}
    for rid, name in members:
        groups.setdefault(name, []).append(rid)
    assert all(name == group[0] for name, group in groups.items())
    held = connection.execute("SELECT a, b, why FROM held ORDER BY a, b").fetchall()
    assert len({row[:2] for row in held}) == len(held)
    return [group for group in groups.values() if len(group) > 1], held


class Parties:
    """A matching rule from run to run: what is published, and every id there ever was."""

    def __init__(self, rule_id: str = "same") -> None:
        self.connection = duckdb.connect(config={"threads": 1})
        self.rule_id = rule_id
        self.runs = 0
        #: key: (party, the run in which it no longer had it).
        self.held: dict[str, tuple[str, str | None]] = {}
        self.astray: dict[str, str | None] = {}
        self.bygone: dict[str, set[str]] = {}
        self.minted: set[str] = set()
        self.leads: dict[str, str] = {}

    @property
    def xref(self) -> dict[str, str]:
        return {key: party for key, (party, gone) in self.held.items() if gone is None}

    def run(self, clusters: Iterable[Iterable[str]], seed: int = 0) -> list[Row]:
        """Publish these clusters of keys; the events."""
        self.runs += 1
        groups = [sorted(group) for group in clusters]
        rid = {key: n for n, key in enumerate(sorted(k for g in groups for k in g), start=1)}
        members = [(rid[key], rid[group[0]]) for group in groups for key in group]
        tables: list[tuple[str, str, list[Row]]] = [
            ("records", "rid INTEGER, key VARCHAR", [(n, key) for key, n in rid.items()]),
            ("members", "rid INTEGER, cluster INTEGER", list(members)),
            (
                "was",
                "key VARCHAR, party_id VARCHAR, to_run VARCHAR",
                [(key, *was) for key, was in self.held.items()],
            ),
            ("astray", "key VARCHAR, own VARCHAR", list(self.astray.items())),
            (
                "bygone",
                "key VARCHAR, party_id VARCHAR",
                [(key, party) for party, keys in self.bygone.items() for key in keys],
            ),
            ("minted", "party_id VARCHAR", [(party,) for party in sorted(self.minted)]),
        ]
        for name, columns, rows in tables:
            random.Random(seed).shuffle(rows)
            fill(self.connection, name, columns, rows)
        carry(self.connection, self.rule_id)
        rows = self.connection.execute("SELECT key, party_id FROM xref").fetchall()
        assert len(rows) == len(rid)
        self._keep(dict(rows))
        events = self.connection.execute("FROM events ORDER BY ALL").fetchall()
        self.minted |= {e[1] for e in events if e[0] in ("mint", "split")}
        self.astray = dict(self.connection.execute("FROM new_astray").fetchall())
        self.leads = dict(self.connection.execute("FROM leads").fetchall())
        return events

    def _keep(self, now: dict[str, str]) -> None:
        left: dict[str, set[str]] = {}
        for key, party in self.xref.items():
            if now.get(key) != party:
                left.setdefault(party, set()).add(key)
                self.held[key] = party, str(self.runs)
        self.bygone |= left
        self.held |= {key: (party, None) for key, party in now.items()}

    def parties(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for key, party in self.xref.items():
            found.setdefault(party, set()).add(key)
        return found

    def resolve(self, party: str) -> str | None:
        return party if party in self.xref.values() else self.leads.get(party)
