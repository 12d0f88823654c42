"""Union-find: which items hang together, in almost constant time a link."""

from __future__ import annotations

from collections.abc import Iterable


class UnionFind:
    """Sets of whole numbers that grow together."""

    def __init__(self, items: Iterable[int]) -> None:
        self._parent = {item: item for item in items}

    def find(self, item: int) -> int:
        """The member that stands for the item's set; another one after a union, perhaps."""
        parent = self._parent
        while (up := parent[item]) != item:
            parent[item] = item = parent[up]
        return item

    def union(self, a: int, b: int) -> None:
        """Make one set of two; what stands for a's set stands for both."""
        self._parent[self.find(b)] = self.find(a)

    def names(self) -> dict[int, int]:
        """item: the smallest member of its set."""
        smallest: dict[int, int] = {}
        for item in sorted(self._parent):
            smallest.setdefault(self.find(item), item)
        return {item: smallest[self.find(item)] for item in self._parent}


def components(links: Iterable[tuple[int, int]]) -> dict[int, int]:
    """linked item: the smallest item that it hangs together with, however far."""
    parent: dict[int, int] = {}
    for a, b in links:
        # Written out: a call for each link would take half of the time.
        while (up := parent.setdefault(a, a)) != a:
            parent[a] = a = parent[up]
        while (up := parent.setdefault(b, b)) != b:
            parent[b] = b = parent[up]
        if a < b:
            parent[b] = a
        elif b < a:
            parent[a] = b
    for item in sorted(parent):  # what stands above an item is smaller: it is settled before
        parent[item] = parent[parent[item]]
    return parent
