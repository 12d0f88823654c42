"""Rules of freshness over logs and dates that are odd, over parties, and over empty tables."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from runner import AS_OF, World

MODELS = """
version: 1
datasets:
  - name: people
    table: people
    key: id
    missing_values: ["", "?"]
    verified_at: {phone: phone_at}
    may_be_empty: true
  - {name: tries, table: tries, key: no, happened_at: day, refers_to: {people: [person]}}
"""
RULE = """
freshness:
  - id: recheck
    columns: [phone]
    fades: {phone: 2% per month}
    recheck_after: {otherwise: 12 months}
    severity: warn
    proof: {from: tries, column: channel, value: value, result: result, good: ok, bad: wrong}
"""
RULES = "version: 1\ndataset: people\n" + RULE
PEOPLE = {"id": "text", "email": "text", "phone": "text", "phone_at": "timestamp"}
TRIES = {
    "no": "integer",
    "person": "text",
    "channel": "text",
    "value": "text",
    "result": "text",
    "day": "timestamp",
}
TODAY = AS_OF.date()


def at(days: int, hour: int = 0) -> dt.datetime:
    return dt.datetime.combine(TODAY + dt.timedelta(days), dt.time(hour))


def tell(world: World, *rows: tuple[str, str, str | None, str | None, dt.datetime | None]) -> None:
    world.table("tries", TRIES, [[i, *row] for i, row in enumerate(rows)])


def begin(world: World, people: list[list[Any]], rules: str = RULES) -> None:
    world.table("people", PEOPLE, people)
    world.write({"models/m.yml": MODELS, "rules/r.yml": rules})
    world.run()


def cells(world: World, rule: str = "recheck") -> dict[str, tuple[Any, ...]]:
    rows = world.view(f"{rule}__cells")
    return {r["key"]: (r["proof"], r["proved_by"], r["result"], r["confidence"]) for r in rows}


def message(world: World) -> str:
    last = f"run_id = (SELECT max(run_id) FROM {world.audit}.runs)"
    ((told,),) = world.audit_rows("rule_results", ("message",), f"rule_id = 'recheck' AND {last}")
    return str(told)


NEVER = (None, None, None, None)


def test_odd_rows_of_a_log_say_nothing_and_are_told(world: World) -> None:
    tell(
        world,
        ("a", "phone", "1", "ok", None),
        ("a", "phone", "1", "ok", dt.datetime(1970, 1, 1)),
        ("a", "phone", "1", "ok", at(0, 13)),
        ("a", "phone", "1", "wrong", at(400)),
        ("a", "fax", "1", "ok", at(-3)),
        ("nobody", "phone", "1", "ok", at(-3)),
        ("a", "phone", "another", "wrong", at(-3)),
        ("a", "phone", None, "wrong", at(-3)),
        ("a", "phone", "1", None, at(-3)),
        ("a", "phone", "1", "OK", at(-3)),
    )
    begin(world, [["a", None, "1", at(9)]])
    assert cells(world) == {"a": NEVER}
    assert message(world).endswith(
        "6 of 10 rows of tries say nothing: 1 without a day, 1 with a day that is none, 2 with a day "
        "still to come, 1 about no watched column, 1 of no known record; "
        "1 days of verified_at are still to come"
    )
    figures = dict(world.audit_rows("rule_figures", ("figure", "value")))
    assert (figures["rows of tries"], figures["left out"], figures["still to come"]) == (10, 6, 1)


def test_good_and_bad_on_one_day_is_bad_whatever_the_hour(world: World) -> None:
    tell(
        world,
        ("a", "phone", "1", "wrong", at(-3, 8)),
        ("a", "phone", "1", "ok", at(-3, 20)),
        ("b", "Phone", "2", "wrong", at(-3, 20)),
        ("b", "phone", "2", "ok", at(-2, 1)),
        ("c", "phone", "3", "wrong", at(-3)),
    )
    begin(world, [["a", None, "1", None], ["b", None, "2", None], ["c", None, "3", at(-3, 23)]])
    assert {k: c[2:] for k, c in cells(world).items()} == {
        "a": ("bad", "0"),
        "b": ("good", "0.9987"),
        "c": ("bad", "0"),
    }
    assert world.results()["recheck"]["failing"] == 2


def test_a_placeholder_a_token_and_a_blank_are_no_value(world: World) -> None:
    tell(world, ("a", "phone", "none", "ok", at(-3)), ("b", "phone", "?", "ok", at(-3)))
    default = (
        "defaults: [{id: d, column: phone, set: none, reason: unknown, where: \"id = 'a'\"}]\n"
    )
    begin(
        world,
        [["a", None, None, at(-1)], ["b", None, "?", at(-1)], ["c", None, " ", at(-1)]],
        "version: 1\ndataset: people\n" + default + RULE,
    )
    assert cells(world) == {}
    assert world.view("recheck__records")[0]["ask"] is None


def test_a_value_in_another_form_of_the_same_text_is_the_same(world: World) -> None:
    tell(world, ("a", "phone", "Caf\u00e9", "ok", at(-3)))
    begin(world, [["a", None, "Cafe\u0301", None]])
    assert cells(world)["a"][2] == "good"


def test_nobody_and_no_log(world: World) -> None:
    tell(world)
    begin(world, [])
    assert world.results()["recheck"]["status"] == "no_data"
    assert world.view("recheck__cells") == []
    assert world.view("recheck__records") == []


def test_of_whom_where_cannot_be_told_is_flagged(world: World) -> None:
    tell(world)
    begin(
        world,
        [["a", "x", "1", at(-1)], ["b", "7", "1", at(-1)]],
        RULES + '    where: "email::integer > 3"\n',
    )
    assert set(cells(world)) == {"b"}
    assert [(f[1], f[2], f[3], f[5]) for f in world.flags()] == [
        ("a", "email", "x", "could_not_judge")
    ]


def test_a_value_that_came_back_needs_a_proof_from_then_on(world: World) -> None:
    tell(world, ("a", "phone", "1", "ok", at(-3)), ("a", "phone", "2", "ok", at(-2)))
    begin(world, [["a", None, "1", None]])
    assert cells(world)["a"][2] == "good"
    world.table("people", PEOPLE, [["a", None, "2", None]])
    world.run(as_of=at(1))
    assert cells(world)["a"][:3] == (str(at(-2)), "tries", "good"), "the log names that very value"
    world.table("people", PEOPLE, [["a", None, "1", None]])
    world.run(as_of=at(2))
    assert cells(world)["a"] == NEVER
    assert {c[0] for c in world.audit_rows("freshness_cells", ("closed_because",))} == {
        None,
        "changed",
    }


PARTIES = """
version: 1
dataset: people
matching:
  - {id: same, makes: party, same_if: [[email]]}
golden:
  - {id: one, from: same, into: golden_people, pick: [verified, most_complete]}
"""


@pytest.mark.parametrize("told_of", ["a", "b"])
def test_a_log_of_records_tells_of_the_party(world: World, told_of: str) -> None:
    """A try of a number counts for the party whose number it is, through whichever record."""
    tell(world, (told_of, "phone", "1", "wrong", at(-3)), ("c", "phone", "1", "ok", at(-1)))
    world.write({"rules/p.yml": PARTIES})
    people = [["a", "x@x.org", "1", at(-9)], ["b", "x@x.org", None, None], ["c", "y", "3", at(-30)]]
    begin(world, people, "version: 1\ndataset: golden_people\n" + RULE)
    party = {r["key"]: r["party_id"] for r in world.view("people__xref")}
    found = cells(world)
    assert found[party["a"]] == (str(at(-3)), "tries", "bad", "0")
    assert found[party["c"]] == (str(at(-30)), "verified_at", "good", "0.9803")
