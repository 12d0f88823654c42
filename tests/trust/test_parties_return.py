"""Customers who leave for a run, and parties that were merged: they have again what they had."""

from __future__ import annotations

import datetime as dt

from runner import AS_OF, World

MODELS = """
version: 1
datasets:
  - {name: people, table: people, key: id, missing_values: [""]}
"""
ORDERS = """
  - {name: orders, table: orders, key: oid, happened_at: d, refers_to: {people: id}}
"""
RULES = """
version: 1
dataset: people
matching:
  - {id: same, same_if: [[email]]}
"""
GOLDEN = """
golden:
  - {id: best, from: same, into: customers, pick: longest}
"""
LEVELS = """
version: 1
dataset: customers
tiering:
  - id: class
    measures: {volume: {from: orders, sum: amount, where: "d > as_of - interval 60 day",
                        if_none: 0}}
    levels: [{big: "volume >= 100"}, {small: otherwise}]
    review: monthly
    keep_unless: {below_by: 10%, for: 3 reviews}
"""


def _people(world: World, **emails: str) -> None:
    world.table("people", {"id": "text", "email": "text"}, [[k, v] for k, v in emails.items()])


def _orders(world: World) -> None:
    world.table(
        "orders",
        {"oid": "integer", "id": "text", "d": "date", "amount": "decimal"},
        [[1, "a", dt.date(2026, 10, 20), 500], [2, "c", dt.date(2026, 10, 20), 500]],
    )


def _parties(world: World) -> dict[str, str]:
    return dict(world.audit_rows("xref", ("key", "party_id"), "to_run IS NULL"))


def _ids(world: World) -> dict[str, str | None]:
    return dict(world.audit_rows("party_ids", ("party_id", "now_id")))


def _levels(world: World) -> dict[str, tuple[str, int, str]]:
    rows = world.audit_rows(
        "tier_history", ("key", "level", "missed", "from_review"), "to_run IS NULL"
    )
    return {key: tuple(rest) for key, *rest in rows}


def _start(world: World, levels: bool = False) -> None:
    world.write({"models/m.yml": MODELS, "rules/people.yml": RULES})
    if levels:
        _orders(world)
        world.write(
            {
                "models/m.yml": MODELS + ORDERS,
                "rules/people.yml": RULES + GOLDEN,
                "rules/customers.yml": LEVELS,
            }
        )


def begin(world: World) -> None:
    _start(world)
    _people(world, a="x", b="x", c="y")
    world.run()


def test_a_merge_that_is_undone(world: World) -> None:
    _start(world)
    _people(world, a="x", b="x", c="y", d="y")
    world.run()
    first = _parties(world)
    _people(world, a="x", b="x", c="x", d="x")
    world.run()
    (kept,) = set(_parties(world).values())
    assert _ids(world) == dict.fromkeys(first.values(), kept)
    _people(world, a="x", b="x", c="y", d="y")
    world.run()
    assert _parties(world) == first
    assert _ids(world) == {p: p for p in first.values()}
    gone = ({*first.values()} - {kept}).pop()
    assert ("return", gone, kept, 2) in world.audit_rows(
        "party_events", ("event", "party_id", "other", "records")
    )
    assert world.audit_rows("astray", ("key",), "to_run IS NULL") == []


def test_an_empty_delivery(begun: World) -> None:
    first = _parties(begun)
    _people(begun, c="y")
    begun.run()
    assert _parties(begun) == {"c": first["c"]}
    assert _ids(begun) == {first["a"]: None, first["c"]: first["c"]}
    _people(begun)
    assert begun.run().exit_code == 1  # held back: nothing came
    assert _ids(begun) == {first["a"]: None, first["c"]: first["c"]}
    allowed = MODELS.replace("table: people,", "table: people, may_be_empty: true,")
    begun.write({"models/m.yml": allowed})
    begun.run()
    assert _ids(begun) == {first["a"]: None, first["c"]: None}
    _people(begun, a="x", b="x", c="y")
    begun.run()
    assert _parties(begun) == first
    assert _ids(begun) == {p: p for p in first.values()}


def test_a_rule_that_is_taken_away_and_comes_back(begun: World) -> None:
    _people(begun, a="x", b="x", c="x")
    begun.run()
    first = _parties(begun)
    begun.write({"rules/people.yml": ""})
    begun.run(allow_empty=True)
    assert _parties(begun) == {}
    begun.write({"rules/people.yml": RULES})
    begun.run()
    assert _parties(begun) == first
    _people(begun, a="x", b="x", c="y")
    begun.run()
    assert len(set(_parties(begun).values())) == 2
    assert _parties(begun)["a"] == first["a"]


def test_levels_go_on_where_they_were(world: World) -> None:
    _start(world, levels=True)
    everyone = {"a": "x", "b": "x", "c": "y"}
    _people(world, **everyone)
    november, december, january, february, march = (
        AS_OF,
        AS_OF.replace(month=12),
        *(AS_OF.replace(year=2027, month=m) for m in (1, 2, 3)),
    )
    world.run(as_of=november)
    first = _parties(world)
    began = {first["a"]: ("big", 0, "2026-11-01"), first["c"]: ("big", 0, "2026-11-01")}
    assert _levels(world) == began
    _people(world, a="x", b="x")
    world.run(as_of=november + dt.timedelta(days=1))
    assert _levels(world).keys() == {first["a"]}
    _people(world, **everyone)
    world.run(as_of=november + dt.timedelta(days=2))
    assert _levels(world) == began
    world.run(as_of=january)  # below its level, for the first time
    assert _levels(world)[first["c"]] == ("big", 1, "2027-01-01")
    _people(world, a="x", b="x")
    world.run(as_of=january + dt.timedelta(days=1))
    _people(world, **everyone)
    world.run(as_of=february)
    assert _levels(world)[first["c"]] == ("big", 2, "2027-02-01")
    world.run(as_of=march)
    assert _levels(world)[first["c"]] == ("small", 0, "2027-03-01")
    assert december < january
