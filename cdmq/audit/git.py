"""Who wrote a line, and which commit a run used: asked of git, honest blanks without it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_UNCOMMITTED = "0" * 40


@dataclass(frozen=True)
class Authorship:
    """The newest change among some lines. Blank fields: git cannot say."""

    author: str | None = None
    commit: str | None = None
    committed: str | None = None


@dataclass(frozen=True)
class State:
    """The commit of a folder, and whether its files differ from it."""

    commit: str | None = None
    dirty: bool | None = None


def state(root: Path) -> State:
    commit = _git(root, "rev-parse", "HEAD")
    if commit is None:
        return State()
    changed = _git(root, "status", "--porcelain", "--", ".")
    return State(commit.strip(), bool(changed and changed.strip()))


def authorship(
    root: Path, places: Iterable[tuple[str, int, int]]
) -> dict[tuple[str, int, int], Authorship]:
    """For each (file, first line, last line) who changed one of the lines last."""
    wanted = list(places)
    blamed = {file: _blame(root, file) for file in sorted({w[0] for w in wanted})}
    return {w: _newest(blamed[w[0]][w[1] - 1 : w[2]]) for w in wanted}


def _newest(lines: list[tuple[int, Authorship]]) -> Authorship:
    return max(lines, key=lambda line: line[0])[1] if lines else Authorship()


def _blame(root: Path, file: str) -> list[tuple[int, Authorship]]:
    """For each line of a file (time, who); empty where git does not know the file."""
    out = _git(root, "blame", "--porcelain", "--", file)
    if out is None:
        return []
    commits: dict[str, dict[str, str]] = {}
    lines: list[tuple[int, Authorship]] = []
    current = ""
    for line in out.splitlines():
        if line.startswith("\t"):
            lines.append(_authorship(current, commits[current]))
            continue
        word, _, rest = line.partition(" ")
        if len(word) == 40 and rest[:1].isdigit():
            current = word
            commits.setdefault(current, {})
        else:
            commits[current][word] = rest
    return lines


def _authorship(commit: str, said: dict[str, str]) -> tuple[int, Authorship]:
    seconds = int(said.get("author-time", 0))
    if commit == _UNCOMMITTED:
        return seconds, Authorship()
    mail = said.get("author-mail", "").strip()
    when = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return seconds, Authorship(f"{said.get('author', '')} {mail}".strip(), commit, when)


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-c", "core.fsmonitor=false", "-C", str(root), *words],
            capture_output=True, text=True, timeout=60, check=False, errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
