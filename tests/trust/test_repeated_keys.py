"""Keys that repeat or are NULL: flagged, and no record is merged or dropped for it."""

from __future__ import annotations

from runner import World

from cdmq.unit_tests.tests import unit_test

_ROWS = [
    [1, "a@x.org", "Bonn"],
    [1, "b@x.org", "Kiel"],
    [2, "a@x.org", "Bonn"],
    [3, "b@x.org", "Kiel"],
    [None, "c@x.org", "Ulm"],
    [None, "d@x.org", "Hof"],
    [None, "c@x.org", "Ulm"],
]
_PROJECT = {
    "models/m.yml": "version: 1\ndatasets:\n  - {name: c, table: raw_c, key: id}\n",
    "rules/c.yml": """
version: 1
dataset: c
matching:
  - {id: same, makes: party, same_if: [[email]]}
golden:
  - {id: best, from: same, into: best_c, pick: [most_complete]}
""",
}


def begin(world: World) -> None:
    world.table("raw_c", {"id": "integer", "email": "text", "city": "text"}, _ROWS)
    world.write(_PROJECT)
    assert world.run().exit_code == 1


def test_each_row_of_a_repeated_key_takes_part_in_matching_and_golden(left: World) -> None:
    """The email of both rows of 1 link; three rows without a key are three records."""
    world = left
    found = world.results()
    assert (found["c.key"]["status"], found["c.key"]["failing"]) == ("fail", 5)
    assert found["best_c.key"]["status"] == "pass"
    assert found["same"]["tested"] == 7
    parties: dict[str, list[str]] = {}
    for key, party in world.audit_rows("xref", ("key", "party_id")):
        parties.setdefault(party, []).append(key)
    assert sorted(len(p) for p in parties.values()) == [1, 2, 2, 2]
    ones = {p for p, keys in parties.items() if any(k.split(" ")[0] == "1" for k in keys)}
    assert len(ones) == 2
    golden = {r["email"]: r for r in world.view("best_c")}
    assert sorted(golden) == ["a@x.org", "b@x.org", "c@x.org", "d@x.org"]
    assert len(world.view("best_c")) == 4
    members = {
        e: sorted(k.split(" #")[0] for k in parties[r["party_id"]]) for e, r in golden.items()
    }
    assert members["a@x.org"] == ["1", "2"]
    assert members["b@x.org"] == ["1", "3"]
    assert len(members["c@x.org"]) == 2
    shown = world.view("c__xref")
    assert len(shown) == 7
    assert {r["party_id"] for r in shown} == set(parties)


def test_flags_of_repeated_keys_are_one_row_with_a_count(left: World) -> None:
    world = left
    flags = [f for f in world.flags() if f[0] == "c.key"]
    assert [(f[1], f[3], f[7]) for f in flags if f[1] == "1"] == [("1", "1", 2)]
    assert sorted(f[7] for f in flags if f[1] != "1") == [1, 2]
    assert len(world.view("c__flagged")) == 5
    assert [r["id"] for r in world.view("c__passed")] == [2, 3]


def test_ids_stay_when_the_same_rows_come_again_in_another_order(begun: World) -> None:
    world = begun
    before = world.audit_rows("xref", ("key", "party_id"), "to_run IS NULL")
    world.table("raw_c", {"id": "integer", "email": "text", "city": "text"}, _ROWS[::-1])
    world.run()
    assert world.audit_rows("xref", ("key", "party_id"), "to_run IS NULL") == before


def test_the_record_that_keeps_the_key_keeps_its_party_when_it_is_mended(begun: World) -> None:
    world = begun
    before = dict(world.audit_rows("xref", ("key", "party_id"), "to_run IS NULL"))
    first = next(r["email"] for r in world.view("best_c") if r["party_id"] == before["1"])
    rows = [[4 if r[0] == 1 and r[1] != first else r[0], *r[1:]] for r in _ROWS]
    world.table("raw_c", {"id": "integer", "email": "text", "city": "text"}, rows)
    world.run()
    after = dict(world.audit_rows("xref", ("key", "party_id"), "to_run IS NULL"))
    assert after["1"] == before["1"]
    other = next(p for k, p in before.items() if k.startswith("1 #"))
    assert after["4"] == other  # by its partner, 2 or 3


def test_keys_that_repeat_after_a_stack_only(world: World) -> None:
    columns = {"id": "integer", "email": "text"}
    world.table("raw_a", columns, [[1, "a"], [2, "b"]])
    world.table("raw_b", columns, [[1, "c"], [3, "d"]])
    world.write(
        {
            "models/m.yml": """
version: 1
datasets:
  - {name: a, table: raw_a, key: id}
  - {name: b, table: raw_b, key: id}
  - {name: both, stack: {x: a, y: b}, key: id}
"""
        }
    )
    assert world.run().exit_code == 1
    statuses = {n: r["status"] for n, r in world.results().items() if n.endswith(".key")}
    assert statuses == {"a.key": "pass", "b.key": "pass", "both.key": "fail"}
    assert [f[:4] for f in world.flags()] == [("both.key", "1", "id", "1")]


def test_a_unit_test_of_the_rule(world: World) -> None:
    world.write(
        {
            **_PROJECT,
            "unit_tests/keys.yml": """
version: 1
unit_tests:
  - name: numbers_stand_once
    rule: c.key
    given:
      c:
        - {id: 1, email: a}
        - {id: 1, email: b}
        - {id: 2, email: c}
    expect:
      flags:
        - {key: 1, records: 2}
  - name: rows_of_one_key_are_records
    rule: best
    given:
      c:
        - {id: 1, email: a@x.org, city: Bonn}
        - {id: 1, email: b@x.org, city: Kiel}
        - {id: 2, email: b@x.org}
    expect:
      cells:
        - {of: 2, column: city, value: Kiel}
""",
        }
    )
    done = unit_test(world.root)
    assert [(r.test.name, r.status, r.message) for r in done.results] == [
        ("numbers_stand_once", "pass", ""),
        ("rows_of_one_key_are_records", "pass", ""),
    ]
