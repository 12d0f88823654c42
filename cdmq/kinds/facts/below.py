"""What parties have together with all below them: each counted once, whatever ways lead to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

Figures = Mapping[int, Decimal]


def rolled_up(
    links: Iterable[tuple[int, int]], own: Figures
) -> dict[int, tuple[Decimal | None, int]]:
    """Party of a link (from, to) -> the figure of it and all below it, None where none has one, and how many
    parties are below.

    Parties that reach each other are as one. Where the ways down from somebody do not meet again,
    the figures are added up link by link: in time that grows with the links. Only for a party with
    several links down, below which somebody is reached in two ways, all below it are walked.
    """
    all_ = list(links)
    knot = components(all_)
    members: dict[int, list[int]] = {}
    for party, number in knot.items():
        members.setdefault(number, []).append(party)
    down: dict[int, set[int]] = {number: set() for number in members}
    for from_, to in all_:
        if knot[from_] != knot[to]:
            down[knot[from_]].add(knot[to])
    found: dict[int, tuple[Decimal | None, int]] = {}
    figure = {n: _sum(own.get(p) for p in parties) for n, parties in members.items()}
    meets = _meeting(down)
    for number in members:  # who is below comes first: see components
        if number in meets and len(down[number]) > 1:
            below = _walk(number, down)
            parts = [(figure[n], len(members[n])) for n in below]
        else:
            parts = [found[n] for n in down[number]]
        parts.append((figure[number], len(members[number])))
        found[number] = _sum(f for f, _ in parts), sum(n for _, n in parts)
    return {party: (found[n][0], found[n][1] - 1) for party, n in knot.items()}


def components(links: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Party -> a number that parties have in common that reach each other (Tarjan's way, without
    recursion). Those come first to whom links lead."""
    leads: dict[int, list[int]] = {}
    for from_, to in links:
        leads.setdefault(from_, []).append(to)
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    component: dict[int, int] = {}
    stack: list[int] = []
    for root in sorted(leads):
        if root in order:
            continue
        order[root] = low[root] = len(order)
        stack.append(root)
        path = [(root, iter(leads[root]))]
        while path:
            party, following = path[-1]
            for to in following:
                if to not in order:
                    order[to] = low[to] = len(order)
                    stack.append(to)
                    path.append((to, iter(leads.get(to, ()))))
                    break
                if to not in component:
                    low[party] = min(low[party], order[to])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[party])
                if low[party] == order[party]:
                    while party not in component:
                        component[stack.pop()] = order[party]
    return component


def _sum(figures: Iterable[Decimal | None]) -> Decimal | None:
    known = [f for f in figures if f is not None]
    return sum(known, Decimal(0)) if known else None


def _meeting(down: Mapping[int, set[int]]) -> set[int]:
    """Those from whom somebody is reached to whom several lead."""
    up: dict[int, list[int]] = {}
    for number, below in down.items():
        for other in below:
            up.setdefault(other, []).append(number)
    waiting = [n for n, above in up.items() if len(above) > 1]
    found: set[int] = set()
    while waiting:
        for above in up.get(waiting.pop(), ()):
            if above not in found:
                found.add(above)
                waiting.append(above)
    return found


def _walk(number: int, down: Mapping[int, set[int]]) -> set[int]:
    found: set[int] = set()
    waiting = [number]
    while waiting:
        for other in down[waiting.pop()]:
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found
