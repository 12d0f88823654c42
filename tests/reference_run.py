"""The reference project in git, and after its first run: made once a session, then copied.

The run is the command of the pages, in a process of its own; what it printed is kept with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from shared_runs import once

ROOT = Path(__file__).parents[1]
COMMAND = "cdmq run --as-of 2026-11-01"
_WHAT = ("cdmq_project.yml", "profiles.yml", "models", "rules")


@dataclass(frozen=True)
class Said:
    """What a command printed, with its folder as `~`, and its exit code."""

    text: str
    code: int


def shell(folder: Path, source: Path = ROOT) -> dict[str, str]:
    """Makes `cdmq`, `python` and a git author in a folder; the environment that has them."""
    bin_ = folder / "bin"
    bin_.mkdir(exist_ok=True)
    for name, does in (("cdmq", "-m cdmq"), ("python", "")):
        (bin_ / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {does} "$@"\n')
        (bin_ / name).chmod(0o755)
    (folder / ".gitconfig").write_text(
        "[user]\nname = Ada Steward\nemail = ada@example.com\n[init]\ndefaultBranch = main\n"
    )
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("CDMQ_", "PYTEST", "GIT_", "COV"))
    }
    return kept | {
        "PATH": f"{bin_}:{kept.get('PATH', '')}",
        "HOME": str(folder),
        "PYTHONPATH": str(source),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


def project(factory: pytest.TempPathFactory, to: Path) -> None:
    """The project in git, as it is before any run."""
    folder, _ = once(factory, "reference_project", make_project)
    shutil.copytree(folder / "customers", to, dirs_exist_ok=True)


def ran(factory: pytest.TempPathFactory, to: Path) -> Said:
    """The same after its first run, and what that said."""

    def make(folder: Path) -> Said:
        project(factory, folder / "customers")
        return _do(folder, COMMAND)

    folder, said = once(factory, "reference_ran", make)
    shutil.copytree(folder / "customers", to, dirs_exist_ok=True)
    return Said(said.text, said.code)


def make_project(folder: Path) -> None:
    """Makes the project in git in `folder/customers`."""
    place = folder / "customers"
    place.mkdir(exist_ok=True)
    for name in _WHAT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, place / name)
    (place / ".gitignore").write_text("target/\n")
    done = _do(folder, "git init -q && git add . && git commit -qm 'first rules'")
    assert done.code == 0, done.text


def _do(folder: Path, command: str) -> Said:
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder / "customers",
        env=shell(folder),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        timeout=600,
        check=False,
    )
    return Said(done.stdout.replace(str(folder), "~"), done.returncode)
