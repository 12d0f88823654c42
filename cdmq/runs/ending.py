"""What is said and kept of a run that ends before its time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from cdmq.outcomes import Outcome
from cdmq.problems import CdmqError
from cdmq.project.target_files import is_free
from cdmq.project.walk import find_root, target_folder
from cdmq.reports.artifacts import write_problems
from cdmq.runs.interrupts import Fate, Interrupted
from cdmq.version import __version__
from cdmq.warehouses.profiles import Target

T = TypeVar("T")


@contextmanager
def told(fate: Fate) -> Iterator[None]:
    """What interrupts a run says what became of it."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(fate.said) from None


@contextmanager
def kept(command: str, root: str | Path, target_path: str | Path | None) -> Iterator[None]:
    """What ended a run stands in run_results.json too, where a project is found."""
    try:
        yield
    except CdmqError as error:
        lost = any(p.code in ("CDMQ120", "CDMQ124") for p in error.problems)
        folder = (
            None
            if lost
            else target_folder(find_root(Path(root)), Path(target_path) if target_path else None)
        )
        if folder and is_free(folder / "run_results.json"):
            write_problems(error.problems, command, folder, __version__)
        raise


def scrubbed(value: T, target: Target) -> T:
    """What an engine said may hold what it was told: a password in an address, a path."""
    if isinstance(value, Outcome) and value.error:
        return replace(value, error=target.scrub(value.error))
    return value
