"""A level whose figures are made without some facts says so, and the rule warns or fails."""

from __future__ import annotations

import pytest
from runner import World

from cdmq.reports.style import Style
from cdmq.reports.text import TextReport

MODELS = """
version: 1
datasets:
  - {name: people, file: people.csv, key: id}
  - {name: orders, file: orders.csv, key: oid, happened_at: d, refers_to: {people: id},
     columns: {d: date, amount: decimal}}
"""
RULES = """
version: 1
dataset: people
matching:
  - {id: same, same_if: [[email]]}
golden:
  - {id: best, from: same, into: customers, pick: longest}
"""
LEVELS = """
version: 1
dataset: DATASET
tiering:
"""
LEVEL = """
  - id: ID
    measures: {volume: {from: orders, sum: amount, where: "status <> 'cancelled'", if_none: 0}}
    levels: [{prospect: "volume = 0"}, {ordinary: otherwise}]
    MORE
"""
ORDERS = """oid,id,d,amount,status
1,a,2026-01-01,$5000.00,paid
2,a,2026-01-02,,cancelled
3,b,31.12.2025,10,paid
4,b,2026-01-03,10,paid
5,zz,2026-01-04,10,paid
6,,2026-01-04,10,cancelled
7,b,2999-01-01,10,paid
8,c,2026-01-05,7,paid
"""


#: What a rule may say of how many facts may lack, and its status.
HOW_MANY = [
    ("error_above: 60%", "warn"),
    ("error_above: 10%", "fail"),
    ("error_above: 3", "warn"),
    ("error_above: 2", "fail"),
    ("warn_above: 3", "pass"),
    ("severity: info", "pass"),
    ("{error_above: 0, severity: warn}", "warn"),
]


def _level(name: str, more: str = "") -> str:
    said = more.strip("{}").replace(", ", "\n    ")
    return LEVEL.replace("ID", name).replace("MORE", said)


def begin(world: World) -> None:
    """A rule for each of `HOW_MANY`, in one run."""
    _write(world, "people", *(_level(f"level_{i}", more) for i, (more, _) in enumerate(HOW_MANY)))
    world.run()


def _write(world: World, dataset: str, *levels: str) -> None:
    world.write(
        {
            "models/m.yml": MODELS,
            "rules/people.yml": RULES,
            "rules/levels.yml": LEVELS.replace("DATASET", dataset)
            + "".join(levels or [_level("class")]),
            "people.csv": "id,email\na,a@x\nb,b@x\nc,c@x\nd,d@x\n",
            "orders.csv": ORDERS,
        }
    )


def _result(world: World, rule: str = "class") -> tuple[str, str, int]:
    rows = world.audit_rows(
        "rule_results",
        ("status", "message", "could_not_judge"),
        f"rule_id = '{rule}' AND run_id = (SELECT max(run_id) FROM {world.audit}.runs)",
    )
    (row,) = rows
    return row  # type: ignore[return-value]


@pytest.mark.parametrize("dataset", ["people", "customers"])
def test_a_figure_says_without_how_many_facts_it_is_made(world: World, dataset: str) -> None:
    _write(world, dataset)
    assert world.run().exit_code == 1  # the cells that cannot be read are flagged
    status, message, lost = _result(world)
    assert (status, lost) == ("warn", 3)
    assert message == (
        "2 prospect, 2 ordinary; made without 3 of 5 orders: 1 without a date, "
        "1 without an amount, 1 of no known customer"
    )
    assert dict(world.audit_rows("rule_figures", ("figure", "value"), "rule_id = 'class'")) == {
        "level:new": 0,
        "level:prospect": 2,
        "level:ordinary": 2,
        "facts": 5,
        "uncounted": 3,
    }
    levels = world.audit_rows("tier_history", ("level", "uncounted", "reason"))
    assert [(level, n) for level, n, _ in levels] == [
        ("ordinary", 1),
        ("ordinary", None),
        ("prospect", 1),
        ("prospect", None),
    ]
    told = [reason for _, n, reason in levels if n]
    assert all(r.endswith("; made without 1 of its facts: no date or no amount") for r in told)


@pytest.mark.parametrize(("more", "status"), HOW_MANY)
def test_how_many_may_be(left: World, more: str, status: str) -> None:
    assert _result(left, f"level_{HOW_MANY.index((more, status))}")[0] == status


def test_what_was_read_is_not_told(world: World) -> None:
    _write(world, "customers")
    world.write(
        {
            "orders.csv": "oid,id,d,amount,status\n1,a,2026-01-01,5,paid\n"
            "2,a,2026-01-02,,cancelled\n3,b,2999-01-01,,paid\n"
        }
    )
    assert world.run().exit_code == 0
    assert _result(world)[::2] == ("pass", 0)


def test_the_report_counts_no_flags_of_levels(world: World) -> None:
    """What only warns stands under WARN, and a level that lacks facts flags no record."""
    _write(world, "people")
    lines: list[str] = []
    world.run(listen=TextReport(lines.append, Style(False), width=200))
    heads = [line for line in lines if line.startswith(("ERROR  ", "WARN  "))]
    assert "WARN  levels  1 rule" in heads
    assert sum(int(line.split()[-2]) for line in heads if "flag" in line) == len(world.flags())


def test_its_history_calls_no_fact_a_flag(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    from cdmq.cli import history

    _write(world, "people")
    world.run()
    history.command("class", None, False, world.root)
    told = capsys.readouterr().out
    assert "    found    3 facts or records not counted\n" in told
    assert "flagged" not in told


def test_a_fact_that_where_can_not_read_is_told(world: World) -> None:
    """It may be one that counts; of one that has no date either, that is told."""
    _write(world, "customers", _level("class").replace("status <> 'cancelled'", "n::integer < 5"))
    world.write(
        {
            "orders.csv": "oid,id,d,amount,n\n1,a,2026-01-01,5,2\n2,a,2026-01-02,6,two\n"
            "3,b,,7,two\n4,c,2026-01-02,8,9\n5,c,2026-01-02,9,\n6,c,2026-01-02,,two\n"
            "7,c,2999-01-01,3,two\n"
        }
    )
    world.run()
    status, message, lost = _result(world)
    assert (status, lost) == ("warn", 3)
    assert message.endswith(
        "made without 3 of 4 orders: 1 without a date, 2 with a cell that where can't read"
    )
    lost_by = "of its facts: no date, no amount or a cell that where can't read"
    told = [r.partition("; made without ")[2] for _, _, r in _levels(world)]
    assert sorted(told) == ["", *[f"1 {lost_by}"] * 3]


def test_outside_its_window_a_fact_is_not_asked_for(world: World) -> None:
    level = _level("class").replace("status <> 'cancelled'", "n::integer < 5")
    _write(world, "customers", level.replace("if_none", "per: year, over: 12 months, if_none"))
    world.write({"orders.csv": "oid,id,d,amount,n\n1,a,2026-01-01,5,2\n2,a,2020-01-02,6,two\n"})
    assert world.run().exit_code == 0
    assert _result(world)[::2] == ("pass", 0)


def _levels(world: World) -> list[tuple[object, ...]]:
    return world.audit_rows("tier_history", ("level", "uncounted", "reason"))
