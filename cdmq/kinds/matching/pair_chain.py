"""How two records of one party hang together, and what is asked about two parties."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlglot import exp

from cdmq.audit.reading import same
from cdmq.audit.tables import QUEUE
from cdmq.audit.telling import Telling, one_of, still
from cdmq.kinds.matching.pair_values import Link
from cdmq.kinds.matching.story_alike import in_one
from cdmq.kinds.matching.tables import PAIRS
from cdmq.sql import nodes


def chain(
    telling: Telling,
    dataset: str,
    rules: Sequence[str],
    party: str,
    a: str,
    b: str,
    merge_above: Decimal,
) -> tuple[Link, ...]:
    """The shortest way from one record of a party to another over merged pairs, of the shortest
    the surest; none where there is no way."""
    sure = exp.GTE(this=nodes.column("probability"), expression=nodes.number(str(merge_above)))
    merged = nodes.any_of(
        [one_of("verdict", ("same_if", "same")), nodes.every([same("verdict", "score"), sure])]
    )
    rows = telling.rows(
        PAIRS,
        nodes.every(
            [
                one_of("rule_id", rules),
                still(),
                merged,
                in_one(telling, "key_a", rules, party),
                in_one(telling, "key_b", rules, party),
            ]
        ),
    )
    steps: dict[str, list[tuple[float, str, Link]]] = {}
    for row in rows:
        for here, there in ((row["key_a"], row["key_b"]), (row["key_b"], row["key_a"])):
            one, two = (k if k in (a, b) else telling.shown_key(dataset, k) for k in (here, there))
            link = Link(one, two, row["verdict"], row["probability"])
            steps.setdefault(here, []).append((-row["probability"], there, link))
    return _way(steps, a, b)


def _way(steps: dict[str, list[tuple[float, str, Link]]], a: str, b: str) -> tuple[Link, ...]:
    came: dict[str, tuple[str, Link] | None] = {a: None}
    waiting = deque([a])
    while waiting and b not in came:
        here = waiting.popleft()
        for _, there, link in sorted(steps.get(here, []), key=lambda s: s[:2]):
            if there not in came:
                came[there] = (here, link)
                waiting.append(there)
    links: list[Link] = []
    step = came.get(b)
    while step is not None:
        links.append(step[1])
        step = came[step[0]]
    return tuple(reversed(links))


def questions_between(
    telling: Telling, rules: Sequence[str], one: str, two: str
) -> list[dict[str, Any]]:
    """The open questions about records of two parties: what is said of one is said of all."""
    ways = [
        nodes.every([in_one(telling, "key", rules, x), in_one(telling, "other", rules, y)])
        for x, y in ((one, two), (two, one))
    ]
    rows = telling.rows(QUEUE, nodes.every([one_of("rule_id", rules), still(), nodes.any_of(ways)]))
    return sorted(rows, key=lambda r: (-(r["sure"] or 0), r["key"], r["other"]))[:3]
