"""Finding a project's files. Nothing heavy is imported: the parse cache must be quick."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from cdmq.problems import CdmqError, Problem, Span

PROJECT_FILE = "cdmq_project.yml"
FILES_FROM = "CDMQ_FILES_FROM"
YAML = (".yml", ".yaml")
_TARGET = re.compile(r"""^target-path:[ \t]*(["']?)([^"'#\n]+?)\1[ \t]*(#.*)?$""", re.MULTILINE)


def find_root(start: Path) -> Path:
    """The folder with cdmq_project.yml, at `start` or above it."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    raise CdmqError(
        Problem(
            Span(str(start)), "CDMQ120", f"no {PROJECT_FILE} here or in a folder above",
            "go to your project, name it with --project-dir, or make one with: cdmq init",
        )
    )


def find_files(root: Path, folders: Iterable[str], endings: tuple[str, ...]) -> list[Path]:
    """The files of some folders, each folder's sorted; links to folders are not followed. A file
    may stand in place of a folder.

    `A.YML` is found as `a.yml` is; what a Mac leaves beside files (`._a.yml`) is none of them.
    """
    found: dict[Path, None] = {}
    for folder in folders:
        top = os.path.join(root, folder)
        names = [
            os.path.join(where, name)
            for where, _, files in os.walk(top) for name in files
            if name.lower().endswith(endings) and not name.startswith("._")
        ] or [top] * top.endswith(endings)
        found.update((Path(name), None) for name in sorted(names) if os.path.isfile(name))
    return list(found)


def hidden_endings(endings: Iterable[str]) -> tuple[str, ...]:
    """The endings of files that look, where Windows hides endings, as if they were read."""
    return tuple(f"{ending}.txt" for ending in endings)


def is_within(root: Path, path: Path) -> bool:
    """Whether a path, its links followed, stays in the project or in a folder that is allowed.

    Who runs cdmq allows more folders by CDMQ_FILES_FROM, parted as PATH is; no file of the
    project can.
    """
    allowed = [Path(f) for f in os.environ.get(FILES_FROM, "").split(os.pathsep) if f]
    try:
        real = (root / path).resolve()
        return any(real.is_relative_to(folder.resolve()) for folder in (root, *allowed))
    except (OSError, RuntimeError, ValueError):  # a loop of links, a NUL
        return False


def leads_out(span: Span, what: str) -> Problem:
    return Problem(span, "CDMQ124", f"{what} leads out of the project", "put what it names inside "
                   f"the project; who runs cdmq may allow a folder to links: {FILES_FROM}=/srv/x")


class Files:
    """The files of a project on disk. Each is read once: `read` is what all else hangs on."""

    def __init__(self) -> None:
        self.read: dict[str, bytes] = {}

    def find(self, root: Path, folders: Iterable[str], endings: tuple[str, ...]) -> list[Path]:
        return find_files(root, folders, endings)

    def is_within(self, root: Path, path: Path) -> bool:
        return is_within(root, path)

    def content(self, path: Path) -> bytes:
        name = str(path)
        if name not in self.read:
            self.read[name] = self._content(path)
        return self.read[name]

    def _content(self, path: Path) -> bytes:
        return path.read_bytes()


def target_folder(root: Path, given: Path | None) -> Path:
    """The target folder, as read from the text of cdmq_project.yml: `load` reads it properly."""
    if given is not None:
        return given.absolute()
    try:
        said = _TARGET.search((root / PROJECT_FILE).read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        said = None
    return root / (said[2].strip() if said else "target")
