"""What holds of party ids whatever happens: random merges, splits, arrivals and departures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from hypothesis import given, settings
from hypothesis import strategies as st
from match_tables import Parties

from cdmq.matching.largest_overlap import heirs

KEYS = [f"k{n}" for n in range(9)]
#: A partition of some of the keys: where each one is, or nowhere.
clusterings = st.lists(st.none() | st.integers(0, 4), min_size=len(KEYS), max_size=len(KEYS)).map(
    lambda places: [
        {k for k, p in zip(KEYS, places, strict=True) if p == place}
        for place in sorted({p for p in places if p is not None})
    ]
)
Overlaps = Mapping[tuple[str, int], int]
overlaps = st.dictionaries(
    st.tuples(st.sampled_from("ABCD"), st.integers(1, 4)), st.integers(1, 3), max_size=10
)


@settings(deadline=None, max_examples=25)
@given(st.lists(clusterings, min_size=2, max_size=5), st.integers(0, 99))
def test_ids_from_run_to_run(runs: list[list[set[str]]], seed: int) -> None:
    same, shuffled = Parties(), Parties()
    for clusters in runs:
        before, ever = same.parties(), set(same.minted)
        events = same.run(clusters)
        assert shuffled.run(clusters[::-1], seed) == events
        assert shuffled.xref == same.xref
        after = same.parties()
        assert sorted(map(sorted, after.values())) == sorted(map(sorted, clusters))
        check_events(events, before, after, ever)
        for party in same.minted:
            assert same.resolve(party) in {None, *after}
        assert {same.resolve(p) for p in after} == set(after)
    assert same.run(runs[-1], seed) == []
    assert same.xref == shuffled.xref


def check_events(events: list[tuple[str, str, str | None, int]], before: dict[str, set[str]],
                 after: dict[str, set[str]], ever: set[str]) -> None:
    named = {kind: [e[1:] for e in events if e[0] == kind]
             for kind in ("mint", "split", "merge", "retire")}
    assert len({party for _, party, *_ in events}) == len(events)
    new = {party for kind in ("mint", "split") for party, *_ in named[kind]}
    gone = {party for kind in ("merge", "retire") for party, *_ in named[kind]}
    assert new == after.keys() - before.keys()
    assert gone == before.keys() - after.keys()
    assert not new & ever
    old_keys = {k for members in before.values() for k in members}
    new_keys = {k for members in after.values() for k in members}
    for party, other, records in named["mint"]:
        assert other is None
        assert records == len(after[party])
        assert not after[party] & old_keys
    for party, other, records in named["split"]:
        assert records == len(after[party] & before[other])
        assert records == max(len(after[party] & members) for members in before.values())
        assert other in after
    for party, other, records in named["merge"]:
        assert records == len(before[party] & after[other])
        assert records == max(len(before[party] & members) for members in after.values())
        assert other in before
    for party, other, records in named["retire"]:
        assert other is None
        assert records == len(before[party])
        assert not before[party] & new_keys
    for party, members in before.items():  # who stays together keeps the id
        if members in after.values():
            assert after[party] == members
        # So does who has the larger half of the old party and of the new one.
        for one, found in after.items():
            if 2 * len(members & found) > max(len(members), len(found)):
                assert one == party


def matchings(edges: list[tuple[str, int]]) -> Iterator[list[tuple[str, int]]]:
    """All ways to hand on ids: a party to one cluster at most, a cluster from one party at most."""
    if not edges:
        yield []
        return
    (party, cluster), *rest = edges
    yield from matchings(rest)
    apart = [(p, c) for p, c in rest if p != party and c != cluster]
    yield from ([(party, cluster), *more] for more in matchings(apart))


def sizes(found: list[tuple[str, int]], table: Overlaps) -> list[int]:
    """How many overlaps of 3, of 2, of 1 record have their way."""
    count = Counter(table[edge] for edge in found)
    return [count[3], count[2], count[1]]


@settings(max_examples=200)
@given(overlaps)
def test_no_choice_by_largest_overlap_is_better(table: Overlaps) -> None:
    chosen = [(party, cluster) for cluster, party in heirs(table).items()]
    assert len({party for party, _ in chosen}) == len(chosen)
    assert sizes(chosen, table) == max(sizes(m, table) for m in matchings(list(table)))
    for party, cluster in table:
        assert any(party == p or cluster == c for p, c in chosen)


@settings(max_examples=200)
@given(overlaps)
def test_where_overlaps_are_equal_no_choice_retires_fewer(table: Overlaps) -> None:
    equal = dict.fromkeys(table, 1)
    assert len(heirs(equal)) == max(len(m) for m in matchings(list(equal)))


@given(overlaps)
def test_after_merges_only_or_splits_only_no_choice_retires_fewer(table: Overlaps) -> None:
    merges = {(p, c): n for (p, c), n in table.items() if c == min(d for q, d in table if q == p)}
    splits = {(p, c): n for (p, c), n in table.items() if p == min(q for q, d in table if d == c)}
    for forest in (merges, splits):
        assert len(heirs(forest)) == max(len(m) for m in matchings(list(forest)))


@given(overlaps, st.randoms())
def test_the_order_of_overlaps_does_not_matter(table: Overlaps, random: object) -> None:
    rows = list(table.items())
    random.shuffle(rows)  # type: ignore[attr-defined]
    assert heirs(dict(rows)) == heirs(table)
