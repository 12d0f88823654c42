"""Trends rules in whole runs: what is kept from month to month, what is flagged, what people read."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from runner import World

from cdmq.problems import CdmqError

MODELS = """
version: 1
datasets:
  - {name: people, table: people, key: id}
  - {name: orders, table: orders, key: no, happened_at: at, refers_to: {people: [person]} PII}
"""
RULES = """
version: 1
dataset: people
owner: ada
trends:
  - id: fewer
    measure: {from: orders, sum: amount}
    per: month
    alert: {down_by: 30%, over: 2 months, history: 2 months}
    MORE
"""
ORDERS = {"no": "integer", "person": "text", "at": "timestamp", "amount": "decimal"}
STEADY, FALLS, GONE, RETURNS = "steady", "falls", "gone", "returns"


def moment(month: int, day: int = 5) -> dt.datetime:
    return dt.datetime(2025 + (month - 1) // 12, (month - 1) % 12 + 1, day, 9)


def orders() -> list[list[Any]]:
    """Fourteen months."""
    found: list[tuple[str, int, int]] = []
    for month in range(1, 15):
        found.append((STEADY, month, 100))
        found.append((FALLS, month, 100 if month < 8 else 60))
        if month < 8:
            found.append((GONE, month, 100))
        if month < 6 or month > 9:
            found.append((RETURNS, month, 10))
    return [[i, who, moment(month), amount] for i, (who, month, amount) in enumerate(found)]


def write(world: World, more: str = "", pii: str = "") -> None:
    models = MODELS.replace(" PII", f", pii: {{{pii}}}" if pii else "")
    rules = RULES.replace("    MORE\n", "".join(f"    {m}\n" for m in more.split("; ") if m))
    world.write({"models/m.yml": models, "rules/people.yml": rules})


def prepare(world: World) -> None:
    people = [[who] for who in (STEADY, FALLS, GONE, RETURNS, "never")]
    world.table("people", {"id": "text"}, people)
    world.table("orders", ORDERS, orders())
    write(world)


def run(world: World, month: int, **words: Any) -> Any:
    """On the tenth of a month."""
    return world.run(as_of=moment(month, 10), **words)


def begin(world: World) -> None:
    prepare(world)
    run(world, 15)


def kept(world: World, where: str = "to_run IS NULL") -> list[tuple[Any, ...]]:
    columns = ("key", "step", "since", "judged_by", "usual", "present", "last_on", "reason")
    return world.audit_rows("trend_steps", columns, where)


def flags(world: World, where: str = "to_run IS NULL") -> list[tuple[Any, ...]]:
    columns = ("key", "column_name", "value", "closed_because")
    return world.audit_rows("flags", columns, f"rule_id = 'fewer' AND {where}")


def steps(world: World) -> dict[str, str]:
    return {r["key"]: r["step"] for r in world.view("fewer__steps")}


def test_a_first_run_leaves_what_monthly_ones_leave(left: World, world: World) -> None:
    prepare(world)
    for month in range(1, 16):
        run(world, month)
    assert kept(world) == kept(left)
    assert flags(world) == flags(left)
    assert steps(left) == {STEADY: "active", FALLS: "active", GONE: "dormant", RETURNS: "active"}
    assert [f[:2] for f in flags(left)] == [(GONE, "dormant")]


def test_what_becomes_of_flags_from_month_to_month(world: World) -> None:
    """A month later is no new flag; dormant is another one than falling; each ends with the step."""
    prepare(world)
    for month in range(1, 16):
        run(world, month)
    every = sorted((f[0], f[1], f[3] or "open") for f in flags(world, "true"))
    assert every == [
        (FALLS, "falling", "fixed"),
        (GONE, "dormant", "open"),
        (GONE, "falling", "fixed"),
        (RETURNS, "dormant", "fixed"),
        (RETURNS, "falling", "fixed"),
    ]
    names = [s[:3] for s in kept(world, "key = 'returns'")]
    assert sorted(names, key=lambda r: r[2]) == [
        (RETURNS, "new", "2025-02-01"),
        (RETURNS, "active", "2025-05-01"),
        (RETURNS, "falling", "2025-07-01"),
        (RETURNS, "dormant", "2025-08-01"),
        (RETURNS, "back", "2025-11-01"),
        (RETURNS, "active", "2026-02-01"),
    ]


def test_a_second_run_changes_nothing(begun: World) -> None:
    before = kept(begun, "true"), flags(begun, "true")
    run(begun, 15)
    begun.run(as_of=moment(15, 28))
    assert (kept(begun, "true"), flags(begun, "true")) == before


def test_the_result_and_the_figures(left: World) -> None:
    result = left.results()["fewer"]
    told = [result[k] for k in ("status", "tested", "judged", "failing", "could_not_judge")]
    assert told == ["warn", 5, 4, 1, 0]
    ((message,),) = left.sql(
        f"SELECT message FROM {left.audit}.rule_results WHERE rule_id = 'fewer'"
    )
    assert message == ("3 active, 1 dormant; 1 not judged: without a purchase in a whole period")
    rows = left.sql(f"SELECT figure, value FROM {left.audit}.rule_figures WHERE rule_id = 'fewer'")
    found = {name: float(value) for name, value in rows}
    assert found == {
        "step:new": 0, "step:active": 3, "step:falling": 0, "step:dormant": 1, "step:back": 0,
        "facts": 45, "uncounted": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ("", "warn"),
        ("severity: error", "fail"),
        ("severity: info", "pass"),
        ("error_above: 24%", "fail"),
        ("error_above: 30%", "pass"),
        ("warn_above: 30%", "pass"),
        ("warn_above: 0; error_above: 3", "warn"),
    ],
)
def test_thresholds_are_those_of_any_check(begun: World, more: str, status: str) -> None:
    write(begun, more)
    run(begun, 15)
    assert begun.results()["fewer"]["status"] == status


def test_the_month_begins_by_the_clocks_of_the_project(begun: World) -> None:
    """At 23:30 of the last of October in UTC, November has begun in Berlin."""
    late = dt.datetime(2025, 10, 31, 23, 30)
    begun.run(as_of=late.replace(tzinfo=dt.UTC))
    assert steps(begun)[FALLS] == "falling"
    assert steps(begun)[RETURNS] == "dormant"
    begun.write({"cdmq_project.yml": "name: world\nprofile: world\ntime_zone: Europe/Berlin\n"})
    begun.run(as_of=late.replace(tzinfo=dt.UTC))
    assert steps(begun)[RETURNS] == "back"


def test_other_rules_read_the_step(begun: World) -> None:
    more = (
        "severity: warn\nvalidation:\n  - {id: told, check: expression, "
        "must: \"fewer is null or fewer <> 'dormant'\"}"
    )
    write(begun, more)
    run(begun, 15)
    told = begun.audit_rows("flags", ("key",), "rule_id = 'told' AND to_run IS NULL")
    assert told == [(GONE,)]
    assert {r["id"] for r in begun.view("people__passed")} == {STEADY, FALLS, RETURNS, "never"}


@pytest.mark.parametrize("how", ["mask", "hash", "omit"])
def test_what_pii_hides_is_told_without(world: World, how: str) -> None:
    prepare(world)
    write(world, pii=f"amount: {how}, at: {how}")
    run(world, 15)
    rows = kept(world)
    assert {(r[4], r[5], r[6]) for r in rows} == {(None, None, None)}
    assert [r[7] for r in rows if r[0] == GONE] == ["nothing in 2 months"]
    assert [r[7] for r in rows if r[0] == STEADY] == ["as usual in 2 months"]


def test_who_has_ended_is_not_judged(begun: World) -> None:
    """From the day on that is said; what a record does not know it does not say."""
    people = [[GONE, "closed", "2026-03-01"], [FALLS, "closed", "2027-01-01"], [STEADY, None, None]]
    begun.table("people", {"id": "text", "status": "text", "left": "date"},
                [[i, s, d and dt.date.fromisoformat(d)] for i, s, d in people])  # fmt: skip
    ended = "key: id, ended: {when: \"status = 'closed'\", on: left}}"
    begun.write({"models/m.yml": MODELS.replace("key: id}", ended).replace(" PII", "")})
    run(begun, 15)
    assert steps(begun) == {STEADY: "active", FALLS: "active"}
    assert flags(begun) == []
    ((message,),) = begun.sql(
        f"SELECT message FROM {begun.audit}.rule_results WHERE rule_id = 'fewer' "
        "ORDER BY run_id DESC LIMIT 1"
    )
    assert message.startswith("2 active; 1 have ended")


def test_late_facts_may_change_since_when_it_is_so(begun: World) -> None:
    """What was delivered late makes the step another time, and no other flag."""
    begun.table("orders", ORDERS, [*orders(), [99, GONE, moment(9), 100]])
    run(begun, 15)
    closed = kept(begun, "to_run IS NOT NULL")
    assert [r[:3] for r in closed] == [(GONE, "dormant", "2025-10-01")]
    assert [r[:3] for r in kept(begun, "key = 'gone' AND to_run IS NULL")] == [
        (GONE, "dormant", "2025-12-01")
    ]
    assert len(flags(begun, "true")) == 1


def test_who_leaves_where_is_no_longer_judged(begun: World) -> None:
    write(begun, "where: id <> 'gone'")
    run(begun, 15)
    assert GONE not in steps(begun)
    assert flags(begun) == []


def test_if_none_says_nothing_here(begun: World) -> None:
    rules = begun.root / "rules/people.yml"
    text = rules.read_text().replace("sum: amount}", "sum: amount, if_none: 0}")
    begun.write({"rules/people.yml": text})
    told = [str(p) for p in run(begun, 15).warnings]
    assert any("if_none has no effect" in line for line in told), told


def test_facts_that_do_not_refer_to_the_customers(begun: World) -> None:
    begun.write({"models/m.yml": MODELS.replace(", refers_to: {people: [person]} PII", "")})
    with pytest.raises(CdmqError, match="orders does not say how it refers to people"):
        run(begun, 15)
