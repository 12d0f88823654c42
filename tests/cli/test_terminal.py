"""Colours and the progress bar: on a terminal, and nowhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from small_project import Small, small

import cdmq.reports.progress as progress
from cdmq.results import Facts
from cdmq.values import Dataset

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Small:
    return small(tmp_path, capsys)


def on_a_terminal(project: Small, *words: str, **environment: str) -> str:
    """What a command writes when its output is a terminal."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TERM": "xterm", **environment}
    env.pop("NO_COLOR", None) if "NO_COLOR" not in environment else None
    command = [sys.executable, "-m", "cdmq", *words, "--project-dir", str(project.root)]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=theirs, env=env):
        os.close(theirs)
        written = b""
        while block := _read(ours):
            written += block
    os.close(ours)
    return written.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side is closed
        return b""


def test_colours_on_a_terminal(project: Small) -> None:
    out = on_a_terminal(project, "run", "--as-of", "2026-11-01")
    assert "\x1b[31mFAIL   \x1b[0m  customers.email.email" in out
    assert "\x1b[32mPASS   \x1b[0m  status_form" in out


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        (("--no-use-colors",), {}),
        ((), {"NO_COLOR": "1"}),
        ((), {"CDMQ_NO_USE_COLORS": "1"}),
        ((), {"TERM": "dumb"}),
    ],
)
def test_no_colours_where_they_are_not_wanted(
    project: Small, words: tuple[str, ...], environment: dict[str, str]
) -> None:
    out = on_a_terminal(project, "run", "--as-of", "2026-11-01", *words, **environment)
    assert "FAIL     customers.email.email" in out
    assert "\x1b" not in out


def test_the_bar_waits_and_goes(monkeypatch: pytest.MonkeyPatch, project: Small) -> None:
    heard: list[str] = []
    monkeypatch.setattr(progress, "PATIENCE", 1)
    facts = Facts("run", "run", None, None, "t", "duckdb", "x", Path(), 3)  # type: ignore[arg-type]
    dataset = Dataset("customers", "table", None, None)  # type: ignore[arg-type]
    with progress.with_progress(lambda event, value: heard.append(event)) as listen:
        assert isinstance(listen, progress._Bar)
        listen("start", facts)
        assert listen.shown is None
        listen.timer.join()
        assert listen.shown is not None
        listen("dataset", dataset)
        task = listen.shown[0].tasks[0]
        assert (task.description, task.total, task.completed) == ("making customers", 3, 0)
        listen("end", None)
        assert listen.shown is None
    assert heard == ["start", "dataset", "end"]


def test_short_work_shows_no_bar(project: Small) -> None:
    with progress.with_progress(lambda event, value: None) as listen:
        listen("end", None)
    assert isinstance(listen, progress._Bar)
    assert listen.shown is None


def test_no_secret_is_written(project: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_SECRET", "hunter2")
    project.swap(
        "profiles.yml", ("target/small.duckdb", "\"target/{{ env_var('DB_SECRET') }}.duckdb\"")
    )
    for words in (("debug",), ("run",), ("run", "--log-format", "json"), ("compile",)):
        told = project.told(*words)
        assert "hunter2" not in told.out + told.err
    for file in (project.root / "target").rglob("*"):
        if file.is_file() and file.suffix in (".json", ".sql", ".log"):
            assert "hunter2" not in file.read_text("utf-8")
