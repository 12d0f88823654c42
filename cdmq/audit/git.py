"""What git holds, read from its objects: never from its index or its idea of what has changed.

One `git cat-file` answers all. Variables that would lead it elsewhere (GIT_DIR and the like) are
not handed on, replaced objects are not looked through, and nothing is fetched.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from types import TracebackType

NO_GIT = "no git here"
NOT_COMMITTED = "not committed"
SHALLOW = "unknown: shallow clone"

#: What may be handed on: settings such as safe.directory, and where git itself is.
_KEPT = (
    "GIT_CONFIG_",
    "GIT_EXEC_PATH",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
)
#: Links to links that are followed.
_LINKS = 20


class Unreadable(Exception):
    """Git cannot say; the text is why, in words for an auditor."""


@dataclass(frozen=True)
class Commit:
    id: str
    tree: str
    parents: tuple[str, ...]
    author: str
    written: str


class Repository:
    """The objects of the repository that a folder stands in. Raises Unreadable."""

    def __init__(self, folder: Path) -> None:
        said = _asked(
            folder, "rev-parse", "--show-toplevel", "--show-prefix", "--show-object-format=storage"
        ).split("\n")
        #: The folder inside the repository.
        self.prefix, self.algorithm = said[1].rstrip("/"), said[2]
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._trees: dict[str, dict[str, tuple[str, str]]] = {}
        self._commits: dict[str, Commit | None] = {}

    def __enter__(self) -> Repository:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def head(self) -> str | None:
        """The commit that is checked out; None before the first one."""
        try:
            id = _asked(self.folder, "rev-parse", "--quiet", "--verify", "HEAD").strip()
        except Unreadable:
            return None
        if self.commit(id) is None:
            raise Unreadable("unknown: git cannot read its objects")
        return id

    def commit(self, id: str) -> Commit | None:
        """None where it is not here: the clone is shallow."""
        if id not in self._commits:
            found = self._object(id)
            self._commits[id] = _commit(id, found[2]) if found else None
        return self._commits[id]

    def files(self, commit: str, folder: str) -> Iterator[tuple[str, str]]:
        """(path, blob) of all files below a folder; links to folders are not followed."""
        found = self._find(commit, folder)
        if found and _is_tree(found[0]):
            yield from self._below(commit, found[1], folder)

    def blob(self, commit: str, path: str) -> str | None:
        """The id of a file, also through links inside of the repository."""
        found = self._find(commit, path)
        return found[1] if found and not _is_tree(found[0]) else None

    def content(self, blob: str) -> bytes:
        found = self._object(blob)
        if found is None:
            raise Unreadable("unknown: git does not have the whole file here")
        return found[2]

    def is_blob(self, content: bytes, blob: str | None, path: str) -> bool:
        """Whether git would keep `content` as that blob: line ends and filters apart."""
        if blob is None:
            return False
        plain = (content, content.replace(b"\r\n", b"\n"))
        if any(self._digest(c) == blob for c in plain):
            return True
        try:
            return (
                _asked(
                    self.folder, "hash-object", "--stdin", f"--path={path}", given=content
                ).strip()
                == blob
            )
        except Unreadable:
            return False

    def _digest(self, content: bytes) -> str:
        return hashlib.new(self.algorithm, b"blob %d\0" % len(content) + content).hexdigest()

    def _below(self, commit: str, tree: str, folder: str) -> Iterator[tuple[str, str]]:
        for name, (mode, id) in self._tree(tree).items():
            path = f"{folder}/{name}" if folder not in ("", ".") else name
            if _is_tree(mode):
                yield from self._below(commit, id, path)
            elif mode != "120000":
                yield path, id
            elif blob := self.blob(commit, path):
                yield path, blob

    def _find(self, commit: str, path: str, links: int = 0) -> tuple[str, str] | None:
        """(mode, id) of what stands at a path of the repository, links followed."""
        found = self.commit(commit)
        if found is None:
            return None
        at = ("40000", found.tree)
        parts = PurePosixPath(os.path.normpath(path)).parts
        for n, part in enumerate(parts):
            entry = self._tree(at[1]).get(part) if _is_tree(at[0]) else None
            if entry is None:
                return None
            if entry[0] == "120000":
                to = self.content(entry[1]).decode("utf-8", "surrogateescape")
                whole = os.path.normpath("/".join([*parts[:n], to, *parts[n + 1 :]]))
                if links > _LINKS or to.startswith("/") or whole.startswith(".."):
                    return None
                return self._find(commit, whole, links + 1)
            at = entry
        return at

    def _tree(self, id: str) -> Mapping[str, tuple[str, str]]:
        if id not in self._trees:
            found = self._object(id)
            if found is None:
                raise Unreadable("unknown: git does not have all folders here")
            self._trees[id] = dict(_entries(found[2], len(id) // 2))
        return self._trees[id]

    def _object(self, name: str) -> tuple[str, str, bytes] | None:
        """(id, type, content); None where it is missing."""
        pipe = self._batch()
        assert pipe.stdin is not None
        assert pipe.stdout is not None
        try:
            pipe.stdin.write(f"{name}\n".encode())
            pipe.stdin.flush()
            said = pipe.stdout.readline().decode("utf-8", "replace").split()
            if len(said) == 3 and said[2].isdigit():
                content = pipe.stdout.read(int(said[2]) + 1)[:-1]
                if len(content) == int(said[2]):
                    return said[0], said[1], content
        except OSError:
            said = []
        if said[-1:] in (["missing"], ["submodule"]):
            return None
        raise Unreadable("unknown: git cannot read its objects")

    def _batch(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                _words(self.folder, "cat-file", "--batch"),
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process


def _asked(folder: Path, *words: str, given: bytes | None = None) -> str:
    try:
        done = subprocess.run(
            _words(folder, *words),
            env=_environment(),
            input=given or b"",
            capture_output=True,
            timeout=60,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unreadable("unknown: git does not answer") from None
    except OSError:
        raise Unreadable("unknown: git is not installed") from None
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "surrogateescape")
    said = done.stderr.decode("utf-8", "replace")
    if "dubious ownership" in said:
        raise Unreadable("unknown: git refuses the folder, see its safe.directory")
    if "not a git repository" in said:
        there = any((f / ".git").exists() for f in (folder, *folder.parents))
        raise Unreadable("unknown: git cannot read .git" if there else NO_GIT)
    first = next(iter(said.strip().splitlines()), "nothing")
    raise Unreadable(f"unknown: git says: {first}")


def _words(folder: Path, *words: str) -> list[str]:
    return ["git", "--no-replace-objects", "-c", "core.fsmonitor=false", "-C", str(folder), *words]


def _environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k.startswith(_KEPT)}
    return {
        **kept,
        "LC_ALL": "C",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }


def _is_tree(mode: str) -> bool:
    return mode == "40000"


def _entries(content: bytes, size: int) -> Iterator[tuple[str, tuple[str, str]]]:
    at = 0
    while at < len(content):
        end = content.index(b"\0", at)
        mode, _, name = content[at:end].partition(b" ")
        id = content[end + 1 : end + 1 + size].hex()
        yield name.decode("utf-8", "surrogateescape"), (mode.decode(), id)
        at = end + 1 + size


def _commit(id: str, content: bytes) -> Commit:
    head = content.partition(b"\n\n")[0].split(b"\n")
    said = [line.partition(b" ")[::2] for line in head]
    first = dict(reversed(said))
    written, _, rest = first.get(b"author", b"").rpartition(b"> ")
    encoding = first.get(b"encoding", b"utf-8").decode("ascii", "replace")
    try:
        author = written.decode(encoding, "replace")
    except LookupError:
        author = written.decode("utf-8", "replace")
    seconds = rest.split()[0] if rest.split() else b"0"
    when = datetime.fromtimestamp(int(seconds) if seconds.isdigit() else 0, UTC)
    return Commit(
        id,
        first.get(b"tree", b"").decode(),
        tuple(v.decode() for k, v in said if k == b"parent"),
        f"{author}>" if author else "unknown",
        when.strftime("%Y-%m-%d %H:%M:%S"),
    )
