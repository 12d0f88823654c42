"""What holds of all clusters, tried on random graphs."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdmq.kinds.matching.engine import guards
from cdmq.kinds.matching.engine.guards import Link, Values, split
from cdmq.kinds.matching.engine.union_find import UnionFind, components

RECORDS = range(1, 10)
PAIRS = list(combinations(RECORDS, 2))
links = st.lists(
    st.builds(
        lambda pair, certain: Link(*pair, certain),
        st.sampled_from(PAIRS),
        st.integers(0, 5).map(lambda n: n == 0),
    ),
    unique_by=lambda link: link[:2],
    max_size=30,
).map(lambda found: sorted(found, key=lambda link: not link.certain))
vetoes = st.lists(st.sampled_from(PAIRS), unique=True, max_size=4)
values = st.dictionaries(
    st.sampled_from(RECORDS), st.tuples(*[st.none() | st.integers(1, 2)] * 2), max_size=4
)


def closure(pairs: list[tuple[int, int]]) -> dict[int, int]:
    """Everybody takes the smallest name heard of, until nobody hears a smaller one."""
    names = {item: item for pair in pairs for item in pair}
    for _ in names:
        for a, b in pairs:
            names[a] = names[b] = min(names[a], names[b])
    return names


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), max_size=30))
def test_components_are_the_transitive_closure(pairs: list[tuple[int, int]]) -> None:
    assert components(pairs) == closure(pairs)
    sets = UnionFind({item for pair in pairs for item in pair})
    for a, b in pairs:
        sets.union(a, b)
    assert sets.names() == closure(pairs)


def groups(names: dict[int, int]) -> list[set[int]]:
    return [{r for r in names if names[r] == name} for name in sorted(set(names.values()))]


def conflict(
    a: set[int], b: set[int], apart: list[tuple[int, int]], having: dict[int, Values]
) -> bool:
    return any(
        tuple(sorted((x, y))) in apart
        or any(
            v and w and v != w for v, w in zip(having.get(x, ()), having.get(y, ()), strict=False)
        )
        for x in a
        for y in b
        if x != y
    )


@given(links, vetoes, values, st.sampled_from([3, 5, 50]))
def test_guards(
    found: list[Link], apart: list[tuple[int, int]], having: dict[int, Values], most: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(guards, "MOST_MEMBERS", most)
        names, refused = split(found, apart, having)
    clusters = groups(names)
    assert {r for link in found for r in link[:2]} == set(names)
    why = {tuple(sorted((names[r.a], names[r.b]))): r for r in refused}
    assert len(why) == len(refused)
    for cluster in clusters:
        inside = [link for link in found if {link.a, link.b} <= cluster]
        assert set(closure([link[:2] for link in inside])) == cluster or len(cluster) == 1
        assert len(set(closure([link[:2] for link in inside]).values())) <= 1
        assert not conflict(cluster, cluster, apart, having)
        sure = [link[:2] for link in inside if link.certain]
        assert len(cluster) <= most or set(closure(sure)) == cluster
    for a, b in combinations(clusters, 2):
        between = [
            link for link in found if (link.a in a) != (link.b in a) and {link.a, link.b} <= a | b
        ]
        held = why.get((min(a), min(b)))
        assert bool(between) == bool(held)
        if not held:
            continue
        assert held[:2] == between[0][:2]  # the strongest
        if conflict(a, b, apart, having):
            assert held.why == "veto"
        else:
            assert not between[0].certain
            thin = len(between) * guards.ONE_IN < len(a) * len(b)
            assert held.why == ("size" if len(a) + len(b) > most else "bridge")
            assert thin or held.why == "size"


@given(links)
def test_small_components_without_veto_are_the_closure(found: list[Link]) -> None:
    names, refused = split(found)
    full = closure([link[:2] for link in found])
    if all(list(full.values()).count(n) <= guards.ALWAYS_ONE for n in full.values()):
        assert (names, refused) == (full, [])
