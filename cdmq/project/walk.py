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
#: What a Mac leaves beside files, and what an editor does while it has one open.
_LEFT = ("._", ".#")
_TARGET = re.compile(r"""^target-path:[ \t]*(["']?)([^"'#\n]+?)\1[ \t]*(#.*)?$""", re.MULTILINE)


def find_root(start: Path) -> Path:
    """The folder with cdmq_project.yml, at `start` or above it."""
    if not os.path.isdir(start):
        raise CdmqError(
            Problem(
                Span(str(start)),
                "CDMQ120",
                "there is no such folder",
                f"name the folder with {PROJECT_FILE}, or one in it",
            )
        )
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / PROJECT_FILE).is_file():
            if not is_text(folder):
                raise CdmqError(no_text(folder, "the folder of the project"))
            return folder
    raise CdmqError(
        Problem(
            Span(str(start)),
            "CDMQ120",
            f"no {PROJECT_FILE} here or in a folder above",
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
            for where, _, files in os.walk(top)
            for name in files
            if name.lower().endswith(endings) and not name.startswith("._")
        ] or [top] * top.endswith(endings)
        found.update((Path(name), None) for name in sorted(names) if os.path.isfile(name))
    return list(found)


def odd_entries(root: Path, folders: Iterable[str], endings: tuple[str, ...]) -> list[Path]:
    """What `find_files` passes over though a person would expect it to be read: links to folders,
    links to nothing, what is no file but has its ending, and folders that cannot be opened.

    A link that is named as a folder of its own is followed.
    """
    odd: dict[str, None] = {}
    tops = [os.path.normpath(os.path.join(root, folder)) for folder in folders]
    for top in tops:
        if not os.path.isdir(top):
            odd.update({top: None} if os.path.lexists(top) and not os.path.isfile(top) else {})
            continue
        for where, inner, files in os.walk(
            top, onerror=lambda error: odd.update({error.filename: None})
        ):
            links = [p for n in inner if os.path.islink(p := os.path.join(where, n))]
            odd.update((p, None) for p in links if p not in tops)
            odd.update(
                (p, None)
                for n in files
                if not n.startswith(_LEFT)
                and not os.path.isfile(p := os.path.join(where, n))
                and (os.path.islink(p) or n.lower().endswith(endings))
            )
    return [Path(name) for name in sorted(odd)]


def is_text(path: Path) -> bool:
    """Whether its name can be written down: a disk takes any bytes."""
    try:
        return bool(str(path).encode())
    except UnicodeEncodeError:
        return False


def shown(path: Path) -> str:
    """A path as a message tells it."""
    return os.fsencode(path.as_posix()).decode("utf-8", "replace")


def no_text(path: Path, what: str) -> Problem:
    return Problem(
        Span(shown(path)),
        "CDMQ133",
        f"the name of {what} is not utf-8",
        "give it a name of letters, digits, - and _",
    )


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
    return Problem(
        span,
        "CDMQ124",
        f"{what} leads out of the project",
        "put what it names inside "
        f"the project; who runs cdmq may allow a folder to links: {FILES_FROM}=/srv/x",
    )


class Files:
    """The files of a project on disk. Each is read once: `read` is what all else hangs on."""

    def __init__(self) -> None:
        self.read: dict[str, bytes] = {}

    def find(self, root: Path, folders: Iterable[str], endings: tuple[str, ...]) -> list[Path]:
        return find_files(root, folders, endings)

    def odd(self, root: Path, folders: Iterable[str], endings: tuple[str, ...]) -> list[Path]:
        return odd_entries(root, folders, endings)

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
