"""Writes the lock files: the newest of everything that pyproject.toml allows, and what that needs.

    python tests/tools/lock.py        (make lock)

`locks/run.txt` is what `make run` installs, with pip and what builds the package; `locks/test.txt`
is what the tests and tools add. They are pip's constraints: a version for each package, for every
Python and system that cdmq serves. What only another system needs is pinned too.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name as plain

ROOT = Path(__file__).parents[2]
LOCKS = ROOT / "locks"
OLDEST = "3.11"
#: Every Python and system that a marker may ask about.
SYSTEMS = [
    {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": platform,
        "platform_system": system,
        "os_name": os,
        "platform_machine": machine,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    for python in ("3.11", "3.12", "3.13", "3.14", "3.15")
    for platform, system, os, machines in (
        ("linux", "Linux", "posix", ("x86_64", "aarch64")),
        ("darwin", "Darwin", "posix", ("arm64", "x86_64")),
        ("win32", "Windows", "nt", ("AMD64",)),
    )
    for machine in machines
]
HEAD = "# {what} Written by `make lock`; do not edit.\n"


def wanted() -> tuple[list[str], list[str]]:
    """What pyproject.toml asks for: to run with all extras, and to test."""
    read = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = read["project"]
    run = [
        *project["dependencies"],
        *read["build-system"]["requires"],
        "pip>=25.3",
        "editables",
        *(r for extra in project["optional-dependencies"].values() for r in extra),
    ]
    return run, list(read["dependency-groups"]["dev"])


def needed_somewhere(requirement: str, extras: Iterable[str]) -> bool:
    marker = Requirement(requirement).marker
    return marker is None or any(
        marker.evaluate({**system, "extra": extra}) for system in SYSTEMS for extra in (*extras, "")
    )


def resolved(requirements: Iterable[str], pinned: Mapping[str, str]) -> list[dict[str, Any]]:
    """What pip would install for the oldest Python, with the versions that are pinned already."""
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "pinned.txt"
        constraints.write_text("".join(f"{n}=={v}\n" for n, v in pinned.items()))
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--dry-run",
                "--ignore-installed",
                "--only-binary=:all:",
                "--python-version",
                OLDEST,
                "--target",
                folder,
                "--constraint",
                str(constraints),
                "--report",
                f"{folder}/report.json",
                *requirements,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        return list(json.loads(Path(folder, "report.json").read_text("utf-8"))["install"])


def lock(requirements: Iterable[str], pinned: Mapping[str, str]) -> dict[str, str]:
    """Name -> version of all that the requirements need on any system."""
    asked, found = {r: None for r in requirements}, dict(pinned)
    while True:
        versions, more = {}, {}
        for one in resolved(asked, pinned):
            about = one["metadata"]
            versions[plain(about["name"])] = about["version"]
            for other in about.get("requires_dist", ()):
                if needed_somewhere(other, one.get("requested_extras", ())):
                    needed = Requirement(other)
                    more[plain(needed.name)] = f"{needed.name}{needed.specifier}"
        found.update(versions)
        missing = {text: None for name, text in more.items() if name not in found}
        if not missing:
            return found
        asked |= missing


def write(name: str, what: str, pins: Mapping[str, str]) -> None:
    text = HEAD.format(what=what) + "".join(f"{n}=={v}\n" for n, v in sorted(pins.items()))
    (LOCKS / name).write_text(text, "utf-8")


def read(name: str) -> dict[str, str]:
    """The pins of a lock file."""
    _, *lines = (LOCKS / name).read_text("utf-8").splitlines()
    pins = [re.fullmatch(r"([a-z0-9-]+)==([\w.+!]+)", line) for line in lines]
    return {pin[1]: pin[2] for pin in pins if pin}


def main() -> None:
    run, test = wanted()
    pins = lock(run, {})
    more = lock(test, pins)
    LOCKS.mkdir(exist_ok=True)
    write("run.txt", "What make run installs, with pip and what builds the package.", pins)
    write(
        "test.txt",
        "What the tests and tools add.",
        {n: v for n, v in more.items() if n not in pins},
    )


if __name__ == "__main__":
    main()
