"""Who takes over which id, where several overlap: no other choice is better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from depth import depth
from hypothesis import given, settings
from hypothesis import strategies as st

from cdmq.kinds.matching.engine.largest_overlap import heirs

Overlaps = Mapping[tuple[str, int], int]
overlaps = st.dictionaries(
    st.tuples(st.sampled_from("ABCD"), st.integers(1, 4)), st.integers(1, 3), max_size=10
)


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


@settings(max_examples=depth(200))
@given(overlaps)
def test_no_choice_by_largest_overlap_is_better(table: Overlaps) -> None:
    chosen = [(party, cluster) for cluster, party in heirs(table).items()]
    assert len({party for party, _ in chosen}) == len(chosen)
    assert sizes(chosen, table) == max(sizes(m, table) for m in matchings(list(table)))
    for party, cluster in table:
        assert any(party == p or cluster == c for p, c in chosen)


@settings(max_examples=depth(200))
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
