"""The zone of the machine says nothing: a moment is the same in Kiritimati and in Los Angeles."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: A table whose times have a zone; matching reads it through a connection of its own. 4 and 5 are
#: one clock time in Los Angeles, an hour apart.
RUN = """
import sys
from datetime import datetime
from pathlib import Path
import duckdb
import cdmq.api
root = Path(sys.argv[1])
with duckdb.connect(str(root / "w.duckdb")) as c:
    c.execute("CREATE TABLE people (id integer, seen timestamp with time zone, day text)")
    c.execute("INSERT INTO people VALUES (1, '2026-03-01 23:30:00+00', '2026-03-01 23:30:00'),"
              " (2, '2026-03-02 00:30:00+01', 'x'), (3, '2026-03-02 00:30:00+00', 'y'),"
              " (4, '2025-11-02 08:30:00+00', 'z'), (5, '2025-11-02 09:30:00+00', 'z')")
cdmq.api.run(root, as_of=datetime(2026, 11, 1))
with duckdb.connect(str(root / "w.duckdb")) as c:
    c.execute("SET TimeZone = 'America/New_York'")
    print(c.execute("SELECT key_a, key_b FROM cdmq.pairs ORDER BY 1").fetchall())
    print(c.execute("SELECT key, value FROM cdmq.flags ORDER BY 1").fetchall())
    print(c.execute("SELECT column_name, value FROM cdmq.golden_cells "
                    "WHERE column_name = 'seen' ORDER BY 2").fetchall())
"""
FILES = {
    "cdmq_project.yml": "name: p\n",
    "profiles.yml": "p: {target: dev, outputs: {dev: {type: duckdb, path: w.duckdb}}}\n",
    "models/m.yml": "version: 1\ndatasets: [{name: c, table: people, key: id}]\n",
    "rules/r.yml": """\
version: 1
dataset: c
validation: [{id: early, check: expression, must: "seen < date '2026-03-02'"}]
matching: [{id: same, same_if: [[seen]]}]
golden: [{id: best, from: same, into: best_c, pick: [most_common], columns: {seen: [largest]}}]
""",
}


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_the_zone_of_the_machine_says_nothing(zone: str, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "TZ": zone},
    )
    assert done.stderr == ""
    pairs, flags, cells = done.stdout.splitlines()
    assert pairs == "[('1', '2')]"
    assert flags == "[('3', '2026-03-02 00:30:00+00')]"
    assert "2026-03-01 23:30:00" in cells
