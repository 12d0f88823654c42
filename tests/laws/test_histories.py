"""Whatever is delivered, run by run: flags, ids and levels are those of an oracle in plain Python.

And: a second run changes nothing, nor does the order of rows; after a delivery that was short or
empty all is again as it was.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping
from typing import Any

import runner
from depth import depth
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from laws import history_oracle
from laws.histories import FILES, PEOPLE, Delivery, Story
from parties.party_oracle import check_events, members

import cdmq.api

#: A seed draws a history, and names it: shrinking would take minutes.
LAW = settings(
    deadline=None,
    max_examples=depth(8),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


#: Deliveries between the first and the last: the deeper the profile, the more.
LONGEST = min(8, depth(8))
Found = dict[str, list[tuple[Any, ...]]]
OPEN, EVER = "to_run IS NULL", "true"
_EPISODE = "from_run to_run closed_because"
#: Audit table: the columns that the oracle tells, of all rows that there ever were.
SHOWN = {
    "flags": (f"rule_id key column_name value records {_EPISODE}", EVER),
    "changes": (f"key column_name records {_EPISODE}", EVER),
    "xref": (f"key party_id {_EPISODE}", EVER),
    "party_ids": ("party_id now_id", EVER),
    "tier_history": (f"key level missed uncounted from_review to_review {_EPISODE}", EVER),
}
#: And what is compared where nothing may have changed.
STATE = {
    "flags": "rule_id key column_name value records",
    "changes": "key column_name old_value new_value act reason records",
    "xref": "key party_id",
    "leads": "party_id now_id",
    "astray": "key own",
    "pairs": "key_a key_b verdict",
    "golden_cells": "party_id column_name value winner because losers",
    "tier_history": "key level missed uncounted from_review measures",
}


class History:
    """A project and its oracle, side by side."""

    def __init__(self, world: runner.World) -> None:
        self.world, self.oracle = world, history_oracle.World()
        world.write(FILES)

    def run(self, delivery: Delivery) -> Any:
        delivery.write(self.world)
        now = self.oracle.parties
        before, ever = members(now.now), set(now.ever)
        noon = dt.datetime.combine(delivery.as_of, dt.time(12))
        result = self.world.run(as_of=noon, threads=1)
        found = self.found(
            SHOWN
            | {
                "party_events": ("event party_id other records", f"run_id = '{result.run_id}'"),
                "published": ("key party_id", OPEN),
            }
        )
        self.oracle.run(result.run_id, delivery, dict(found["published"]))
        self.compare(result, found)
        check_events(found["party_events"], before, members(now.now), ever)
        if delivery.mistaken:
            self.undo()
        return result

    def compare(self, result: Any, found: Found) -> None:
        oracle = self.oracle
        assert {r.rule.id for r in result.results if r.status == "skipped"} == oracle.skipped
        failing = {r.rule.id: r.outcome.failing for r in result.results if r.outcome.failing}
        assert failing == oracle.failing
        assert result.exit_code == bool(oracle.failing)
        assert found["flags"] == oracle.flags.all()
        assert found["changes"] == oracle.changes.all()
        assert found["xref"] == oracle.xref.all()
        assert dict(found["party_ids"]) == {p: oracle.parties.leads(p) for p in oracle.parties.ever}
        assert found["tier_history"] == oracle.levels.all()

    def undo(self) -> None:
        day = "2061-12-31"
        cdmq.api.undo_reviews(day, self.world.root)
        ((run,),) = self.world.sql(f"SELECT max(run_id) FROM {self.world.audit}.runs")
        self.oracle.levels.undo(run, day)
        assert self.found(SHOWN)["tier_history"] == self.oracle.levels.all()

    def state(self) -> Found:
        """All that is so now, and not since which run."""
        return self.found({table: (columns, OPEN) for table, columns in STATE.items()})

    def found(self, asked: Mapping[str, tuple[str, str]]) -> Found:
        """Audit table: its rows, by columns and condition."""
        return {
            table: sorted(
                self.world.sql(
                    f"SELECT {columns.replace(' ', ', ')} FROM {self.world.audit}."
                    f"{'xref' if table == 'published' else table} WHERE {where}"
                ),
                key=repr,
            )
            for table, (columns, where) in asked.items()
        }


@LAW
@given(st.integers(0, 2**32 - 1))
def test_histories(make_world: Callable[[str], runner.World], seed: int) -> None:
    chance = random.Random(seed)
    history, story = History(make_world("duckdb")), Story(chance)
    history.run(story.whole())
    for _ in range(chance.randint(1, LONGEST)):
        story.happens()
        history.run(story.delivered())
    whole = story.whole()
    history.run(whole)
    again = history.run(whole.shuffled(chance))
    assert not any((*again.opened.values(), *again.closed.values(), *again.new_versions))
    before = history.state()
    history.run(story.delivery(without_some(story, chance)))
    history.run(whole)
    assert history.state() == before


def without_some(story: Story, chance: random.Random) -> list[Any]:
    """Some records are not delivered, or none of a source: all of a key, and all of a party whose
    others would not hang together any more."""
    rows = [{**r, "age": None if r["age"] == "x" else r["age"]} for r in story.there]
    keys = history_oracle.names(rows, ("source", *PEOPLE), ("source", "id"))
    empty = chance.choice(["crm", "shop", None])
    gone = {
        k for r, k in zip(rows, keys, strict=True) if r["source"] == empty or chance.random() < 0.3
    }
    names = [f"{key} {i}" for i, key in enumerate(keys)]
    while True:
        left = [i for i, key in enumerate(keys) if key not in gone]
        now = history_oracle.clusters_of([rows[i] for i in left], [names[i] for i in left])
        parted = [
            c
            for c in history_oracle.clusters_of(rows, names)
            if sum(bool(c & part) for part in now) > 1
        ]
        if not parted:
            return [story.there[i] for i in left]
        gone |= {keys[i] for i in range(len(rows)) if names[i] in set().union(*parted)}
