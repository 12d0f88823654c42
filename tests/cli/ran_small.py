"""What a run of the small project says and leaves, and the command as a process."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import duckdb
from small_project import Small

REPOSITORY = Path(__file__).resolve().parents[2]
AS_OF = ("--as-of", "2026-11-01")


def stable(text: str, project: Small) -> str:
    """The report without what changes from run to run."""
    text = text.replace(str(project.root), "ROOT")
    text = re.sub(r"run \d{8}T\d{9}-\w{6}", "run ID", text)
    text = re.sub(r"(?m)^\d\d:\d\d:\d\d", "TIME", text)
    return re.sub(r"Done in [\d.]+ s", "Done in N s", text)


def results(project: Small) -> dict[str, Any]:
    content = json.loads((project.root / "target/run_results.json").read_text("utf-8"))
    return {r["unique_id"].split(".", 3)[3]: r for r in content["results"]}


def flags(project: Small) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(project.root / "target/small.duckdb"), read_only=True) as connection:
        return connection.execute(
            "select rule_id, key, closed_because from cdmq.flags order by all"
        ).fetchall()


def command(project: Small, *words: str) -> list[str]:
    return [sys.executable, "-m", "cdmq", *words, "--project-dir", str(project.root)]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY)}
