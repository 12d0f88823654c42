"""Which ids parties have, by the words of the contract, in plain Python.

Nothing of cdmq is read. Where the contract leaves a choice, what was published is taken, if it is
one of those that may be chosen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

Clusters = list[set[str]]
#: (party, cluster): (records that are the party's own, records that had it last).
Overlaps = dict[tuple[str, int], tuple[int, int]]


class Oracle:
    """The ids of one matching rule from run to run."""

    def __init__(self) -> None:
        self.now: dict[str, str] = {}
        self.last: dict[str, str] = {}
        self.own: dict[str, str | None] = {}
        self.lately: dict[str, set[str]] = {}
        self.ever: set[str] = set()

    def run(self, clusters: Clusters, published: Mapping[str, str]) -> dict[str, str]:
        """Key: id. What is new, and what may be chosen, is taken from what was published."""
        clusters = sorted(clusters, key=min)
        at = {key: i for i, cluster in enumerate(clusters) for key in cluster}
        ids = self._stay(clusters, at)
        ids |= self._contested(clusters, ids, published)
        for i, cluster in enumerate(clusters):
            if i not in ids:
                ids[i] = published[min(cluster)]
                assert ids[i] not in self.ever
        self._remember(clusters, ids)
        return self.now

    def _stay(self, clusters: Clusters, at: dict[str, int]) -> dict[int, str]:
        found = {}
        for i, cluster in enumerate(clusters):
            parties = {self.last[k] for k in cluster if k in self.last}
            if len(parties) != 1:
                continue
            (party,) = parties
            together = {at[k] for k, p in self.last.items() if p == party and k in at} == {i}
            if together and {at[k] for k, o in self.own.items() if o == party and k in at} <= {i}:
                found[i] = party
        return found

    def _contested(
        self, clusters: Clusters, ids: Mapping[int, str], published: Mapping[str, str]
    ) -> dict[int, str]:
        overlaps: Overlaps = {}
        for i, cluster in enumerate(clusters):
            for key in cluster if i not in ids else ():
                for party, own in ((self.own.get(key), 1), (self.last.get(key), 0)):
                    if party is not None and party not in ids.values():
                        mine, lately = overlaps.get((party, i), (0, 0))
                        overlaps[party, i] = mine + own, lately + 1 - own
        chosen = {i: published[min(clusters[i])] for i in {i for _, i in overlaps}}
        chosen = {i: party for i, party in chosen.items() if (party, i) in overlaps}
        assert len(set(chosen.values())) == len(chosen)
        for part in parts(overlaps):
            mine = [part[p, i] for i, p in chosen.items() if (p, i) in part]
            assert sorted(mine, reverse=True) == best(part), (part, chosen)
        return chosen

    def _remember(self, clusters: Clusters, ids: Mapping[int, str]) -> None:
        alive = set(ids.values())
        for party in set(self.now.values()):
            self.lately[party] = {k for k, p in self.now.items() if p == party}
        self.now = {key: ids[i] for i, cluster in enumerate(clusters) for key in cluster}
        self.ever |= alive
        for i, cluster in enumerate(clusters):
            if all(self.own.get(k) in {None, *alive} for k in cluster):
                self.own |= dict.fromkeys(cluster, ids[i])
            else:
                for key in cluster:
                    if self.own.get(key) in alive - {ids[i]}:
                        self.own[key] = None
                    self.own.setdefault(key, None)
        self.last |= self.now

    def leads(self, party: str) -> str | None:
        """Where an id is today: most of its own records, else most of those that it had last."""
        if party in self.now.values():
            return party
        for keys in ({k for k, o in self.own.items() if o == party}, self.lately[party]):
            where = Counter(self.now[k] for k in keys if k in self.now)
            if where:
                most = max(where.values())
                return min(p for p, n in where.items() if n == most)
        return None


def parts(overlaps: Overlaps) -> list[Overlaps]:
    """The overlaps in parts that share no party and no cluster: each is chosen for itself."""
    found: list[Overlaps] = []
    for (party, i), size in overlaps.items():
        touched = [p for p in found if any(party == a or i == b for a, b in p)]
        found = [p for p in found if p not in touched]
        found.append({(party, i): size, **{k: v for p in touched for k, v in p.items()}})
    return found


def best(overlaps: Overlaps) -> list[tuple[int, int]]:
    """The sizes of the best choice: as many of the largest as can be, then of the next largest."""
    clusters = sorted({i for _, i in overlaps})

    def choices(at: int, taken: frozenset[str]) -> Iterable[list[tuple[int, int]]]:
        if at == len(clusters):
            yield []
            return
        yield from choices(at + 1, taken)
        for (party, i), size in overlaps.items():
            if i == clusters[at] and party not in taken:
                for rest in choices(at + 1, taken | {party}):
                    yield [size, *rest]

    return max(sorted(sizes, reverse=True) for sizes in choices(0, frozenset()))


def check_events(
    events: Iterable[tuple[Any, ...]],
    before: Mapping[str, set[str]],
    after: Mapping[str, set[str]],
    ever: set[str],
) -> None:
    """Events (event, party, other, records) of a run are what became of the parties before it."""
    events = list(events)
    assert len({party for _, party, *_ in events}) == len(events)
    began = {e[1]: e for e in events if e[0] in ("mint", "split", "return")}
    ended = {e[1]: e for e in events if e[0] in ("merge", "retire")}
    assert began.keys() == after.keys() - before.keys()
    assert ended.keys() == before.keys() - after.keys()
    for event, party, other, records in began.values():
        assert (event == "return") == (party in ever)
        shared = {p: len(after[party] & members) for p, members in before.items()}
        most = max(shared.values(), default=0)
        assert (other is None) == (most == 0)
        assert other is None or shared[other] == most
        assert event == "return" or (event == "split") == (other is not None)
        assert records == (most if event == "split" else len(after[party]))
    for event, party, other, records in ended.values():
        shared = {p: len(before[party] & members) for p, members in after.items()}
        most = max(shared.values(), default=0)
        assert (event == "retire") == (other is None) == (most == 0)
        assert records == (len(before[party]) if other is None else shared[other])
        assert other is None or shared[other] == most


def members(party_of: Mapping[str, str]) -> dict[str, set[str]]:
    """Party: its records."""
    found: dict[str, set[str]] = {}
    for key, party in party_of.items():
        found.setdefault(party, set()).add(key)
    return found
