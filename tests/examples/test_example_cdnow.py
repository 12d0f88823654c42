"""examples/cdnow: the levels of its run are those of plain Python."""

from __future__ import annotations

import datetime as dt
import re
import runpy
import shutil
from collections import Counter
from pathlib import Path

import pytest
from cdnow_figures import steps_of
from ran import Ran
from tiering.test_tiering_cdnow import conditions, open_levels, purchases, rule
from tiering.tier_oracle import figure, next_level

import cdmq.api


def test_levels_are_those_worked_out_again(cdnow: Ran) -> None:
    """Everyone was new in the first quarter: nobody is too young, and nobody had a level."""
    spec, expected = rule(), {}
    for customer, own in purchases().items():
        f = {n: figure(m, own, cdnow.as_of, lambda _: True) for n, m in spec.measures.items()}
        expected[customer] = next_level(
            spec, conditions(f).__getitem__, lambda _: None, False, None, 0
        )
    assert open_levels(cdnow.root) == expected


def test_two_warnings_and_nothing_else(cdnow: Ran) -> None:
    assert cdnow.exit_code == 0
    assert {
        r[0] for r in cdnow.rows("SELECT rule_id FROM cdmq.rule_results WHERE status <> 'pass'")
    } == {"not_for_nothing", "buying_less"}


def test_steps_are_those_worked_out_again(cdnow: Ran) -> None:
    found = cdnow.rows("SELECT key, step, since FROM cdmq.trend_steps WHERE to_run IS NULL")
    expected = steps_of(cdnow.as_of.date())
    assert {key: (step, since) for key, step, since in found} == {
        key: (step.step, step.since) for key, step in expected.items()
    }


def test_the_tables_of_steps(
    cdnow: Ran, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of the README are what is printed."""
    root = tmp_path / "cdnow"
    shutil.copytree(cdnow.root, root, ignore=shutil.ignore_patterns("target"))
    for month in (7, 8, 9, 10):
        cdmq.api.run(root, as_of=dt.datetime(1997, month, 1), select="buying_less")
    script = runpy.run_path(str(root / "steps.py"))
    script["main"]()
    printed = [re.split(r"  +", line) for line in capsys.readouterr().out.splitlines() if line]
    readme = [
        [c.strip() for c in line.strip("|").split("|")] for line in cdnow.readme().splitlines()
    ]
    assert [row for row in printed if row not in readme] == []
    assert len(printed) == 8 + 6 + 5
    with_september = steps_of(dt.date(1997, 10, 1))
    counted = Counter(s.step for s in with_september.values())
    told = Counter[str]()
    for row in printed[1:8]:
        told[row[0].partition(",")[0]] += int(row[1].replace(",", ""))
    assert told == counted
    assert sum(counted.values()) == 23570


def test_the_baselines(cdnow: Ran) -> None:
    """As published: of one who came back twice, last in week 30.43 of 38.86, 1.226 purchases are
    expected in 39 weeks. Of three pairs two are sorted right, and one half."""
    script = runpy.run_path(str(cdnow.root / "steps.py"))
    assert round(script["to_come"](2, 30.43, 38.86), 3) == 1.226
    assert script["alive"](0, 0.0, 38.0) == 1
    assert script["sorted_right"]([3, 2, 2, 1], [True, True, False, False]) == 3.5 / 4
