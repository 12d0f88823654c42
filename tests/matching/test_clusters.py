"""Clusters from pairs, case by case."""

from __future__ import annotations

from itertools import combinations

import pytest
from match_tables import Row, clustered, rule

from cdmq.kinds.matching.engine.guards import MOST_MEMBERS


def scored(*pairs: tuple[int, int], weight: float = 10) -> list[Row]:
    return [(a, b, "score", 0.999, weight) for a, b in pairs]


def certain(*pairs: tuple[int, int]) -> list[Row]:
    return [(a, b, "same_if", 1.0, None) for a, b in pairs]


TRIANGLES = scored((1, 2), (1, 3), (2, 3), (4, 5), (4, 6), (5, 6))


def test_records_without_a_pair_stay_alone() -> None:
    assert clustered([], 3) == ([], [])


def test_links_make_clusters() -> None:
    pairs = scored((1, 2), (2, 3)) + certain((4, 6))
    assert clustered(pairs, 7) == ([[1, 2, 3], [4, 6]], [])


@pytest.mark.parametrize(
    ("probability", "groups", "held"),
    [
        (0.99, [[1, 2]], []),
        (0.9899, [], [(1, 2, "review")]),
        (0.8, [], [(1, 2, "review")]),
        (0.7999, [], []),
    ],
)
def test_the_two_thresholds(probability: float, groups: list[list[int]], held: list[Row]) -> None:
    assert clustered([(1, 2, "score", probability, 3.0)], 2) == (groups, held)


def test_nothing_is_reviewed_without_review_above() -> None:
    assert clustered([(1, 2, "score", 0.98, 3.0)], 2, rule(review_above=None)) == ([], [])


def test_what_is_in_one_cluster_needs_no_review() -> None:
    pairs = [*scored((1, 2), (2, 3)), (1, 3, "score", 0.85, 2.0), (3, 4, "score", 0.85, 2.0)]
    assert clustered(pairs, 4) == ([[1, 2, 3]], [(3, 4, "review")])


def test_a_veto_keeps_two_apart_and_is_shown() -> None:
    assert clustered([(1, 2, "veto", 0.999, 10.0)], 2) == ([], [(1, 2, "veto")])
    assert clustered([(1, 2, "veto", None, None)], 2) == ([], [(1, 2, "veto")])
    assert clustered([(1, 2, "veto", 0.9, 3.0)], 2) == ([], [])  # nor would the score join them


def test_the_record_between_two_vetoed_ones_goes_with_the_stronger() -> None:
    veto = [(1, 3, "veto", 0.995, 7.0)]
    pairs = scored((1, 2), weight=8) + scored((2, 3), weight=9) + veto
    assert clustered(pairs, 3) == ([[2, 3]], [(1, 2, "veto")])
    pairs = certain((1, 2)) + scored((2, 3), weight=9) + veto
    assert clustered(pairs, 3) == ([[1, 2]], [(2, 3, "veto")])


def test_no_cluster_holds_two_values_of_a_column_that_may_not_differ() -> None:
    never = rule(never_if_differs=['a"b', "select"])
    values = {'a"b': {1: "x", 3: "y", 5: "x"}, "select": {2: "s", 3: "s", 4: "t"}}
    pairs = scored((1, 2), weight=9) + scored((2, 3), (2, 5), weight=8) + scored((4, 5), weight=7)
    assert clustered(pairs, 5, never, values) == ([[1, 2, 5]], [(2, 3, "veto"), (4, 5, "veto")])


def test_a_value_that_too_many_share_is_no_veto() -> None:
    never = rule(never_if_differs=["tax_id"], ignore_values={"shared_by_more_than": {"tax_id": 2}})
    values = {"tax_id": {1: "x", 3: "0", 4: "0", 5: "0"}}
    pairs = scored((1, 2), weight=9) + scored((2, 3), weight=8)
    assert clustered(pairs, 5, never, values) == ([[1, 2, 3]], [])
    del values["tax_id"][5]
    assert clustered(pairs, 5, never, values) == ([[1, 2]], [(2, 3, "veto")])


def test_a_bridge_between_dense_groups_is_held() -> None:
    groups, held = clustered([*TRIANGLES, *scored((3, 4), weight=99)], 6)
    assert (groups, held) == ([[1, 2, 3], [4, 5, 6]], [(3, 4, "bridge")])


def test_a_certain_link_is_no_bridge() -> None:
    assert clustered([*TRIANGLES, *certain((3, 4))], 6) == ([[1, 2, 3, 4, 5, 6]], [])


def test_two_of_nine_links_are_no_bridge() -> None:
    assert clustered([*TRIANGLES, *scored((3, 4), (2, 5), weight=1)], 6)[0] == [[1, 2, 3, 4, 5, 6]]


def test_a_record_in_between_can_thicken_a_bridge() -> None:
    """3-4 comes first and is thin; 7, that joins 4 to 6 last, is linked to all of 1 to 3."""
    late = scored((1, 7), (2, 7), (3, 7), (4, 7), (5, 7), (6, 7), weight=2)
    assert clustered([*TRIANGLES, *scored((3, 4), weight=99), *late], 7) == (
        [[1, 2, 3, 4, 5, 6, 7]],
        [],
    )


def test_one_of_many_cannot_bring_in_a_stranger() -> None:
    dense = scored(*combinations(range(1, 7), 2))
    assert clustered([*dense, *scored((6, 7))], 7) == ([[1, 2, 3, 4, 5, 6]], [(6, 7, "bridge")])


def test_too_many_members_by_score() -> None:
    many = MOST_MEMBERS + 10
    groups, held = clustered(scored(*combinations(range(1, many + 1), 2)), many)
    assert [len(g) for g in groups] == [MOST_MEMBERS, 10]
    assert [why for *_, why in held] == ["size"]


def test_any_number_of_members_by_same_if() -> None:
    many = MOST_MEMBERS + 10
    everyone = list(range(1, many + 1))
    pairs = certain(*combinations(everyone, 2))
    stranger = scored(*((n, many + 1) for n in everyone))
    groups, held = clustered(pairs + stranger, many + 1)
    assert (groups, held) == ([everyone], [(1, many + 1, "size")])


def test_one_question_for_two_clusters() -> None:
    pairs = scored((1, 2), (3, 4), weight=9) + scored((2, 3), weight=8) + scored((1, 4), weight=7)
    veto = [(1, 3, "veto", 0.9999, 12.0), (2, 4, "veto", 0.9999, 12.0)]
    assert clustered(pairs + veto, 4) == ([[1, 2], [3, 4]], [(2, 3, "veto")])
    assert clustered(certain((1, 2), (3, 4)) + veto, 4) == ([[1, 2], [3, 4]], [(1, 3, "veto")])


def test_of_a_household_the_surest_pair_is_asked() -> None:
    """1 and 3 live together; that keeps 2 and 4 apart too, which are less surely one."""
    pairs = certain((1, 2), (3, 4)) + [
        (1, 3, "score", 0.9999, 12.0),
        (2, 4, "score", 0.995, 8.0),
        (2, 3, "score", 0.9, 3.0),
    ]
    assert clustered(pairs, 4, household=[(1, 3)]) == ([[1, 2], [3, 4]], [(1, 3, "household")])
    pairs[2:4] = (1, 3, "score", 0.994, 7.5), (2, 4, "score", 0.995, 8.0)
    assert clustered(pairs, 4, household=[(1, 3)])[1] == [(2, 4, "household")]


def test_groups_are_made_the_same_way() -> None:
    household = rule(makes="group", same_if=[["last_name", "street"]])
    assert clustered(certain((1, 2), (2, 3)), 4, household) == ([[1, 2, 3]], [])


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    pairs = scored(*combinations(range(1, 7), 2)) + scored((6, 7), (7, 8), (8, 9), (7, 9), (5, 9))
    pairs += [(2, 4, "veto", 0.999, 9.0), (9, 10, "score", 0.9, 2.0)][seed % 2 :]
    assert clustered(pairs, 12, seed=seed) == clustered(pairs, 12)
