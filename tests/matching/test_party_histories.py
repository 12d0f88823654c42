"""What holds of party ids whatever happens: deliveries that are short, empty or new, merges and
splits, against an oracle in plain Python.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from depth import depth
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from match_tables import Parties, Row

from cdmq.matching.largest_overlap import heirs

KEYS = [f"k{n}" for n in range(8)]
Clusters = list[set[str]]


def _partition(places: Sequence[int | None]) -> Clusters:
    return [{k for k, p in zip(KEYS, places, strict=True) if p == place}
            for place in sorted({p for p in places if p is not None})]


#: A partition of some of the keys: where each one is, or nowhere.
clusterings = st.lists(
    st.none() | st.integers(0, 4), min_size=len(KEYS), max_size=len(KEYS)).map(_partition)
histories = st.lists(clusterings, min_size=1, max_size=5)
#: Shrinking takes minutes: the first history that fails is short enough to read.
LAW = settings(deadline=None, max_examples=depth(30),
               phases=[Phase.explicit, Phase.reuse, Phase.generate])


class Oracle:
    """Ids by the words of the contract; `name` gives a new party its id."""

    def __init__(self) -> None:
        self.now: dict[str, str] = {}
        self.last: dict[str, str] = {}
        self.own: dict[str, str | None] = {}
        self.lately: dict[str, set[str]] = {}
        self.ever: set[str] = set()

    def run(self, clusters: Clusters, published: dict[str, str]) -> dict[str, str]:
        """Key: id. What is new takes its id from what was published."""
        clusters = sorted(clusters, key=min)
        at = {key: i for i, cluster in enumerate(clusters) for key in cluster}
        ids = self._stay(clusters, at)
        ids |= self._contested(clusters, ids)
        for i, cluster in enumerate(clusters):
            if i not in ids:
                ids[i] = published[min(cluster)]
                assert ids[i] not in self.ever
        self._remember(clusters, ids)
        return self.now

    def _stay(self, clusters: Clusters, at: dict[str, int]) -> dict[int, str]:
        found = {}
        for i, cluster in enumerate(clusters):
            parties = {self.last[k] for k in cluster if k in self.last}
            if len(parties) != 1:
                continue
            (party,) = parties
            together = {at[k] for k, p in self.last.items() if p == party and k in at} == {i}
            if together and {at[k] for k, o in self.own.items() if o == party and k in at} <= {i}:
                found[i] = party
        return found

    def _contested(self, clusters: Clusters, ids: dict[int, str]) -> dict[int, str]:
        overlaps: Counter[tuple[str, int]] = Counter()
        for i, cluster in enumerate(clusters):
            for key in cluster if i not in ids else ():
                for party, weight in ((self.own.get(key), 1000), (self.last.get(key), 1)):
                    if party is not None and party not in ids.values():
                        overlaps[party, i] += weight
        return heirs(overlaps)

    def _remember(self, clusters: Clusters, ids: dict[int, str]) -> None:
        alive = set(ids.values())
        for party in set(self.now.values()):
            self.lately[party] = {k for k, p in self.now.items() if p == party}
        self.now = {key: ids[i] for i, cluster in enumerate(clusters) for key in cluster}
        self.ever |= alive
        for i, cluster in enumerate(clusters):
            if all(self.own.get(k) in {None, *alive} for k in cluster):
                self.own |= dict.fromkeys(cluster, ids[i])
            else:
                for key in cluster:
                    if self.own.get(key) in alive - {ids[i]}:
                        self.own[key] = None
                    self.own.setdefault(key, None)
        self.last |= self.now

    def leads(self, party: str) -> str | None:
        if party in self.now.values():
            return party
        for keys in ({k for k, o in self.own.items() if o == party}, self.lately[party]):
            where = Counter(self.now[k] for k in keys if k in self.now)
            if where:
                most = max(where.values())
                return min(p for p, n in where.items() if n == most)
        return None


def check(same: Parties, oracle: Oracle, clusters: Clusters, seed: int = 0) -> None:
    before = same.parties()
    ever = set(same.minted)
    events = same.run(clusters, seed)
    assert sorted(map(sorted, same.parties().values())) == sorted(map(sorted, clusters))
    assert same.xref == oracle.run(clusters, same.xref)
    assert {p: same.resolve(p) for p in same.minted} == {p: oracle.leads(p) for p in same.minted}
    check_events(events, before, same.parties(), ever)


def check_events(
    events: list[Row], before: dict[str, set[str]], after: dict[str, set[str]], ever: set[str]
) -> None:
    assert len({party for _, party, *_ in events}) == len(events)
    began = {e[1]: e for e in events if e[0] in ("mint", "split", "return")}
    ended = {e[1]: e for e in events if e[0] in ("merge", "retire")}
    assert began.keys() == after.keys() - before.keys()
    assert ended.keys() == before.keys() - after.keys()
    for event, party, other, records in began.values():
        assert (event == "return") == (party in ever)
        shared = {p: len(after[party] & members) for p, members in before.items()}
        most = max(shared.values(), default=0)
        assert (other is None) == (most == 0)
        assert other is None or shared[other] == most
        assert event == "return" or (event == "split") == (other is not None)
        assert records == (most if event == "split" else len(after[party]))
    for event, party, other, records in ended.values():
        shared = {p: len(before[party] & members) for p, members in after.items()}
        most = max(shared.values(), default=0)
        assert (event == "retire") == (other is None) == (most == 0)
        assert records == (len(before[party]) if other is None else shared[other])
        assert other is None or shared[other] == most


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
@given(histories, st.lists(st.lists(st.integers(0, 2), min_size=5, max_size=5), min_size=1,
                           max_size=3))
def test_a_merge_that_is_undone_gives_each_its_first_id(
    runs: list[Clusters], merges: list[list[int]]
) -> None:
    same, oracle = Parties(), Oracle()
    for clusters in runs:
        check(same, oracle, clusters)
    first = same.xref
    # Who lives on in others' records alone, its own deleted, has nothing to come back by.
    assume(set(first.values()) <= {oracle.own[key] for key in first})
    apart = runs[-1]
    for into in merges:
        merged = [set().union(*(c for c, p in zip(apart, into, strict=False) if p == place))
                  for place in set(into[:len(apart)])]
        check(same, oracle, merged)
    check(same, oracle, apart)
    assert same.xref == first
