"""What keeps a cluster from growing by transitive closure alone.

Links are tried from the strongest to the weakest, those in no triangle after the others. A link
joins the clusters of its two records, unless

- veto: two of their records are vetoed, or differ in a column of `never_if_differs`;
- household: two of their records may be two members of one (see households.py);
- size: the cluster would have more than MOST_MEMBERS records;
- bridge: fewer than one in ONE_IN of all pairs between the two clusters are links. One chance
  likeness between two groups does not make them one; groups of one party have several links, even
  if some of their pairs fall below the threshold.

A certain link (`same_if`) heeds vetoes only. One that people decided heeds nothing, and comes first;
a column in which its two records differ no longer tells who the others of their cluster are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cdmq.kinds.matching.engine.union_find import UnionFind

#: More records than this are one party only where same_if says so of all of them.
MOST_MEMBERS = 50
#: Two clusters with fewer links than one in so many of their cross pairs stay two. Measured: costs
#: Febrl's clusters of up to six nothing and 1M generated people .0007 of recall for up to .012 of
#: precision; one in 4 costs both about a percent of recall.
ONE_IN = 5
#: Two parts of so few records have at most 4 cross pairs: one link is enough.
ALWAYS_ONE = 4

Values = tuple[int | None, ...]


class Link(NamedTuple):
    a: int
    b: int
    certain: bool
    decided: bool = False


class Refused(NamedTuple):
    """The strongest link between two clusters that a guard kept apart."""

    a: int
    b: int
    why: str


def split(
    links: Sequence[Link],
    vetoes: Iterable[tuple[int, int]] = (),
    values: Mapping[int, Values] | None = None,
    housed: Iterable[tuple[int, int]] = (),
) -> tuple[dict[int, int], list[Refused]]:
    """The clusters of linked records (record: smallest record of its cluster) and what a guard
    refused, one per two clusters. `links`: strongest first, each pair once; `vetoes`: pairs that
    may not be together; `values`: per record what is in the columns that may not differ; `housed`:
    pairs that may be together only where a certain link says so.

    No cluster contains a veto. Between two clusters that neither a veto nor their size keeps apart,
    fewer than one in ONE_IN of the pairs are links, and none is certain.
    """
    clusters = Clusters(links, vetoes, values or {}, housed)
    waiting = _bridges_last(links)
    left = clusters.join(waiting)
    while left and len(left) < len(waiting):  # growth may have thickened a bridge
        waiting, left = left, clusters.join(left)
    return clusters.names(), list(_refused(clusters, links))


def _bridges_last(links: Sequence[Link]) -> list[Link]:
    """Links of two records that have a third in common come before the others, so that dense
    groups stand when a link between them is judged, however strong it is.
    """
    linked = defaultdict(set)
    for a, b, *_ in links:
        linked[a].add(b)
        linked[b].add(a)
    return sorted(
        links, key=lambda link: not link.certain and linked[link.a].isdisjoint(linked[link.b])
    )


def _refused(clusters: Clusters, links: Sequence[Link]) -> Iterator[Refused]:
    seen = set()
    for link in links:
        between = clusters.between(link)
        if between in seen or between[0] == between[1]:
            continue
        seen.add(between)
        if why := clusters.refusal(link):
            yield Refused(link.a, link.b, why)


class Clusters:
    """Clusters while they grow: what each holds, and how it hangs together with the others."""

    def __init__(
        self,
        links: Sequence[Link],
        vetoes: Iterable[tuple[int, int]],
        values: Mapping[int, Values],
        housed: Iterable[tuple[int, int]] = (),
    ) -> None:
        records = {link.a for link in links} | {link.b for link in links}
        self._sets = UnionFind(records)
        self._size = dict.fromkeys(records, 1)
        self._values = {record: values[record] for record in records if record in values}
        self._crossing: dict[int, dict[int, int]] = {record: {} for record in records}
        self._apart: dict[int, set[int]] = {}
        self._housed: dict[int, set[int]] = {}
        for a, b, *_ in links:
            self._crossing[a][b] = self._crossing[b][a] = 1
        for kept, pairs in ((self._apart, vetoes), (self._housed, housed)):
            for a, b in pairs:
                if a in records and b in records:
                    kept.setdefault(a, set()).add(b)
                    kept.setdefault(b, set()).add(a)

    def names(self) -> dict[int, int]:
        return self._sets.names()

    def between(self, link: Link) -> tuple[int, int]:
        """What stands for the clusters of the two records, in one order."""
        a, b = self._sets.find(link.a), self._sets.find(link.b)
        return (a, b) if a < b else (b, a)

    def join(self, links: Sequence[Link]) -> list[Link]:
        """Join what no guard keeps apart; the links that are refused."""
        refused = []
        for link in links:
            a, b = self.between(link)
            if a == b:
                continue
            if self.refusal(link):
                refused.append(link)
            else:
                self._join(a, b)
        return refused

    def refusal(self, link: Link) -> str | None:
        """Why the clusters of the two records may not be one."""
        if link.decided:
            return None
        a, b = self.between(link)
        if b in self._apart.get(a, ()) or self._differ(a, b):
            return "veto"
        if link.certain:
            return None
        if b in self._housed.get(a, ()):
            return "household"
        if self._size[a] + self._size[b] > MOST_MEMBERS:
            return "size"
        if self._crossing[a][b] * ONE_IN < self._size[a] * self._size[b]:
            return "bridge"
        return None

    def _differ(self, a: int, b: int) -> bool:
        return any(
            x is not None and y is not None and x != y
            for x, y in zip(self._values.get(a, ()), self._values.get(b, ()), strict=False)
        )

    def _join(self, a: int, b: int) -> None:
        if len(self._crossing[a]) < len(self._crossing[b]):
            a, b = b, a  # the smaller is moved: in all, no link moves more than log2(links) times
        self._sets.union(a, b)
        self._size[a] += self._size.pop(b)
        theirs = self._values.pop(b, None)
        if theirs:
            ours = self._values.get(a, theirs)
            self._values[a] = tuple(
                y if x is None else x if y in (None, x) else None
                for x, y in zip(ours, theirs, strict=True)
            )
        for other, count in self._crossing.pop(b).items():
            del self._crossing[other][b]
            if other != a:
                count += self._crossing[a].get(other, 0)
                self._crossing[a][other] = self._crossing[other][a] = count
        for kept in (self._apart, self._housed):
            for other in kept.pop(b, set()) - {a}:
                kept[other].remove(b)
                kept[other].add(a)
                kept.setdefault(a, set()).add(other)
            kept.get(a, set()).discard(b)
