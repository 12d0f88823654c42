"""Loops, depths and crowds among links: as plain counting over all paths and times says."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

from depth import depth
from hypothesis import given, settings
from hypothesis import strategies as st

from cdmq.kinds.relationships.crowds import Of, too_many
from cdmq.kinds.relationships.loops import Link, depths, loops, shortest, tangles

EVER, NEVER = -100, 100


def link_of(number: int, from_: int, to: int, starts: int = EVER, ends: int = NEVER) -> Link:
    return Link(number, from_, to, starts, ends)


@st.composite
def some_links(draw: st.DrawFn, dated: bool = True) -> list[Link]:
    party = st.integers(0, 5)
    moment = st.integers(0, 4) if dated else st.just(0)
    rows = draw(st.lists(st.tuples(party, party, moment, moment), max_size=12))
    return [
        link_of(i, a, b, begin, begin + long if dated else NEVER)
        for i, (a, b, begin, long) in enumerate(rows)
        if a != b
    ]


def reach(links: Sequence[Link]) -> dict[int, set[int]]:
    """Party -> those that links lead to, one after the other."""
    found = {link.from_: set[int]() for link in links}
    for _ in found:
        for link in links:
            found[link.from_] |= {link.to} | found.get(link.to, set())
    return found


def knots(links: Sequence[Link]) -> set[frozenset[int]]:
    """The sets of parties that reach each other."""
    to = reach(links)
    return {frozenset(b for b in to if b in to[a] and a in to.get(b, ())) for a in to if a in to[a]}


def rings(links: Sequence[Link]) -> set[int]:
    """The lengths of all loops that go through no party twice."""
    found = set()
    parties = sorted({link.from_ for link in links})
    pairs = {(link.from_, link.to) for link in links}
    for length in range(2, len(parties) + 1):
        for path in itertools.permutations(parties, length):
            if all(pair in pairs for pair in zip(path, (*path[1:], path[0]), strict=True)):
                found.add(length)
    return found


def holding(links: Sequence[Link], at: int) -> list[Link]:
    return [link for link in links if link.starts <= at < link.ends]


@settings(max_examples=depth(300), deadline=None)
@given(some_links(dated=False))
def test_one_loop_for_all_that_reach_each_other(links: list[Link]) -> None:
    found = list(loops(links))
    assert {frozenset(k) for k in knots(links)} == {
        frozenset(link.from_ for link in tangle) for tangle in tangles(links)
    }
    assert len(found) == len(knots(links))
    for loop in found:
        (knot,) = [k for k in knots(links) if loop[0].from_ in k]
        within = [link for link in links if {link.from_, link.to} <= knot]
        assert len(loop) == min(rings(within))
        assert_ring(loop)


def assert_ring(loop: Sequence[Link]) -> None:
    assert len({link.from_ for link in loop}) == len(loop)
    assert [link.to for link in loop] == [link.from_ for link in [*loop[1:], loop[0]]]
    assert loop[0].from_ == min(link.from_ for link in loop)


@settings(max_examples=depth(300), deadline=None)
@given(some_links())
def test_a_loop_is_one_that_holds_at_a_time(links: list[Link]) -> None:
    """Each found one does; where at no time anybody is left who reaches himself, none is found, and
    where at some time somebody does, one that touches him is."""
    found = list(loops(links))
    for loop in found:
        assert_ring(loop)
        assert max(link.starts for link in loop) < min(link.ends for link in loop)
    touched = {link.from_ for loop in found for link in loop}
    at_times = [knots(holding(links, at)) for at in range(0, 10)]
    assert bool(found) == any(at_times)
    for knot in set().union(*at_times):
        whole = next(k for k in knots(links) if knot <= k)
        assert whole & touched


@settings(max_examples=depth(100), deadline=None)
@given(some_links(), st.randoms())
def test_the_order_of_links_does_not_matter(links: list[Link], chance: object) -> None:
    mixed = list(links)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert sorted(map(tuple, loops(mixed))) == sorted(map(tuple, loops(links)))
    assert depths(mixed) == depths(links)


@settings(max_examples=depth(200), deadline=None)
@given(some_links(dated=False))
def test_how_deep_a_link_stands(links: list[Link]) -> None:
    tops = {link.from_ for link in links} - {link.to for link in links}
    far = {(top, top): 0 for top in tops}
    for steps in range(1, 7):
        for link in links:
            for top in tops:
                if far.get((top, link.from_), 99) == steps - 1:
                    far.setdefault((top, link.to), steps)
    wanted = {}
    for link in links:
        near = sorted((far[top, link.from_], top) for top in tops if (top, link.from_) in far)
        if near:
            wanted[link.number] = (near[0][0] + 1, near[0][1])
    assert depths(links) == wanted


@settings(max_examples=depth(300), deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 6), st.integers(0, 4)), max_size=10),
    st.integers(1, 3),
)
def test_too_many_at_a_time(rows: list[tuple[str, int, int]], at_most: int) -> None:
    """Some link is told exactly where at some time more parties are there than there may be."""
    links = [
        Of(i, other, begin, begin + long)
        for i, (other, begin, long) in enumerate(sorted(rows, key=lambda r: r[1]))
    ]
    found = list(too_many(links, at_most))
    crowded = any(
        len({link.other for link in links if link.starts <= at < link.ends}) > at_most
        for at in range(12)
    )
    assert bool(found) == crowded
    for link, others in found:
        before = {
            o.other for o in links if o.number < link.number and o.starts <= link.starts < o.ends
        }
        assert others == sorted(before)
        assert len(before - {link.other}) >= at_most


def took(seconds: float, began: float) -> None:
    assert time.perf_counter() - began < seconds


def test_a_ring_and_a_chain_of_ten_thousand() -> None:
    began = time.perf_counter()
    chain = [link_of(i, i, i + 1, i, NEVER + 20_000) for i in range(10_000)]
    assert list(loops(chain)) == []
    assert depths(chain)[9_999] == (10_000, 0)
    ring = [*chain[:-1], link_of(9_999, 9_999, 0, 9_999, NEVER + 20_000)]
    (loop,) = loops(ring)
    assert [link.from_ for link in loop] == list(range(10_000))
    assert depths(ring) == {}
    ladder = [*ring, *(link_of(10_000 + i, i + 1, i) for i in range(0, 9_999, 7))]
    assert len(shortest(ladder)) == 2
    took(5, began)


def test_a_ring_that_never_holds_as_a_whole() -> None:
    """Each link begins as the one before it ends."""
    began = time.perf_counter()
    ring = [link_of(i, i, (i + 1) % 10_000, i, i + 1) for i in range(10_000)]
    assert list(loops(ring)) == []
    took(5, began)
