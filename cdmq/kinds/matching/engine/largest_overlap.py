"""Which cluster takes over which party's id, where several of them overlap.

The largest overlap comes first, the next largest among what is left, and so on until nothing is
left. Between equal overlaps the choice is the one that leaves most room: as many of the largest
overlaps as can be have their way, then as many of the next largest, and so on. That is a
rank-maximal matching, found as in Irving, Kavitha, Mehlhorn, Michail and Paluch (2004).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from typing import TypeVar

T = TypeVar("T", str, int)
S = TypeVar("S", str, int)
Edges = dict[str, list[int]]


def heirs(overlaps: Mapping[tuple[str, int], int]) -> dict[int, str]:
    """cluster: the party whose id it takes over. `overlaps`: (party, cluster): records in both.

    No other choice has more of the largest overlaps, nor as many of them and more of the next
    largest, and so on. So no party that is left without a cluster overlaps a cluster without a
    party; where all overlaps are of one size, no choice retires fewer ids. Where the choice is
    still free, smaller parties and clusters come first.
    """
    edges: Edges = {party: [] for party, _ in sorted(overlaps)}
    of_cluster: dict[int, str] = {}
    closed: set[str | int] = set()
    for equal in _by_size(overlaps):
        for party, cluster in equal:
            if party not in closed and cluster not in closed:
                edges[party].append(cluster)
        _grow(edges, of_cluster)
        closed |= _settle(edges, of_cluster)
    return of_cluster


def _by_size(overlaps: Mapping[tuple[str, int], int]) -> Iterator[list[tuple[str, int]]]:
    """The overlaps in lists of equal size, the largest first, each in order."""
    ranked = sorted(overlaps, key=lambda edge: (-overlaps[edge], edge))
    for _, equal in groupby(ranked, key=lambda edge: overlaps[edge]):
        yield list(equal)


def _grow(edges: Edges, of_cluster: dict[int, str]) -> None:
    """Give a cluster to as many parties as can have one; who has one keeps one, perhaps another."""
    placed = set(of_cluster.values())
    hopeless: set[int] = set()
    for party in edges:
        if party not in placed:
            _place(party, edges, of_cluster, hopeless)


def _place(start: str, edges: Edges, of_cluster: dict[int, str], hopeless: set[int]) -> None:
    asked_by: dict[int, tuple[str, int | None]] = {}
    queue: list[tuple[str, int | None]] = [(start, None)]
    for party, has in queue:
        for cluster in edges[party]:
            if cluster in asked_by or cluster in hopeless:
                continue
            asked_by[cluster] = (party, has)
            if cluster in of_cluster:
                queue.append((of_cluster[cluster], cluster))
                continue
            free: int | None = cluster
            while free is not None:  # each on the way moves on by one
                of_cluster[free], free = asked_by[free]
            return
    hopeless |= asked_by.keys()


def _settle(edges: Edges, of_cluster: dict[int, str]) -> set[str | int]:
    """Who has the same size of overlap in all matchings as large as this one: smaller overlaps
    may not touch them. Edges that no such matching uses are dropped.
    """
    back: dict[int, list[str]] = defaultdict(list)
    for party, clusters in edges.items():
        for cluster in clusters:
            back[cluster].append(party)
    of_party = {party: cluster for cluster, party in of_cluster.items()}
    parties, odd_clusters = _reach(edges.keys() - of_party.keys(), edges, of_cluster)
    clusters_, odd_parties = _reach(back.keys() - of_cluster.keys(), back, of_party)
    for party in edges.keys() - parties:
        edges[party] = [
            c
            for c in edges[party]
            if c in clusters_ or (party not in odd_parties and c not in odd_clusters)
        ]
    return (of_party.keys() - parties) | (of_cluster.keys() - clusters_)


def _reach(
    free: Collection[S], edges: Mapping[S, list[T]], partner: Mapping[T, S]
) -> tuple[set[S], set[T]]:
    """What alternating paths from the free ones lead to: on their side, on the other side."""
    here, there = set(free), set[T]()
    queue = list(free)
    for one in queue:
        for other in edges[one]:
            if other not in there:
                there.add(other)
                here.add(partner[other])
                queue.append(partner[other])
    return here, there
