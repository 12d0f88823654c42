"""A reader that leaves early, as `head` does: the run goes on and publishes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_project import Small, small

from cdmq.explaining.history import histories

REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": ""}


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    return small(tmp_path, capsys)


def begun(project: Small, *words: str, buffered: bool) -> subprocess.Popen[bytes]:
    unbuffered = [] if buffered else ["-u"]
    return subprocess.Popen(
        [sys.executable, *unbuffered, "-m", "cdmq", *words],
        cwd=project.root,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("buffered", [True, False])
def test_a_run_goes_on_without_its_reader(project: Small, buffered: bool) -> None:
    done = begun(project, "run", buffered=buffered)
    assert done.stdout
    assert done.stderr
    done.stdout.close()  # before the first line: every write fails
    told = done.stderr.read()
    assert (done.wait(60), told) == (1, b"")
    assert (project.root / "target/run_results.json").is_file()
    assert len(histories(project.root)) == 10


def test_head(project: Small) -> None:
    """By a shell, with a log that is written line by line."""
    command = f"set -o pipefail; {sys.executable} -m cdmq run --log-format json | head -1"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=project.root,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (1, "", 1)
    assert len(histories(project.root)) == 10


@pytest.mark.parametrize("words", [("ls",), ("parse",), ("explain",), ("schema",)])
def test_other_commands_end_quietly(project: Small, words: tuple[str, ...]) -> None:
    done = begun(project, *words, buffered=True)
    assert done.stdout
    assert done.stderr
    done.stdout.close()
    told = done.stderr.read()
    assert (done.wait(60), told) == (0, b"")
