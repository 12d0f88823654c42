"""The parse cache: nothing is read again where nothing has changed.

`target/parse_cache.json` holds what the last good parse gave, under a key made of all that it can
hang on: the names and bytes of every file that is read, the headers of csv datasets, --vars, the
target folder, the bytes of cdmq itself, and the names and versions of what is installed. A hit
imports neither pydantic nor sqlglot, jinja2 or yaml.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cdmq.files import headers
from cdmq.problems import Problem, Span
from cdmq.project.atomic import write_text
from cdmq.project.target_files import check_target
from cdmq.project.walk import PROJECT_FILE, find_files, find_root, odd_entries, target_folder
from cdmq.results import Parsed

FILE = "parse_cache.json"
#: Raised when the shape of the file changes.
FORMAT = 2
#: (folders, endings of the files that are read there)
Folders = Sequence[tuple[Sequence[str], Sequence[str]]]


def parsed(
    start: Path, variables: str | None, target_path: Path | None, *, use_cache: bool = True
) -> Parsed:
    """Read and check the project at `start`, or say what the last parse of the same said."""
    root = find_root(start)
    target = target_folder(root, target_path)
    check_target(target)
    found = stored(root, variables, target) if use_cache else None
    if found:
        return found
    from cdmq.commands.parse import folders_of, read

    folders = folders_of(root)
    before = _key(root, target, variables, folders)
    outcome = read(root, variables, target)
    # What changed while it was read must not be stored under the key of what stands there now.
    if (
        before
        and before == _key(root, target, variables, folders)
        and (outcome.headers == headers.digest(root, outcome.files))
    ):
        _store(outcome, before, folders, target)
    return outcome


def stored(root: Path, variables: str | None, target: Path) -> Parsed | None:
    """What the last parse said, if nothing that it hangs on has changed since."""
    try:
        content = json.loads((target / FILE).read_bytes())
        if content["key"] != _key(root, target, variables, content["folders"]):
            return None
        if content["headers"] != headers.digest(root, content["files"]):
            return None
        manifest = target / "manifest.json"
        if content["manifest"] != _digest(manifest.read_bytes()):
            return None
        warnings = tuple(_problem(w) for w in content["warnings"])
        return Parsed(content["name"], content["counts"], warnings, manifest, cached=True)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # none there, or not one of ours: everything is read


def _store(outcome: Parsed, key: str, folders: Folders, target: Path) -> None:
    content = {
        "key": key,
        "folders": folders,
        "name": outcome.name,
        "counts": dict(outcome.counts),
        "files": outcome.files,
        "headers": outcome.headers,
        "manifest": _digest(outcome.manifest.read_bytes()),
        "warnings": [_fields(w) for w in outcome.warnings],
    }
    write_text(target / FILE, json.dumps(content) + "\n")


def _key(root: Path, target: Path, variables: str | None, folders: Folders) -> str | None:
    """One digest of all that a parse hangs on; None where something cannot be read."""
    whole = hashlib.sha256()
    said = [FORMAT, str(root), str(target), variables, folders, sys.version, _installed(), _own()]
    whole.update(json.dumps(said).encode())
    if any(odd_entries(root, names, tuple(endings)) for names, endings in folders):
        return None
    try:
        for path in _read_files(root, target, folders):
            content = path.read_bytes() if path.is_file() else b""
            whole.update(f"\0{path}\0{len(content)}\0".encode())
            whole.update(content)
    except (OSError, UnicodeEncodeError):
        return None
    return whole.hexdigest()


def _read_files(root: Path, target: Path, folders: Folders) -> Iterator[Path]:
    yield root / PROJECT_FILE
    yield target / "catalog.json"
    for names, endings in folders:
        yield from find_files(root, names, tuple(endings))


def _own() -> list[tuple[str, int, int]]:
    """cdmq's own files, by size and time, as Python itself tells whether a module changed."""
    found = []
    for folder, _, names in os.walk(Path(__file__).parents[1]):
        for name in names:
            if name.endswith((".py", ".csv", ".yml")):
                path = os.path.join(folder, name)
                state = os.stat(path)
                found.append((path, state.st_size, state.st_mtime_ns))
    return sorted(found)


def _installed() -> list[str]:
    """Names and versions of the packages on the path."""
    found: set[str] = set()
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        found.update(n for n in names if n.endswith((".dist-info", ".egg-info")))
    return sorted(found)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _fields(problem: Problem) -> dict[str, Any]:
    span = problem.span
    return {
        "span": [span.file, span.line, span.column],
        "code": problem.code,
        "cause": problem.cause,
        "remedy": problem.remedy,
        "should_be": problem.should_be,
        "severity": problem.severity,
    }


def _problem(fields: Mapping[str, Any]) -> Problem:
    return Problem(**{**fields, "span": Span(*fields["span"])})
