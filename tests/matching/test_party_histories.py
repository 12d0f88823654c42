"""What holds of party ids whatever happens: deliveries that are short, empty or new, merges and
splits, against an oracle in plain Python.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from depth import depth
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from match_tables import Parties
from parties.party_oracle import Clusters, Oracle, check_events

KEYS = [f"k{n}" for n in range(8)]


def _partition(places: Sequence[int | None]) -> Clusters:
    return [
        {k for k, p in zip(KEYS, places, strict=True) if p == place}
        for place in sorted({p for p in places if p is not None})
    ]


#: A partition of some of the keys: where each one is, or nowhere.
clusterings = st.lists(st.none() | st.integers(0, 4), min_size=len(KEYS), max_size=len(KEYS)).map(
    _partition
)
histories = st.lists(clusterings, min_size=1, max_size=5)
#: Shrinking takes minutes: the first history that fails is short enough to read.
LAW = settings(
    deadline=None, max_examples=depth(30), phases=[Phase.explicit, Phase.reuse, Phase.generate]
)


def check(same: Parties, oracle: Oracle, clusters: Clusters, seed: int = 0) -> None:
    before = same.parties()
    ever = set(same.minted)
    events = same.run(clusters, seed)
    assert sorted(map(sorted, same.parties().values())) == sorted(map(sorted, clusters))
    assert same.xref == oracle.run(clusters, same.xref)
    assert {p: same.resolve(p) for p in same.minted} == {p: oracle.leads(p) for p in same.minted}
    check_events(events, before, same.parties(), ever)


@LAW
@given(histories, st.integers(0, 99))
def test_ids_from_run_to_run(runs: list[Clusters], seed: int) -> None:
    same, shuffled, oracle = Parties(), Parties(), Oracle()
    for clusters in runs:
        check(same, oracle, clusters)
        shuffled.run(clusters[::-1], seed)
        assert (shuffled.xref, shuffled.leads) == (same.xref, same.leads)
    assert same.run(runs[-1], seed) == []
    assert same.xref == shuffled.xref


@LAW
@given(histories, st.lists(st.sets(st.sampled_from(KEYS)), min_size=1, max_size=3))
def test_who_leaves_and_returns_has_the_id_that_it_had(
    runs: list[Clusters], there: list[set[str]]
) -> None:
    same, oracle = Parties(), Oracle()
    for clusters in runs:
        check(same, oracle, clusters)
    first = same.xref
    for keys in there:
        check(same, oracle, [c & keys for c in runs[-1] if c & keys])
    check(same, oracle, runs[-1])
    assert same.xref == first


@LAW
@given(
    histories, st.lists(st.lists(st.integers(0, 2), min_size=5, max_size=5), min_size=1, max_size=3)
)
def test_a_merge_that_is_undone_gives_each_its_first_id(
    runs: list[Clusters], merges: list[list[int]]
) -> None:
    same, oracle = Parties(), Oracle()
    for clusters in runs:
        check(same, oracle, clusters)
    first = same.xref
    # Who has no more records of its own in its party than others have there, or than it has
    # elsewhere, has nothing to come back by.
    own = Counter((oracle.own[key], party) for key, party in first.items())
    assume(
        all(
            own[p, p] > n
            for p in set(first.values())
            for (of, at), n in own.items()
            if of != at and p in (of, at)
        )
    )
    assume(all(own[p, p] for p in first.values()))
    apart = runs[-1]
    for into in merges:
        merged = [
            set().union(*(c for c, p in zip(apart, into, strict=False) if p == place))
            for place in set(into[: len(apart)])
        ]
        check(same, oracle, merged)
    check(same, oracle, apart)
    assert same.xref == first
