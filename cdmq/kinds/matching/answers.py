"""What people said of pairs of records: they are the same, or not. It goes before the model.

Where answers contradict each other, as a chain of `same` between two records of which somebody said
`not_same`, the one of the lowest standing gives way, of equal ones the oldest; it is asked again.
An answer is bound to the values that were compared when it was given, or when a run first read it:
where these are others now it still counts, and is asked once more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cdmq.decisions.decision import Decision
from cdmq.decisions.standing import Standing
from cdmq.kinds.matching.engine.union_find import UnionFind
from cdmq.sql import nodes

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SAME, NOT_SAME, UNSURE = "same", "not_same", "unsure"
TYPES = (SAME, NOT_SAME, UNSURE)

_GIVEN = """
CREATE OR REPLACE TABLE answered(key_a VARCHAR, key_b VARCHAR, answer VARCHAR, decision VARCHAR,
  gave_way VARCHAR, a INTEGER, b INTEGER, evidence VARCHAR, changed BOOLEAN)
"""
_NUMBERED = """
UPDATE answered SET a = least(l.rid, r.rid), b = greatest(l.rid, r.rid)
FROM records AS l, records AS r WHERE l.key = answered.key_a AND r.key = answered.key_b
"""
_HEEDED = "d.answer <> 'unsure' AND d.gave_way IS NULL AND d.a IS NOT NULL"
#: The score stays beside what people said.
_SAID = f"""
UPDATE pairs SET why = d.answer FROM answered AS d
WHERE pairs.a = d.a AND pairs.b = d.b AND {_HEEDED};
INSERT INTO pairs BY NAME
SELECT d.a, d.b, d.answer AS why, CASE d.answer WHEN 'same' THEN 1.0 ELSE 0.0 END AS probability,
  NULL AS weight, NULL AS weights
FROM answered AS d ANTI JOIN pairs AS p ON p.a = d.a AND p.b = d.b WHERE {_HEEDED};
DELETE FROM household USING answered AS d
WHERE household.a = d.a AND household.b = d.b AND {_HEEDED}
"""
#: What is asked once more.
_AGAIN = """
INSERT INTO held BY NAME
SELECT d.a, d.b, CASE WHEN gave_way IS NOT NULL THEN 'contradicted' ELSE 'changed' END AS why,
  coalesce(p.probability, 1.0) AS probability, 0 AS more
FROM answered AS d LEFT JOIN pairs AS p ON p.a = d.a AND p.b = d.b
ANTI JOIN held AS h ON h.a = d.a AND h.b = d.b
WHERE d.a IS NOT NULL AND (gave_way IS NOT NULL OR (changed AND answer <> 'unsure'))
"""


@dataclass(frozen=True)
class Answers:
    """Of one rule: what counts, and of what gave way to which decision; each pair once.

    `digest`: of a text, by the target's key where something is hidden. `bound`: by the id of a
    decision, the digest of the values that stood there when a run first read it.
    """

    counts: Sequence[Decision] = ()
    gave_way: Mapping[Decision, str] = field(default_factory=dict)
    digest: Callable[[str], str] = str
    bound: Mapping[str, str] = field(default_factory=dict)

    def heed(self, scratch: DuckDBPyConnection, columns: Sequence[str]) -> None:
        """Make `answered` and put what counts into `pairs`, before clusters are made of them.
        `columns`: those of `records` that are compared."""
        scratch.execute(_GIVEN)
        rows = [(d, None) for d in self.counts] + list(self.gave_way.items())
        for d, other in rows:
            scratch.execute(
                "INSERT INTO answered BY NAME SELECT $1 AS key_a, $2 AS key_b, $3 AS answer, "
                "$4 AS decision, $5 AS gave_way",
                [*d.pair, d.type, d.id, other],
            )
        if not rows:
            return
        scratch.execute(_NUMBERED)
        bound = {d.id: d.evidence or self.bound.get(d.id) for d, _ in rows}
        for decision, values in scratch.execute(_seen(columns)).fetchall():
            now = self.digest(hashlib.md5(values.encode(), usedforsecurity=False).hexdigest())
            scratch.execute(
                "UPDATE answered SET evidence = $2, changed = $3 WHERE decision = $1",
                [decision, bound[decision] or now, (bound[decision] or now) != now],
            )
        scratch.execute(_SAID)

    @staticmethod
    def ask_again(scratch: DuckDBPyConnection) -> None:
        """Add to `held` what is asked once more."""
        scratch.execute(_AGAIN)

    @staticmethod
    def note(scratch: DuckDBPyConnection) -> str:
        """What the answers came to, for people."""
        counts, gave_way, gone = scratch.execute(
            "SELECT count(*) FILTER (gave_way IS NULL AND a IS NOT NULL AND answer <> 'unsure'), "
            "count(*) FILTER (gave_way IS NOT NULL), count(*) FILTER (a IS NULL) FROM answered"
        ).fetchall()[0]
        told = (
            (counts, "answer of people heeded", "answers of people heeded"),
            (gave_way, "gave way to another", "gave way to others"),
            (gone, "is about records that are gone", "are about records that are gone"),
        )
        return ", ".join(f"{n:,} {one if n == 1 else many}" for n, one, many in told if n)


def _seen(columns: Sequence[str]) -> str:
    """The values of both records of each answer, in the order of their keys, as JSON."""
    named = [nodes.column(c, side).sql("duckdb") for side in "lr" for c in columns]
    return (
        f"SELECT decision, CAST(json_array({', '.join(named)}) AS VARCHAR) FROM answered "
        "JOIN records AS l ON l.key = key_a JOIN records AS r ON r.key = key_b"
    )


def consistent(
    decisions: Iterable[Decision], standing: Standing
) -> tuple[list[Decision], dict[Decision, str]]:
    """The answers that contradict no weightier one, and of each other the id of that which it
    contradicts."""
    ranked = sorted(decisions, key=standing.rank, reverse=True)
    number = {key: i for i, key in enumerate(sorted({k for d in ranked for k in d.keys}))}
    sets = UnionFind(number.values())
    #: Of a set, the sets that are not one with it, and who said so; and what made it one.
    apart: dict[int, dict[int, str]] = {}
    made: dict[int, str] = {}
    counts: list[Decision] = []
    gave_way: dict[Decision, str] = {}
    for d in ranked:
        a, b = (sets.find(number[key]) for key in d.pair)
        if d.type == SAME and b in apart.get(a, {}):
            gave_way[d] = apart[a][b]
            continue
        if d.type == NOT_SAME and a == b:
            gave_way[d] = made[a]
            continue
        counts.append(d)
        if d.type == SAME and a != b:
            sets.union(a, b)
            for other, who in apart.pop(b, {}).items():
                del apart[other][b]
                apart.setdefault(a, {})[other] = apart[other][a] = who
            made[a] = d.id
        elif d.type == NOT_SAME:
            apart.setdefault(a, {})[b] = d.id
            apart.setdefault(b, {})[a] = d.id
    return counts, gave_way
