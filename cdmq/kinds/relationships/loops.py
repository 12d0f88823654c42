"""Loops among links, and how deep a link stands: all in time and room that grow with the links.

Links are numbered; parties are numbers too. Of 600,000 links the whole judgement holds 1 GB.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cdmq.kinds.facts.below import components


class Link(NamedTuple):
    """A link that holds from `starts` to before `ends`."""

    number: int
    from_: int
    to: int
    starts: int
    ends: int


def loops(links: Iterable[Link]) -> Iterator[list[Link]]:
    """Of all parties that reach each other at one time the shortest loop, as its links one after
    the other, beginning at the smallest party."""
    waiting = list(tangles(list(links)))
    while waiting:
        tangle = waiting.pop()
        found = _at_one_time(tangle)
        if found is None:
            continue
        yield shortest(found)
        parties = {link.from_ for link in found}
        waiting += tangles(
            [link for link in tangle if link.from_ not in parties and link.to not in parties]
        )


def _at_one_time(links: Sequence[Link]) -> list[Link] | None:
    """Links by which parties reach each other that all hold at one time, of these: the latest.

    A time is halved while loops are left among the links that hold somewhere in it.
    """
    times = sorted({link.starts for link in links})
    waiting = [(0, len(times), list(links))]
    while waiting:
        begin, end, within = waiting.pop()
        first, last = times[begin], times[end - 1]
        whole = [link for link in within if link.starts <= first and link.ends > last]
        if found := next(tangles(whole), None):
            return found
        if end - begin == 1:
            continue
        touching = [link for link in within if link.starts <= last and link.ends > first]
        left = [link for tangle in tangles(touching) for link in tangle]
        if left:
            middle = (begin + end) // 2
            waiting += [(begin, middle, left), (middle, end, left)]
    return None


def tangles(links: Sequence[Link]) -> Iterator[list[Link]]:
    """The links within each set of parties that reach each other (the strongly connected
    components), those with the smallest party first."""
    component = components((link.from_, link.to) for link in links)
    found: dict[int, list[Link]] = {}
    for link in links:
        if component[link.from_] == component[link.to]:
            found.setdefault(component[link.from_], []).append(link)
    yield from sorted(found.values(), key=lambda tangle: min(link.from_ for link in tangle))


def _leads(links: Iterable[Link]) -> dict[int, list[Link]]:
    """Party -> the links that begin at it, in the order of where they lead."""
    found: dict[int, list[Link]] = {}
    for link in sorted(links, key=lambda one: (one.from_, one.to, one.number)):
        found.setdefault(link.from_, []).append(link)
    return found


def shortest(links: Sequence[Link]) -> list[Link]:
    """The shortest loop among links; of several that with the smallest party, and so on.

    The loops through a party are looked at, then it is left out, with all that no loop goes
    through without it: a ring of any length is walked along once.
    """
    leads = _leads(links)
    comes: dict[int, set[int]] = {}
    goes: dict[int, set[int]] = {}
    for link in links:
        goes.setdefault(link.from_, set()).add(link.to)
        comes.setdefault(link.to, set()).add(link.from_)
    left = goes.keys() & comes.keys()
    best: list[Link] = []
    for party in sorted(left):
        if party not in left:
            continue
        found = _through(party, leads, left, len(best) - 1 if best else len(links))
        best = found or best
        _leave_out(party, left, goes, comes)
    return best


def _through(
    party: int, leads: dict[int, list[Link]], left: set[int], at_most: int
) -> list[Link] | None:
    """The shortest loop through a party, of so many links at most."""
    came: dict[int, Link] = {}
    edge = [party]
    for _ in range(at_most):
        following = []
        for at in edge:
            for link in leads[at]:
                if link.to == party:
                    return _back(link, came, party)
                if link.to in left and link.to not in came:
                    came[link.to] = link
                    following.append(link.to)
        edge = following
    return None


def _back(last: Link, came: dict[int, Link], party: int) -> list[Link]:
    found = [last]
    while found[-1].from_ != party:
        found.append(came[found[-1].from_])
    return found[::-1]


def _leave_out(
    party: int, left: set[int], goes: dict[int, set[int]], comes: dict[int, set[int]]
) -> None:
    waiting = [party]
    while waiting:
        gone = waiting.pop()
        if gone not in left:
            continue
        left.discard(gone)
        for other in goes[gone]:
            comes[other].discard(gone)
            if other in left and not comes[other]:
                waiting.append(other)
        for other in comes[gone]:
            goes[other].discard(gone)
            if other in left and not goes[other]:
                waiting.append(other)


def depths(links: Sequence[Link]) -> dict[int, tuple[int, int]]:
    """Link -> how many links lead down to its end from the nearest party that no link leads to, and
    that party: the smallest of several. Links below loops alone have none."""
    leads = _leads(links)
    below = {link.to for link in links}
    top = {party: (0, party) for party in leads if party not in below}
    edge = deque(sorted(top))
    while edge:
        party = edge.popleft()
        depth, root = top[party]
        for link in leads.get(party, ()):
            if link.to not in top:
                top[link.to] = (depth + 1, root)
                edge.append(link.to)
    return {
        link.number: (top[link.from_][0] + 1, top[link.from_][1])
        for link in links
        if link.from_ in top
    }
