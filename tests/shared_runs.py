"""What takes long is made once a session, whichever worker asks first; the others copy it."""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Any]
) -> tuple[Path, Any]:
    """The folder that `make` filled and what it returned, for all workers of a session."""
    base = factory.getbasetemp()
    base = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder, told = base / f"shared_{name}", base / f"shared_{name}.pickle"
    with (base / f"shared_{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a worker that failed half way
            folder.mkdir()
            result = make(folder)
            told.write_bytes(pickle.dumps(result))
    return folder, pickle.loads(told.read_bytes())
