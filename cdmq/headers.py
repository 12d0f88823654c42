"""The header lines of csv files. Nothing heavy is imported: the parse cache must be quick."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

UTF8 = frozenset({"utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii"})
#: (path or pattern, encoding, delimiter) as a `file:` declares them.
Declared = tuple[str, str, str]


def matching(root: Path, pattern: str) -> list[Path]:
    """The files that a path or pattern names, sorted. Raises ValueError where it is no pattern."""
    found = [root / pattern]
    if any(c in pattern for c in "*?[") and not found[0].is_file():
        found = sorted(root.glob(pattern))
    return [p for p in found if p.is_file()]


def header(path: Path, encoding: str, delimiter: str) -> list[str]:
    """The names of a file's columns as they stand there; none in an empty file.

    Raises UnicodeError, LookupError, OSError or csv.Error. U+FFFD is what could not be read.
    """
    with path.open(encoding=python_encoding(encoding), errors="replace", newline="") as file:
        return next(csv.reader(file, delimiter=delimiter), [])


def python_encoding(encoding: str) -> str:
    return "utf-8-sig" if encoding.lower() in UTF8 else encoding


def digest(root: Path, declared: Iterable[Declared]) -> str:
    """One digest of all that a parse takes from these files."""
    seen: list[object] = []
    for pattern, encoding, delimiter in declared:
        try:
            paths = matching(root, pattern)
            seen.append([(str(p), header(p, encoding, delimiter)) for p in paths])
        except (OSError, ValueError, LookupError, csv.Error) as error:
            seen.append(str(error))
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()
