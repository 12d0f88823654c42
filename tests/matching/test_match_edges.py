"""Training never fails, whatever the records look like; the rule's words mean what they say."""

from __future__ import annotations

import random

import pytest
from matching_data import COMPARED, PEOPLE, matched, people, scratch

from cdmq.kinds.matching.engine.score import score
from cdmq.kinds.matching.engine.train import train
from cdmq.kinds.matching.words import MatchingRule

ONE = ("p1", "anna", "eichbauer", "1980-05-01", "anna@example.org")
SMALL = {
    "no record": [],
    "one record": [ONE],
    "two equal records": [ONE, ("p2", *ONE[1:])],
    "two unlike records": [ONE, ("p2", "bert", "waldhuber", "1950-01-02", "b.w@example.com")],
    "everything missing": [(f"p{i}", None, None, None, None) for i in range(5)],
    "one column missing": [(f"p{i}", "anna", None, None, None) for i in range(5)],
    "all equal": [(f"p{i}", *ONE[1:]) for i in range(30)],
    "no certain pair": people(40),
}


@pytest.mark.parametrize("rows", SMALL.values(), ids=SMALL)
def test_training_ends_and_scores(rows):
    found = matched(PEOPLE, rows, compare=COMPARED)
    assert all(why == "score" and 0.99 <= p <= 1 for why, p in found.values())


def test_two_equal_records_are_one():
    assert ("p1", "p2") in matched(PEOPLE, SMALL["two equal records"], compare=COMPARED)


def test_two_unlike_records_are_not():
    assert not matched(PEOPLE, SMALL["two unlike records"], compare=COMPARED)


def test_columns_may_be_called_anything():
    odd = dict(zip(["a b", 'a"b', "select", "rid_l"], PEOPLE.values(), strict=True))
    rows = [*people(60), ("q", *people(60)[7][1:])]
    words = dict(zip(odd, COMPARED.values(), strict=True))
    found = matched(
        odd, rows, compare=words, same_if=[["a b", 'a"b'], ["select"]], never_if_differs=["rid_l"]
    )
    assert ("p007", "q") in found


def test_first_and_last_name_swapped():
    rows = people(200)
    key, first, last, born, _ = rows[3]
    found = matched(PEOPLE, [*rows, ("q", last, first, born, None)], compare=COMPARED)
    assert (key, "q") in found


def test_same_if_without_compare_needs_no_model():
    found = matched(PEOPLE, SMALL["two equal records"], same_if=[["first", "born"]])
    assert found == {("p1", "p2"): ("same_if", 1.0)}


def test_a_veto_beats_same_if_and_score():
    rows = [ONE, ("p2", *ONE[1:4], "other@example.org")]
    found = matched(
        PEOPLE,
        rows,
        same_if=[["first", "last", "born"]],
        compare=COMPARED,
        never_if_differs=["email"],
    )
    assert found[("p1", "p2")][0] == "veto"


def test_a_missing_value_is_no_veto():
    rows = [ONE, ("p2", *ONE[1:4], None)]
    found = matched(PEOPLE, rows, same_if=[["first", "last"]], never_if_differs=["email"])
    assert found == {("p1", "p2"): ("same_if", 1.0)}


@pytest.mark.parametrize(("records", "pairs"), [(3, 3), (4, 0)])
def test_a_value_that_too_many_share_is_no_evidence(records, pairs):
    rows = [(f"p{i}", f"f{i}", f"l{i}", None, "desk@example.org") for i in range(records)]
    found = matched(
        PEOPLE, rows, same_if=[["email"]], ignore_values={"shared_by_more_than": {"email": "3"}}
    )
    assert len(found) == pairs


def test_given_candidates_are_the_only_ones_scored():
    rows = [*people(60), ("q", *people(60)[7][1:4], None)]
    assert ("p007", "q") in matched(PEOPLE, rows, compare=COMPARED, candidates=[["last"]])
    assert ("p007", "q") not in matched(PEOPLE, rows, compare=COMPARED, candidates=[["email"]])


def test_the_order_of_rows_never_matters():
    rows = [*people(150), *(("q" + r[0], *r[1:]) for r in people(150)[:40])]
    shuffled = random.Random(5).sample(rows, len(rows))
    rule = MatchingRule(id="r", compare=COMPARED, review_above="1%")
    results = []
    for some in (rows, shuffled):
        connection = scratch(PEOPLE, some)
        connection.execute("CREATE TABLE mixed AS FROM records ORDER BY hash(key, ?)", [some[0][0]])
        connection.execute("DROP TABLE records; ALTER TABLE mixed RENAME TO records")
        model = train(connection, rule, PEOPLE)
        score(connection, rule, PEOPLE, model)
        results.append((model, connection.execute("FROM pairs ORDER BY a, b").fetchall()))
    assert results[0] == results[1]
    assert len(results[0][0].digest) == 64


def test_nothing_is_left_but_our_tables(capfd):
    connection = scratch(PEOPLE, people(50))
    rule = MatchingRule(id="r", compare=COMPARED)
    score(connection, rule, PEOPLE, train(connection, rule, PEOPLE))
    left = {name for (name,) in connection.execute("SHOW TABLES").fetchall()}
    assert left == {"records", "inputs", "features", "candidates", "pairs", "household"}
    assert capfd.readouterr() == ("", "")


def test_weights_add_up_per_column():
    import json

    connection = scratch(PEOPLE, [*people(80), ("q", *people(80)[7][1:])])
    rule = MatchingRule(id="r", compare=COMPARED)
    model = train(connection, rule, PEOPLE)
    score(connection, rule, PEOPLE, model)
    weight, weights = connection.execute("SELECT weight, weights FROM pairs").fetchall()[0]
    assert list(json.loads(weights)) == list(COMPARED)
    assert weight == pytest.approx(
        model.read["prior"] + sum(json.loads(weights).values()), abs=0.01
    )
