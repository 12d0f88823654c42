"""More links into a party, or out of it, than there may be at a time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Of:
    """A link of a party with another; it holds from `starts` to before `ends`."""

    number: int
    other: str
    starts: int
    ends: int


def too_many(links: Sequence[Of], at_most: int) -> Iterator[tuple[Of, list[str]]]:
    """Of one party: each link that begins while as many others as there may be are linked with it
    already, and those. `links` are in the order in which they begin."""
    ending: list[tuple[int, int, str]] = []
    holding: dict[str, int] = {}
    for link in links:
        if link.ends <= link.starts:
            continue
        while ending and ending[0][0] <= link.starts:
            _, _, other = heapq.heappop(ending)
            holding[other] -= 1
            if not holding[other]:
                del holding[other]
        if link.other not in holding and len(holding) >= at_most:
            yield link, sorted(holding)
        holding[link.other] = holding.get(link.other, 0) + 1
        heapq.heappush(ending, (link.ends, link.number, link.other))
