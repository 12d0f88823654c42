"""The cdmq side: a project in a folder, the command that runs it, the flags it leaves."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from customers import AS_OF
from measure import REPOSITORY
from ruleset import Rule

#: Until `cdmq run` is there. Its own errors must not look like rules that failed.
_BEFORE_THE_CLI = """
import sys, traceback
try:
    from datetime import datetime
    from cdmq.api import run
    code = run(sys.argv[1], as_of=datetime.fromisoformat(sys.argv[2])).exit_code
except Exception:
    traceback.print_exc()
    code = 2
sys.exit(code)
"""


def write(
    folder: Path,
    database: Path,
    rules: Sequence[Rule],
    threads: int,
    defaults: Sequence[Mapping[str, Any]] = (),
    seeds: Mapping[str, str] | None = None,
) -> None:
    """A project whose target is the database file that holds the table `customers`."""
    output = {"type": "duckdb", "path": str(database), "threads": threads}
    head = {"version": 1, "dataset": "customers", "owner": "benchmark"}
    dataset = {"name": "customers", "table": "customers", "key": "customer_id"}
    files: dict[str, Any] = {
        "cdmq_project.yml": {"name": "benchmark", "profile": "benchmark"},
        "profiles.yml": {"benchmark": {"target": "dev", "outputs": {"dev": output}}},
        "models/customers.yml": {"version": 1, "datasets": [dataset]},
        "rules/validation.yml": head | {"validation": [r.yaml for r in rules]},
    }
    if defaults:
        files["rules/defaults.yml"] = head | {"defaults": [dict(d) for d in defaults]}
    texts = {
        n: yaml.safe_dump(d, sort_keys=False, width=10_000, allow_unicode=True)
        for n, d in files.items()
    }
    for name, text in {**texts, **(seeds or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def command(folder: Path) -> list[str]:
    """How a run is started. Exit 1 means that rules failed, as they must here."""
    if (REPOSITORY / "cdmq" / "cli" / "run.py").exists():
        return [sys.executable, "-m", "cdmq", "run", "--project-dir", str(folder), "--as-of", AS_OF]
    return [sys.executable, "-c", _BEFORE_THE_CLI, str(folder), AS_OF]


#: What cdmq holds open, in the shape of the tables that SQL by hand writes.
FLAGS = """SELECT rule_id, key, value, records AS n FROM cdmq.flags
    WHERE to_run IS NULL AND state = 'failed'"""
CHANGES = """SELECT column_name, key, old_value, new_value, act, reason, records AS n
    FROM cdmq.changes WHERE to_run IS NULL"""
