"""A golden cell shows what is good where a record offers it, and no where anybody said no."""

from __future__ import annotations

import pytest
from runner import World

MODELS = """
version: 1
datasets:
  - {name: people, table: people, key: id}
  - {name: towns, table: towns, key: town}
"""
RULES = """
version: 1
dataset: people
validation:
  - {column: email, checks: [email]}
  - {id: known_town, column: town, check: relationships, to: towns, field: town}
  - {id: dialled, column: phone, check: regex, pattern: '^[+]', severity: SEVERITY}
matching:
  - {id: same, same_if: [[tax]]}
golden:
  - {id: best, from: same, into: customers, pick: largest, columns: {ok: [strictest]}MORE}
"""
PEOPLE = {"id": "integer", "tax": "text", "email": "text", "town": "text", "phone": "text",
          "ok": "text"}


def _write(world: World, more: str = "", severity: str = "error") -> None:
    world.table("people", PEOPLE, [
        [1, "T", "a@example.com", "Ulm", "+1", "yes"], [2, "T", "z@@", "Xanten", "2", "NO "],
        [3, "T", "b@example.com", None, None, "maybe"], [4, "S", "z@@", "Xanten", "3", "yes"]])
    world.table("towns", {"town": "text"}, [["Ulm"], ["Bonn"]])
    world.write({"models/m.yml": MODELS, "rules/people.yml": RULES.replace(
        "largest", "most_common").replace("MORE", more).replace("SEVERITY", severity)})


def _best(world: World, *columns: str) -> list[tuple[str, ...]]:
    return sorted(tuple(r[c] for c in columns) for r in world.view("customers"))


def test_a_flagged_value_loses(world: World) -> None:
    _write(world)
    world.run()
    assert _best(world, "tax", "email", "town", "phone") == [
        ("S", "z@@", "Xanten", "3"), ("T", "a@example.com", "Ulm", "+1")]
    because = world.audit_rows("golden_cells", ("column_name", "winner", "because"),
                               "column_name = 'town'")
    assert because == [("town", "1", "valid"), ("town", "4", "only value")]


def test_what_a_disabled_rule_or_a_warning_says_does_not_count(world: World) -> None:
    _write(world, severity="warn")
    world.sql("UPDATE people SET phone = '9' WHERE id = 1")
    world.run()
    before = _best(world, "tax", "phone")
    world.sql("UPDATE people SET phone = '+9' WHERE id = 2")
    world.run()
    assert _best(world, "tax", "phone")[1] == before[1]  # the first by key, valid or not


def test_valid_only_false(world: World) -> None:
    _write(world, ", valid_only: false")
    world.run()
    world.sql("UPDATE people SET email = '!' WHERE id = 1")
    world.run()
    assert _best(world, "tax", "email")[1] == ("T", "!")


def test_flags_of_rules_that_are_not_run_count(world: World) -> None:
    _write(world)
    world.sql("UPDATE people SET email = '!' WHERE id = 1")
    world.run()
    assert _best(world, "tax", "email")[1] == ("T", "b@example.com")
    world.run(select="best")
    assert _best(world, "tax", "email")[1] == ("T", "b@example.com")


def test_a_rule_that_refers_to_the_golden_records_is_judged_after_them(world: World) -> None:
    _write(world)
    world.write({"rules/more.yml": "version: 1\ndataset: people\nvalidation:\n"
                 "  - {id: back, column: tax, check: relationships, to: customers, field: tax}\n"})
    world.run()
    assert {r: v["status"] for r, v in world.results().items()}["back"] == "pass"


@pytest.mark.parametrize("unit", ["together: {place: [town, phone]}"])
def test_a_flagged_cell_makes_its_group_lose(world: World, unit: str) -> None:
    _write(world, f", {unit}")
    world.sql("UPDATE people SET phone = 'x' WHERE id = 1")
    world.sql("UPDATE people SET town = 'Bonn', phone = '+2' WHERE id = 3")
    world.run()
    assert _best(world, "tax", "town", "phone")[1] == ("T", "Bonn", "+2")


def test_one_no_is_no(world: World) -> None:
    _write(world)
    world.run()
    assert _best(world, "tax", "ok") == [("S", "yes"), ("T", "NO ")]
    world.sql("UPDATE people SET ok = NULL WHERE id = 2")
    world.run()
    assert _best(world, "tax", "ok") == [("S", "yes"), ("T", "maybe")]
    assert ("ok", "3", "strictest") in world.audit_rows(
        "golden_cells", ("column_name", "winner", "because"), "to_run IS NULL")


def test_a_no_that_is_flagged_is_still_no(world: World) -> None:
    _write(world)
    world.write({"rules/more.yml": "version: 1\ndataset: people\nvalidation:\n"
                 "  - {column: ok, checks: [{accepted_values: {values: ['yes', 'no']}}]}\n"})
    world.run()
    assert world.results()["people.ok.accepted_values"]["failing"] == 2
    assert _best(world, "tax", "ok")[1] == ("T", "NO ")


def test_dates_to_come_and_ends_of_time_win_nothing(world: World) -> None:
    import datetime as dt

    world.table("people", {"id": "integer", "tax": "text", "email": "text", "changed": "date",
                           "seen": "timestamp"}, [
        [1, "T", "stale@x.com", dt.date(9999, 12, 31), dt.datetime(2262, 4, 11)],
        [2, "T", "fresh@x.com", dt.date(2026, 10, 1), dt.datetime(2026, 10, 1)],
        [3, "T", "zero@x.com", dt.date(1, 1, 1), dt.datetime(1970, 1, 1)],
        [4, "T", "old@x.com", dt.date(2020, 1, 1), None],
        [5, "T", "unix@x.com", dt.date(1970, 1, 1), None],
        [6, "T", "excel@x.com", dt.date(1900, 1, 1), None]])
    rules = ("version: 1\ndataset: people\nmatching:\n  - {id: same, same_if: [[tax]]}\ngolden:\n"
             "  - {id: best, from: same, into: customers, pick: PICK}\n")
    world.write({"models/m.yml": "version: 1\ndatasets:\n  - {name: people, table: people, "
                 "key: id, changed_at: changed, verified_at: {email: seen}}\n"})
    for pick, email, seen in (("newest", "fresh@x.com", "2026-10-01 00:00:00"),
                              ("verified", "fresh@x.com", "2026-10-01 00:00:00"),
                              ("oldest", "old@x.com", None)):
        world.write({"rules/people.yml": rules.replace("PICK", pick)})
        world.run()
        assert _best(world, "email", "changed", "email__verified_at") == [
            (email, "2026-10-01", seen)]
