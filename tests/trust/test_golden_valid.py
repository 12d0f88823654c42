"""A golden cell shows what is good where a record offers it, and no where anybody said no."""

from __future__ import annotations

from runner import Twin, World

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
  - {id: dialled, column: phone, check: regex, pattern: '^[+]'}
  - {id: sent, column: fax, check: regex, pattern: '^[+]', severity: warn}
matching:
  - {id: same, same_if: [[tax]]}
golden:
  - {id: best, from: same, into: customers, pick: most_common, columns: {ok: [strictest]}}
"""
OTHERS = """
  - {id: any, from: same, into: anybody, pick: most_common, valid_only: false}
  - {id: at, from: same, into: places, pick: most_common, together: {place: [town, phone]}}
"""
MORE = """
version: 1
dataset: people
validation:
  - {id: back, column: tax, check: relationships, to: customers, field: tax}
  - {column: ok, checks: [{accepted_values: {values: ['yes', 'no']}}]}
"""
PEOPLE = {
    "id": "integer",
    "tax": "text",
    "email": "text",
    "town": "text",
    "phone": "text",
    "fax": "text",
    "ok": "text",
}


def _write(world: World, rules: str, more: str = "") -> None:
    world.table(
        "people",
        PEOPLE,
        [
            [1, "T", "a@example.com", "Ulm", "+1", "9", "yes"],
            [2, "T", "z@@", "Xanten", "2", "2", "NO "],
            [3, "T", "b@example.com", None, None, None, "maybe"],
            [4, "S", "z@@", "Xanten", "3", "3", "yes"],
        ],
    )
    world.table("towns", {"town": "text"}, [["Ulm"], ["Bonn"]])
    world.write({"models/m.yml": MODELS, "rules/people.yml": rules, "rules/more.yml": more})


def begin(world: World) -> None:
    _write(world, RULES + OTHERS)
    world.run()


def change(world: World) -> None:
    """In the second run other cells are good."""
    begin(world)
    world.sql("UPDATE people SET email = '!', phone = 'x' WHERE id = 1")
    world.sql("UPDATE people SET fax = '+9', ok = NULL WHERE id = 2")
    world.sql("UPDATE people SET town = 'Bonn', phone = '+2' WHERE id = 3")
    world.run()


def judge_more(world: World) -> None:
    """With a rule that refers to the golden records, and one that flags a no."""
    _write(world, RULES, MORE)
    world.run()


def _best(world: World, *columns: str, into: str = "customers") -> list[tuple[str, ...]]:
    return sorted(tuple(r[c] for c in columns) for r in world.view(into))


def test_a_flagged_value_loses(left: World) -> None:
    assert _best(left, "tax", "email", "town", "phone") == [
        ("S", "z@@", "Xanten", "3"),
        ("T", "a@example.com", "Ulm", "+1"),
    ]
    because = left.audit_rows(
        "golden_cells",
        ("column_name", "winner", "because"),
        "column_name = 'town' AND rule_id = 'best'",
    )
    assert because == [("town", "1", "valid"), ("town", "4", "only value")]


def test_what_a_disabled_rule_or_a_warning_says_does_not_count(begun: World, twin: Twin) -> None:
    """The first by key is taken, valid or not."""
    changed = twin(change)
    assert _best(begun, "tax", "fax") == _best(changed, "tax", "fax") == [("S", "3"), ("T", "9")]


def test_valid_only_false(twin: Twin) -> None:
    changed = twin(change)
    assert _best(changed, "tax", "email", into="anybody")[1] == ("T", "!")


def test_flags_of_rules_that_are_not_run_count(twin: Twin) -> None:
    changed = twin(change)
    assert _best(changed, "tax", "email")[1] == ("T", "b@example.com")
    changed.run(select="best")
    assert _best(changed, "tax", "email")[1] == ("T", "b@example.com")


def test_a_rule_that_refers_to_the_golden_records_is_judged_after_them(twin: Twin) -> None:
    more = twin(judge_more)
    assert {r: v["status"] for r, v in more.results().items()}["back"] == "pass"


def test_a_flagged_cell_makes_its_group_lose(twin: Twin) -> None:
    changed = twin(change)
    assert _best(changed, "tax", "town", "phone", into="places")[1] == ("T", "Bonn", "+2")


def test_one_no_is_no(begun: World, twin: Twin) -> None:
    changed = twin(change)
    assert _best(begun, "tax", "ok") == [("S", "yes"), ("T", "NO ")]
    assert _best(changed, "tax", "ok") == [("S", "yes"), ("T", "maybe")]
    assert ("ok", "3", "strictest") in changed.audit_rows(
        "golden_cells", ("column_name", "winner", "because"), "to_run IS NULL AND rule_id = 'best'"
    )


def test_a_no_that_is_flagged_is_still_no(twin: Twin) -> None:
    more = twin(judge_more)
    assert more.results()["people.ok.accepted_values"]["failing"] == 2
    assert _best(more, "tax", "ok")[1] == ("T", "NO ")


def test_dates_to_come_and_ends_of_time_win_nothing(world: World) -> None:
    import datetime as dt

    world.table(
        "people",
        {"id": "integer", "tax": "text", "email": "text", "changed": "date", "seen": "timestamp"},
        [
            [1, "T", "stale@x.com", dt.date(9999, 12, 31), dt.datetime(2262, 4, 11)],
            [2, "T", "fresh@x.com", dt.date(2026, 10, 1), dt.datetime(2026, 10, 1)],
            [3, "T", "zero@x.com", dt.date(1, 1, 1), dt.datetime(1970, 1, 1)],
            [4, "T", "old@x.com", dt.date(2020, 1, 1), None],
            [5, "T", "unix@x.com", dt.date(1970, 1, 1), None],
            [6, "T", "excel@x.com", dt.date(1900, 1, 1), None],
        ],
    )
    rules = "version: 1\ndataset: people\nmatching:\n  - {id: same, same_if: [[tax]]}\ngolden:\n"
    expected = {
        "newest": ("fresh@x.com", "2026-10-01 00:00:00"),
        "verified": ("fresh@x.com", "2026-10-01 00:00:00"),
        "oldest": ("old@x.com", None),
    }
    world.write(
        {
            "models/m.yml": "version: 1\ndatasets:\n  - {name: people, table: people, "
            "key: id, changed_at: changed, verified_at: {email: seen}}\n",
            "rules/people.yml": rules
            + "".join(
                f"  - {{id: by_{pick}, from: same, into: {pick}, pick: {pick}}}\n"
                for pick in expected
            ),
        }
    )
    world.run()
    for pick, (email, seen) in expected.items():
        assert _best(world, "email", "changed", "email__verified_at", into=pick) == [
            (email, "2026-10-01", seen)
        ]
