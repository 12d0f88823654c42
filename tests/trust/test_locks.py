"""What make installs is locked: a version for all that pyproject.toml asks for, on any system."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests" / "tools"))
from lock import needed_somewhere, read, wanted  # noqa: E402

RUN, TEST = read("run.txt"), read("test.txt")


@pytest.mark.parametrize("name", ["run.txt", "test.txt"])
def test_a_lock_holds_versions_and_nothing_else(name: str) -> None:
    head, *lines = (ROOT / "locks" / name).read_text("utf-8").splitlines()
    assert head.startswith("# ")
    assert "make lock" in head
    assert lines == [f"{n}=={v}" for n, v in sorted(read(name).items())]


def test_run_and_test_are_locked_within_what_pyproject_allows() -> None:
    """Fails where pyproject.toml changed and nobody ran `make lock`."""
    for requirements, pins in zip(wanted(), (RUN, RUN | TEST), strict=True):
        for one in map(Requirement, requirements):
            pin = pins.get(canonicalize_name(one.name))
            assert pin is not None, f"{one.name} is not locked: make lock"
            assert one.specifier.contains(pin, prereleases=True), f"{one}, locked {pin}: make lock"


def test_what_locked_packages_need_is_locked() -> None:
    """As far as what is installed here is what is locked; on every Python and system."""
    seen = 0
    for requirements, pins in zip(wanted(), (RUN, RUN | TEST), strict=True):
        waiting = [(Requirement(r).name, tuple(Requirement(r).extras)) for r in requirements]
        done: set[tuple[str, tuple[str, ...]]] = set()
        while waiting:
            name, extras = one = waiting.pop()
            if one in done or not _installed_as_locked(name, pins):
                continue
            done.add(one)
            for text in metadata.distribution(name).requires or ():
                if needed_somewhere(text, extras):
                    other = Requirement(text)
                    assert canonicalize_name(other.name) in pins, f"{name} needs {other}: make lock"
                    waiting.append((other.name, tuple(other.extras)))
        seen += len(done)
    assert seen > 10


def _installed_as_locked(name: str, pins: dict[str, str]) -> bool:
    try:
        return metadata.version(name) == pins.get(canonicalize_name(name))
    except metadata.PackageNotFoundError:
        return False


def test_the_makefile_installs_nothing_but_what_is_locked() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    own, _, newest = text.partition("\nnewest:")
    installs = [line for line in own.splitlines() if line.startswith("\t$(PIP)")]
    assert len(installs) == 3
    assert all("--constraint $(LOCK)" in line for line in installs)
    assert "--build-constraint" in installs[1]
    assert "pip install" not in own.replace("PIP := $(BIN)/python -m pip install --quiet", "")
    assert "LOCK" not in newest.split("\nlock:")[0]
