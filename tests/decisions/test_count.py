"""cdmq count: from records to customers, and from run to run, against sets in plain Python."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import pytest
from runner import World

sys.path.append(str(Path(__file__).parents[1] / "parties"))

from people import MATCHING, fill, parties, people

from cdmq.audit.reading import Where
from cdmq.cli.count import _lines
from cdmq.explaining.counted import Counted, counted
from cdmq.problems import CdmqError


def rows(draw: random.Random) -> list[list[Any]]:
    """Records of one source: some share a mail, so that parties meet and part."""
    return [
        [
            i,
            f"F{i}",
            f"L{i}",
            None,
            draw.choice([None, *(f"m{n}@x" for n in range(6))]),
            None,
            None,
            None,
        ]
        for i in draw.sample(range(1, 12), draw.randint(1, 9))
    ]


def count(world: World, since: str | None = None) -> Counted:
    (found,) = counted(world.root, None, since, Where())
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_bridges_sum_exactly_over_random_edits(world: World, seed: int) -> None:
    draw = random.Random(seed)
    people(world, MATCHING)
    before: dict[str, set[str]] | None = None
    first = None
    for _ in range(4 if world.engine == "duckdb" else 2):
        crm, shop = rows(draw), rows(draw)
        fill(world, crm, shop)
        run = world.run().run_id
        first = first or run
        now, found = parties(world), count(world)
        of = {s.name: (s.records, s.parties) for s in found.sources}
        for name, delivered in (("crm", crm), ("shop", shop)):
            own = {p for p, keys in now.items() if any(k.startswith(f"{name}/") for k in keys)}
            assert of.get(name, (0, 0)) == (len(delivered), len(own))
        assert found.parties == len(now)
        records = sum(s.records for s in found.sources)
        assert records - sum(s.duplicates for s in found.sources) - found.across == len(now)
        if before is not None:
            assert found.bridge is not None
            steps = found.bridge.steps
            assert (found.bridge.before, found.bridge.now) == (len(before), len(now))
            assert len(before) + sum(steps.values()) == len(now)
            assert sum(n for n in steps.values() if n > 0) == len(now.keys() - before.keys())
            assert sum(n for n in steps.values() if n < 0) == -len(before.keys() - now.keys())
            whole = count(world, first).bridge
            assert whole is not None
            assert whole.before + sum(whole.steps.values()) == len(now)
        before = now


def test_what_happened_is_named(world: World) -> None:
    people(world, MATCHING)
    world.run()
    nothing = count(world)
    assert nothing.bridge is None
    fill(
        world,
        [
            [1, "A", "B", None, "doris@x.com", None, None, None],
            [2, "C", "D", None, None, None, None, None],
        ],
        [
            [7, "E", "F", None, "doris@x.com", None, None, None],
            [9, "G", "H", None, None, None, None, None],
        ],
    )
    world.run()
    found = count(world)
    assert found.bridge is not None
    assert {k: v for k, v in found.bridge.steps.items() if v} == {
        "new": 1,
        "merged into others": -1,
        "gone": -2,
    }
    told = list(_lines(found))
    assert told[1:7] == [
        "  records of crm              2",
        "  records of shop            +2",
        "  duplicates within crm      +0",
        "  duplicates within shop     +0",
        "  duplicates across sources  -1",
        "                             --",
    ]


def test_words_that_name_nothing(world: World) -> None:
    people(world, MATCHING)
    world.run()
    for rule, since in (("no_rule", None), (None, "no_run")):
        with pytest.raises(CdmqError):
            counted(world.root, rule, since, Where())
