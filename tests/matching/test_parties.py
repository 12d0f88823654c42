"""Party ids from run to run, case by case."""

from __future__ import annotations

import re
from hashlib import sha256

import duckdb
import pytest
from match_tables import Parties, fill

from cdmq.kinds.matching.engine.parties import carry


def test_ids_are_made_of_the_rule_and_the_smallest_key() -> None:
    same = Parties("same_customer")
    events = same.run([["b", "a"], ["c"]])
    digest = sha256(b"same_customer\x1f0\x1fa").hexdigest()
    party = "P" + digest[:16].upper()
    assert re.fullmatch("P[0-9A-F]{16}", party)
    assert same.xref["a"] == same.xref["b"] == party != same.xref["c"]
    assert sorted(events) == sorted([("mint", party, None, 2), ("mint", same.xref["c"], None, 1)])


def test_ids_of_two_rules_differ() -> None:
    one, two = Parties("customer"), Parties("household")
    one.run(["a"])
    two.run(["a"])
    assert one.xref != two.xref


def test_a_second_run_changes_nothing() -> None:
    same = Parties()
    same.run(["ab", "c"])
    before = dict(same.xref)
    assert same.run(["ab", "c"], seed=1) == []
    assert same.xref == before


def test_records_come_and_go() -> None:
    same = Parties()
    same.run(["abc", "d"])
    first, last = same.xref["a"], same.xref["d"]
    events = same.run(["bcx"])
    assert same.parties() == {first: {"b", "c", "x"}}
    assert events == [("retire", last, None, 1)]
    assert same.resolve(last) is None


def test_a_merge_keeps_the_id_of_most_records() -> None:
    same = Parties()
    same.run(["a", "bc"])
    few, most = same.xref["a"], same.xref["b"]
    assert same.run(["abc"]) == [("merge", few, most, 1)]
    assert same.resolve(few) == most == same.xref["a"]


def test_a_merge_of_equals_keeps_the_smaller_id() -> None:
    same = Parties()
    same.run(["a", "b"])
    kept, gone = sorted(same.xref.values())
    assert same.run(["ab"]) == [("merge", gone, kept, 1)]


def test_a_split_keeps_the_id_with_most_records() -> None:
    same = Parties()
    same.run(["abc"])
    party = same.xref["a"]
    events = same.run(["a", "bc"])
    assert same.xref["b"] == party
    assert events == [("split", same.xref["a"], party, 1)]


def test_a_split_in_halves_keeps_the_id_with_the_smallest_key() -> None:
    same = Parties()
    same.run(["abcd"])
    party = same.xref["a"]
    same.run(["bd", "ac"])
    assert same.xref["a"] == same.xref["c"] == party != same.xref["b"]


def test_what_is_left_over_takes_what_is_left() -> None:
    """One pass of mutual best overlap would lose the second id."""
    same = Parties()
    same.run(["ab", "cd"])
    one, two = same.xref["a"], same.xref["c"]
    assert same.run(["abc", "d"]) == []
    assert (same.xref["c"], same.xref["d"]) == (one, two)


def test_equal_overlaps_make_room_for_each_other() -> None:
    """Three pairs move by one: no id is retired, wherever one begins."""
    same = Parties()
    same.run(["ab", "cd", "ef"])
    assert same.run(["a", "bc", "de", "f"])[0][0] == "split"
    assert not same.leads


def test_a_large_party_is_not_renamed_to_save_a_small_one() -> None:
    """Handing 'abc' the id of 'z' and 'd' that of 'abcd' would retire nobody, and rename three."""
    same = Parties()
    same.run(["abcd", "z"])
    party, small = same.xref["a"], same.xref["z"]
    events = same.run(["abcz", "d"])
    assert same.xref["a"] == same.xref["z"] == party
    assert events == [("merge", small, party, 1), ("split", same.xref["d"], party, 1)]


def test_redirects_are_followed_to_the_end() -> None:
    same = Parties()
    same.run(["a", "bc", "defg"])
    first, second, third = same.xref["a"], same.xref["b"], same.xref["d"]
    same.run(["abc", "defg"])
    same.run(["abcdefg"])
    assert [same.resolve(p) for p in (first, second, third)] == [third] * 3
    same.run([])
    assert [same.resolve(p) for p in (first, second, third)] == [None] * 3


def test_who_leaves_a_party_again_and_again_has_one_id_when_out_of_it() -> None:
    same = Parties()
    seen: list[str] = []
    for _ in range(4):
        same.run(["xy", "b"])
        seen.append(same.xref["b"])
        same.run(["xyb"])
    assert len(set(seen)) == 1


def test_a_merge_that_is_undone_gives_each_its_first_id() -> None:
    same = Parties()
    same.run(["12", "34"])
    first = same.xref
    one, two = first["1"], first["3"]
    assert [e[0] for e in same.run(["1234"])] == ["merge"]
    kept = same.xref["1"]
    assert (same.resolve(one), same.resolve(two)) == (kept, kept)
    gone = two if kept == one else one
    assert same.run(["12", "34"]) == [("return", gone, kept, 2)]
    assert same.xref == first
    assert (same.resolve(one), same.resolve(two)) == (one, two)


def test_who_came_while_parties_were_merged_is_nobodys_own() -> None:
    same = Parties()
    same.run(["12", "3"])
    one, two = same.xref["1"], same.xref["3"]
    same.run(["123"])
    same.run(["123456789"])
    assert same.xref["9"] == one
    same.run(["12", "3456789"])
    assert (same.xref["1"], same.xref["3"], same.xref["9"]) == (one, two, two)


def test_records_that_were_not_there_have_the_id_they_had() -> None:
    same = Parties()
    same.run(["abc", "de", "f"])
    first = same.xref
    assert {e[0] for e in same.run(["a"])} == {"retire"}
    assert same.resolve(first["d"]) is None
    assert sorted(same.run(["abc", "de", "f"])) == sorted(
        [("return", first["d"], None, 2), ("return", first["f"], None, 1)]
    )
    assert same.xref == first
    same.run([])
    same.run(["abc", "f"])
    assert same.xref == {k: p for k, p in first.items() if k not in "de"}


def test_a_bridge_that_was_not_there() -> None:
    """Without 'b' the two others are apart; with it the party has the id that it had."""
    same = Parties()
    same.run(["abc"])
    first = same.xref
    same.run(["a", "c"])
    same.run(["abc"])
    assert same.xref == first


def test_a_duplicate_that_is_deleted_does_not_rename_the_customer() -> None:
    same = Parties()
    same.run(["1", "2"])
    one, two = same.xref["1"], same.xref["2"]
    same.run(["12"])
    kept = same.xref["1"]
    same.run(["2" if kept == one else "1"])
    assert set(same.xref.values()) == {kept}
    assert (same.resolve(one), same.resolve(two)) == (kept, kept)


def test_an_id_leads_to_its_own_records_not_to_whom_it_was_once_merged_with() -> None:
    same = Parties()
    same.run(["12", "3456", "78"])
    one, two, three = same.xref["1"], same.xref["3"], same.xref["7"]
    same.run(["123456", "78"])
    assert same.resolve(one) == two
    same.run(["3456", "1278"])
    assert same.resolve(one) == same.xref["1"] == min(one, three)
    same.run(["3456"])
    assert same.resolve(one) is None


@pytest.mark.parametrize("table", ["minted", "was"])
def test_an_id_that_is_taken_is_passed_over(table: str) -> None:
    same = Parties()
    same.run(["a"])
    taken = same.xref["a"]
    connection = duckdb.connect()
    fill(connection, "records", "rid INTEGER, key VARCHAR", [(1, "a")])
    fill(connection, "members", "rid INTEGER, cluster INTEGER", [(1, 1)])
    fill(
        connection,
        "was",
        "key VARCHAR, party_id VARCHAR, to_run VARCHAR",
        [("gone", taken, None)] if table == "was" else [],
    )
    fill(connection, "astray", "key VARCHAR, own VARCHAR", [])
    fill(connection, "bygone", "key VARCHAR, party_id VARCHAR", [])
    fill(connection, "minted", "party_id VARCHAR", [(taken,)] if table == "minted" else [])
    carry(connection, "same")
    ((key, party),) = connection.execute("FROM xref").fetchall()
    assert key == "a"
    assert party == "P" + sha256(b"same\x1f1\x1fa").hexdigest()[:16].upper()


def test_nothing_but_the_results_is_left_behind() -> None:
    same = Parties()
    same.run(["ab", "c"])
    tables = {name for (name,) in same.connection.execute("SHOW TABLES").fetchall()}
    assert tables == {
        "records",
        "members",
        "was",
        "astray",
        "bygone",
        "minted",
        "xref",
        "events",
        "new_astray",
        "leads",
    }
