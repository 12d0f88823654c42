"""Trends of a dataset as a whole: rows, NULLs and flags, against the periods before."""

from __future__ import annotations

import datetime as dt
from statistics import median
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runner import World

from cdmq.kinds.trends.dataset_words import DatasetTrend
from cdmq.kinds.trends.periods import Periods
from cdmq.problems import CdmqError

MODELS = """
version: 1
datasets:
  - {name: calls, table: calls, key: no HAPPENED}
"""
RULES = """
version: 1
dataset: calls
owner: ada
validation:
  - {id: phone_form, column: phone, check: regex, pattern: '^[0-9]+$', severity: warn}
trends:
  - {id: many, of: dataset, measure: {count: rows}, per: week, alert: {history: 6 weeks}}
  - {id: missing, of: dataset, measure: {nulls: phone}, per: week, alert: {history: 6 weeks}}
  - {id: wrong, of: dataset, measure: {flags: phone_form}, per: week, alert: {history: 6 weeks}}
"""
calm = settings(deadline=None, suppress_health_check=list(HealthCheck))
MONDAY = dt.date(2026, 3, 2)


def calls(weeks: list[tuple[int, int, int]]) -> list[list[Any]]:
    """A week each: how many, how many of them without a phone, how many with a wrong one."""
    rows: list[list[Any]] = []
    for week, (count, missing, wrong) in enumerate(weeks):
        for i in range(count):
            phone = None if i < missing else "x" if i < missing + wrong else "1"
            day = MONDAY + dt.timedelta(days=7 * week + i % 7)
            rows.append([len(rows), day, phone])
    return rows


def begin(world: World, happened: str = ", happened_at: day", rules: str = RULES) -> None:
    world.write({"models/m.yml": MODELS.replace(" HAPPENED", happened), "rules/calls.yml": rules})


def deliver(world: World, weeks: list[tuple[int, int, int]], week: int, **words: Any) -> None:
    """The run of a Wednesday."""
    world.table("calls", {"no": "integer", "day": "date", "phone": "text"}, calls(weeks))
    day = MONDAY + dt.timedelta(days=7 * week + 2)
    world.run(as_of=dt.datetime.combine(day, dt.time(9)), **words)


def told(world: World, rule: str) -> tuple[Any, ...]:
    ((message,),) = world.sql(
        f"SELECT message FROM {world.audit}.rule_results WHERE rule_id = ? ORDER BY run_id DESC LIMIT 1",
        rule,
    )
    return world.results()[rule]["status"], message


def flags(world: World, rule: str, where: str = "true") -> list[tuple[Any, ...]]:
    return world.audit_rows(
        "flags",
        ("key", "column_name", "value", "closed_because"),
        f"rule_id = '{rule}' AND {where}",
    )


STEADY = [(20, 2, 1), (22, 2, 1), (20, 2, 1), (18, 2, 1), (20, 2, 1), (20, 2, 1)]


def test_by_when_rows_happened(world: World) -> None:
    """The week that runs is not judged, nor what it is compared with."""
    begin(world)
    deliver(world, [*STEADY, (20, 2, 1), (3, 0, 0)], 7)
    assert told(world, "many") == (
        "pass", "20 rows in the last whole week, usually 20 (median deviation 1)",
    )  # fmt: skip
    deliver(world, [*STEADY, (25, 10, 1), (3, 0, 0)], 7)
    assert told(world, "many")[0] == "pass"  # five deviations are not more than five
    assert told(world, "missing") == (
        "warn", "phone is missing in 40% in the last whole week, usually 10 (median deviation 0.5)",
    )  # fmt: skip
    deliver(world, [*STEADY, (26, 2, 1)], 7)
    assert told(world, "many")[0] == "warn"
    assert flags(world, "many", "to_run IS NULL") == [
        (None, "", "26 rows in the last whole week, usually 20 (median deviation 1)", None)
    ]
    deliver(world, [*STEADY, (26, 2, 1), (60, 2, 1)], 8)
    assert len(flags(world, "many")) == 1  # a week later it is no other flag
    deliver(world, [*STEADY, (26, 2, 1), (20, 2, 1)], 8)
    assert [f[3] for f in flags(world, "many")] == ["fixed"]


def test_nothing_came(world: World) -> None:
    """A week without rows has 0; what is missing in them nobody knows."""
    begin(world)
    deliver(world, STEADY, 7)
    assert told(world, "many") == (
        "warn", "0 rows in the last whole week, usually 20 (median deviation 1)",
    )  # fmt: skip
    assert told(world, "missing")[0] == "no_data"


def test_too_little_is_known(world: World) -> None:
    begin(world)
    deliver(world, [(20, 0, 0), (20, 0, 0), (90, 0, 0)], 3)
    assert told(world, "many") == ("no_data", "nothing was tested")
    deliver(world, [(20, 0, 0), (20, 0, 0), (20, 0, 0), (90, 0, 0)], 4)
    assert told(world, "many") == (
        "warn", "90 rows in the last whole week, usually 20 (median deviation 1)",
    )  # fmt: skip


def test_by_what_runs_found(world: World) -> None:
    """Where rows do not say when they happened, and of flags: the last run of each week counts."""
    begin(world, "")
    for week in range(4):
        deliver(world, [(500, 9, 9)], week)  # an accident, put right the same day
        deliver(world, [(20 + week, 2, 1)], week)
    assert told(world, "many") == (
        "pass", "23 rows, usually 21 (median deviation 1)",
    )  # fmt: skip
    deliver(world, [(27, 2, 8)], 4)
    assert told(world, "many") == ("warn", "27 rows, usually 21.5 (median deviation 1)")
    assert told(world, "wrong") == (
        "warn", "8 flags of phone_form, usually 1 (median deviation 0.05)",
    )  # fmt: skip
    deliver(world, [(27, 2, 8)], 4)
    assert told(world, "wrong")[0] == "warn"
    assert len(flags(world, "wrong", "to_run IS NULL")) == 1


def test_flags_of_a_rule_that_did_not_run(world: World) -> None:
    begin(world)
    deliver(world, STEADY, 7, exclude="phone_form")
    assert world.results()["wrong"]["status"] == "skipped"


def test_a_unit_test_may_expect_its_flags(world: World) -> None:
    from cdmq.unit_tests.tests import unit_test

    begin(world)
    deliver(world, STEADY, 7)
    given_rows = "".join(
        f"        - {{no: {i}, day: {MONDAY + dt.timedelta(days=7 * week)}, phone: '1'}}\n"
        for i, week in enumerate([0, 1, 2, 3, 4, 4, 4, 4])
    )
    text = (
        "version: 1\nunit_tests:\n  - name: t\n    rule: many\n    as_of: 2026-04-08\n    given:\n"
        f"      calls:\n{given_rows}    expect: {{flags: [{{key: }}]}}\n"
    )
    world.write({"unit_tests/t.yml": text})
    (result,) = unit_test(world.root).results
    assert (result.status, result.message) == ("pass", "")


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("measure: {flags: nobody}", "calls has no rule 'nobody'"),
        ("measure: {flags: many}", "calls has no rule 'many'"),
        ("measure: {count: rows, nulls: phone}", "one of count, nulls or flags, here are count"),
        ("measure: {from: calls, count: rows}", "unknown key 'from'"),
        ("measure: {count: rows}, of: customers", "known here: dataset"),
        ("measure: {count: rows}, alert: {history: 2 weeks}", "is shorter than 3 weeks"),
        ("measure: {count: rows}, alert: {history: 6 weeks, beyond: 0}", "write a number above 0"),
    ],
)
def test_what_is_wrong_is_told(made_once: Any, rule: str, says: str) -> None:
    world = made_once("duckdb", prepared)
    words = {"of": "of: dataset", "alert": "alert: {history: 6 weeks}"}
    more = ", ".join([rule, *(w for k, w in words.items() if f"{k}: " not in rule)])
    world.write(
        {
            "rules/calls.yml": RULES[: RULES.index("  - {id: many")]
            + f"  - {{id: many, per: week, {more}}}\n"
        }
    )
    with pytest.raises(CdmqError) as caught:
        world.run()
    assert says in str(caught.value)


def test_a_column_that_is_not_there(world: World) -> None:
    """The other rules run."""
    begin(world, rules=RULES.replace("nulls: phone", "nulls: phne"))
    deliver(world, STEADY, 7)
    assert world.results()["missing"]["status"] == "error"
    assert "calls has no column 'phne'" in told(world, "missing")[1]
    assert world.results()["many"]["status"] == "warn"


def prepared(world: World) -> None:
    begin(world)
    deliver(world, STEADY, 7)


@calm
@given(st.lists(st.integers(0, 50), min_size=4, max_size=12))
def test_the_median_deviation(values: list[int]) -> None:
    from fractions import Fraction

    from cdmq.kinds.trends.dataset_work import _deviation

    usual = median(values)
    away = median(abs(v - usual) for v in values)
    exact = [Fraction(v) for v in values]
    assert float(_deviation(exact, Fraction(usual))) == pytest.approx(away or 0.05 * usual)


@calm
@given(st.dates(dt.date(1900, 1, 1), dt.date(2200, 1, 1)), st.integers(1, 12))
def test_periods_have_one_number_here_and_there(day: dt.date, first: int) -> None:
    """What Python says is what engines say."""
    import duckdb

    from cdmq.sql import nodes

    for per in ("day", "week", "month", "quarter", "year"):
        periods = Periods(per, first)  # type: ignore[arg-type]
        date = nodes.cast(nodes.text(str(day)), "date")
        query = nodes.select([periods.number_of(date)]).sql("duckdb")
        ((number,),) = duckdb.sql(query).fetchall()
        assert number == periods.number(day)


def test_its_words_are_read_and_written_back() -> None:
    words = {"id": "t", "of": "dataset", "measure": {"nulls": "phone"}, "per": "week",
             "alert": {"history": "6 weeks", "beyond": "3.5"}}  # fmt: skip
    rule = DatasetTrend.model_validate(words)
    dumped = rule.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    assert DatasetTrend.model_validate(dumped) == rule
