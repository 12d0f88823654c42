"""examples/cdnow: its levels and frequencies, worked out another way."""

from __future__ import annotations

import csv
import datetime as dt
import json
import runpy
import shutil
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tiering.tier_oracle import Fact, as_json, before, figure, next_level

import cdmq.api
from cdmq.kinds.tiering.words import TieringRule
from cdmq.project.yaml_source import read_yaml

EXAMPLE = Path(__file__).parents[2] / "examples" / "cdnow"
REVIEWS = [dt.datetime(1997, 5, 31), dt.datetime(1997, 9, 30), dt.datetime(1997, 10, 31)]
Figures = dict[str, Decimal | None]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cdnow") / "cdnow"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("target"))
    return folder


def rule() -> TieringRule:
    source = read_yaml((EXAMPLE / "rules" / "customers.yml").read_text("utf-8"), "customers.yml")
    data: Any = source.data
    return TieringRule.model_validate(data["tiering"][0])


def purchases() -> dict[str, list[Fact]]:
    days: Counter[tuple[str, str]] = Counter()
    with (EXAMPLE / "data" / "transactions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            days[row["customer_id"], row["bought_on"]] += Decimal(row["dollars"])
    found: dict[str, list[Fact]] = {}
    for (customer, day), dollars in days.items():
        found.setdefault(customer, []).append(
            Fact(customer, dt.date.fromisoformat(day), dollars, None)
        )
    return found


def conditions(f: Figures, share: Decimal = Decimal(0)) -> dict[str, bool]:
    """The levels of rules/customers.yml, with their limits lowered by a share."""
    volume, length = f["annual_volume"], None
    if f["known_years"] is not None and f["silent_years"] is not None:
        length = f["known_years"] - f["silent_years"]

    def at_least(value: Decimal | None, limit: str) -> bool:
        return value is not None and value >= Decimal(limit) * (1 - share)

    return {
        "core": at_least(volume, "300") and at_least(length, "0.4"),
        "growing": at_least(volume, "100") and at_least(length, "0.25"),
        "returned": at_least(f["purchases_ever"], "2"),
    }


def open_levels(root: Path) -> dict[str, tuple[str, int]]:
    with duckdb.connect(str(root / "target" / "cdnow.duckdb"), read_only=True) as connection:
        return {
            key: (level, missed)
            for key, level, missed in connection.execute(
                "SELECT key, level, missed FROM cdmq.tier_history WHERE to_run IS NULL"
            ).fetchall()
        }


def test_levels_are_those_of_plain_python(root: Path) -> None:
    spec, facts = rule(), purchases()
    assert len(facts) == 23570
    state: dict[str, tuple[str, int]] = {}
    for as_of in REVIEWS:
        result = cdmq.api.run(root, as_of=as_of)
        assert result.exit_code == 0
        for customer, own in facts.items():
            f = {n: figure(m, own, as_of, lambda _: True) for n, m in spec.measures.items()}
            seen = [p.moment for p in own if p.moment is not None and p.moment <= as_of]
            assert spec.new_for is not None
            young = bool(seen) and min(seen) > before(as_of, spec.new_for)
            holds, near = conditions(f), conditions(f, Decimal("0.1"))
            was = state.get(customer, (None, 0))
            state[customer] = next_level(spec, holds.__getitem__, near.__getitem__, young, *was)
        assert open_levels(root) == state
    again = cdmq.api.run(root, as_of=REVIEWS[-1])
    assert (again.opened["tier_history"], again.closed["tier_history"]) == (0, 0)


def test_the_figures_of_september(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The tables of the README, and the frequencies of the literature."""
    shutil.rmtree(root / "target", ignore_errors=True)
    cdmq.api.run(root, as_of=dt.datetime(1997, 9, 30))
    main: Callable[[], None] = runpy.run_path(str(root / "after.py"))["main"]
    main()
    printed = capsys.readouterr().out
    lines = [line.split() for line in printed.splitlines()]
    readme = (EXAMPLE / "README.md").read_text("utf-8")
    table = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in readme.splitlines()
        if line.startswith("|")
    ]
    levels = [row for row in table if row[0] in ("core", "growing", "returned", "once")]
    assert [line for line in lines if line and line[0] in {row[0] for row in levels}] == levels
    published = ["1,411", "439", "214", "100", "62", "38", "29", "64"]
    assert [line[1:] for line in lines[-8:]] == [[n, n] for n in published]
    assert ["customers", *published] in table


def test_the_later_spend_worked_out_again(root: Path) -> None:
    with duckdb.connect(str(root / "target" / "cdnow.duckdb"), read_only=True) as connection:
        found = dict(
            connection.execute(
                "SELECT key, level FROM cdmq.tier_history WHERE from_review = '1997-09-01'"
            ).fetchall()
        )
        stated = dict(
            connection.execute(
                "SELECT key, measures FROM cdmq.tier_history WHERE from_review = '1997-09-01'"
            ).fetchall()
        )
    spend: Counter[str] = Counter()
    for customer, own in purchases().items():
        spend[found[customer]] += sum(
            (
                p.amount
                for p in own
                if p.amount is not None
                and p.moment is not None
                and p.moment > dt.datetime(1997, 9, 30)
            ),
            Decimal(0),
        )
    heads = Counter(found.values())
    assert {n: round(spend[n] / heads[n], 2) for n in heads} == {
        "core": Decimal("241.21"),
        "growing": Decimal("71.57"),
        "returned": Decimal("27.21"),
        "once": Decimal("9.13"),
    }
    spec = rule()
    for customer, own in list(purchases().items())[::50]:
        f = {
            n: figure(m, own, dt.datetime(1997, 9, 30), lambda _: True)
            for n, m in spec.measures.items()
        }
        assert json.loads(stated[customer]) == json.loads(as_json(f))
