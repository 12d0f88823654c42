"""A law: whatever cdmq does, the relations of the user's are as they were.

Random relations of the user's stand beside a random project, some under the very names that it
gives; runs, tests, trainings, removed rules and datasets, and killed runs follow in any order.
CDMQ_OWNERS: how many stories are told on each engine.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from runner import AS_OF, World

import cdmq.api
from cdmq.commands.clean import clean
from cdmq.problems import CdmqError

STORIES = int(os.environ.get("CDMQ_OWNERS", "2"))
#: Near to what cdmq makes, but none of it.
NEAR = (
    "__cdmq_x",
    "__cdmq_0a1b2c_a",
    "a__old",
    "a__clean_2",
    "b__flagged_",
    "registers",
    "runs",
    "flags",
    "same__xref2",
    "cdmq",
    "made by cdmq",
    "a__clean__clean",
)


class Story:
    """A project, what the user has beside it, and what happens to both."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance = world, random.Random(seed)
        self.datasets = self.chance.sample(["a", "b", "c", "d"], self.chance.randint(2, 4))
        self.ruled = {d for d in self.datasets if self.chance.random() < 0.8} or {self.datasets[0]}
        self.matched = self.chance.choice(sorted(self.ruled))
        for name in self.datasets:
            rows = "".join(f"{i},{self.chance.choice(['x', 'y', '', 'n/a'])}\n" for i in range(9))
            world.write({f"data/{name}.csv": f"id,name\n{rows}"})
        self.write()
        self.mine: dict[str, str] = {}

    def write(self) -> None:
        lines = ["version: 1", "datasets:"]
        for name in ("a", "b", "c", "d"):
            there = name in self.datasets
            if there:
                lines.append(
                    f"  - {{name: {name}, file: data/{name}.csv, key: id, missing_values: [n/a]}}"
                )
            rules = (
                f"version: 1\ndataset: {name}\ndefaults:\n  - {{id: tidy_{name}, column: name,"
                " standardise: whitespace}\nvalidation:\n"
                "  - {column: name, checks: [not_null]}\n"
            )
            if name == self.matched:
                rules += (
                    "matching:\n  - {id: same, same_if: [[name]], compare: {name: name}}\n"
                    "golden:\n  - {id: best, from: same, into: golden, pick: [longest]}\n"
                )
            self.world.write({f"rules/{name}.yml": rules if there and name in self.ruled else ""})
        self.world.write({"models/m.yml": "\n".join(lines) + "\n"})

    # what the user has -----------------------------------------------------------------------

    def have(self, name: str, schema: str | None = None) -> None:
        at = f'{schema or self.world.schema}."{name}"'
        self.world.sql(f"CREATE TABLE {at} AS SELECT 7 AS mine UNION ALL SELECT 8")
        if self.chance.random() < 0.5:
            self.world.sql(f"COMMENT ON TABLE {at} IS 'mine'")
        self.mine[at] = "table"

    def view(self, name: str, of: str) -> None:
        at = f'{self.world.schema}."{name}"'
        self.world.sql(f"CREATE VIEW {at} AS SELECT count(*) AS n FROM {of}")
        self.mine[at] = "view"

    def seen(self) -> dict[str, Any]:
        """Each of them: its rows and all by which one that is made anew would differ."""
        found: dict[str, Any] = {}
        for at, kind in self.mine.items():
            schema, name = at.replace('"', "").split(".")
            if self.world.engine == "postgres":
                who = self.world.sql(
                    "SELECT c.oid, c.relkind, c.relfilenode, obj_description(c.oid, 'pg_class'), "
                    f"c.relacl::text FROM pg_class AS c WHERE c.oid = '{at}'::regclass"
                )
            else:
                who = self.world.sql(
                    f"SELECT comment, sql FROM duckdb_{kind}s() WHERE {kind}_name = '{name}' "
                    f"AND schema_name = '{schema}'"
                )
            rows = self.world.sql(f"SELECT * FROM {at}") if kind == "table" else None
            found[at] = who, rows
        return found

    # what happens ----------------------------------------------------------------------------

    def run(self) -> None:
        self.world.run()

    def test(self) -> None:
        cdmq.api.test(self.world.root, as_of=AS_OF)

    def train(self) -> None:
        cdmq.api.train(self.world.root, as_of=AS_OF, allow_empty=True)

    def clean(self) -> None:
        clean(self.world.root, None)

    def remove_rules(self) -> None:
        if len(self.ruled) > 1:
            self.ruled.discard(next(d for d in sorted(self.ruled) if d != self.matched))
        self.write()
        self.world.run()

    def remove_a_dataset(self) -> None:
        if len(self.datasets) > 1:
            self.datasets.remove(next(d for d in self.datasets if d != self.matched))
        self.write()
        self.world.run()

    def killed(self) -> None:
        words = [
            sys.executable,
            "-m",
            "cdmq",
            "run",
            "--project-dir",
            str(self.world.root),
            "-q",
            "--as-of",
            AS_OF.isoformat(),
        ]
        process = subprocess.Popen(
            words,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[2],
        )
        time.sleep(self.chance.uniform(0.5, 3))
        process.send_signal(signal.SIGKILL)
        process.wait()

    def taken(self) -> None:
        """The user puts a table where the project makes one, and takes it away again."""
        name = self.chance.choice(["golden", f"{self.matched}__passed", self.datasets[0]])
        if name in self.world.relations():
            return
        self.have(name)
        before = self.seen()
        with pytest.raises(CdmqError, match=f"{name} is a table that cdmq did not make"):
            self.world.run()
        assert self.seen() == before
        at = f'{self.world.schema}."{name}"'
        self.world.sql(f"DROP TABLE {at}")
        del self.mine[at]


@pytest.mark.parametrize("seed", range(STORIES))
def test_what_the_user_has_is_as_it_was(world: World, seed: int) -> None:
    story = Story(world, seed)
    for name in story.chance.sample(NEAR, 4):
        story.have(name)
    world.sql("CREATE SCHEMA elsewhere_" + world.schema)
    story.have("a", "elsewhere_" + world.schema)
    if world.engine == "postgres":
        story.have("A")
        story.have("Golden")
    story.taken()
    before = story.seen()
    story.run()
    assert story.seen() == before
    story.have("mine", world.audit)
    story.view("report", f"{world.schema}.{story.matched}__clean")
    story.view("people", f"{world.schema}.golden")
    happen = [
        story.run,
        story.test,
        story.train,
        story.clean,
        story.remove_rules,
        story.remove_a_dataset,
        story.killed,
        story.taken,
    ]
    story.chance.shuffle(happen)
    for event in happen:
        before = story.seen()
        event()
        assert story.seen() == before, event.__name__
    story.run()
    assert story.seen() == before
    left = {r for r in world.relations() if r.startswith("__cdmq_")}
    assert left <= {"__cdmq_x", "__cdmq_0a1b2c_a"}
