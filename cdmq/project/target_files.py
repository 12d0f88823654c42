"""The files of the target folder: which of them cdmq wrote. Others are not replaced or removed.

Nothing heavy is imported: the parse cache must be quick.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from cdmq.problems import CdmqError, Problem, Span
from cdmq.project.walk import shown

_METADATA = re.compile(rb'\{\s*"metadata":\s*\{\s*"cdmq_schema_version"')
#: What cdmq writes to the target folder, and how it begins. Databases are not among them.
FILES = {
    "manifest.json": _METADATA,
    "run_results.json": _METADATA,
    "catalog.json": re.compile(rb'\{\s*"datasets"'),
    "parse_cache.json": re.compile(rb""),
    "cdmq.log": re.compile(rb""),  # nobody else's names
}
_COMPILED = re.compile(rb"-- dataset ")


def compiled(folder: Path) -> list[Path]:
    """The files of target/compiled that cdmq wrote."""
    return [p for p in sorted(folder.glob("*.sql")) if is_own(p)]


def is_own(path: Path) -> bool:
    """Whether cdmq wrote it, or nothing is in it."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(100)
    return head.strip() in (b"", b"{}") or bool(FILES.get(path.name, _COMPILED).match(head))


def is_free(path: Path) -> bool:
    """Whether cdmq may write it."""
    return is_own(path) or not os.path.lexists(path)


def check_target(target: Path, names: Iterable[str] = tuple(FILES)) -> None:
    """Raises CdmqError where another's file bears the name of one that a command writes."""
    paths = [target / name for name in names]
    if problems := [
        Problem(
            Span(shown(path)),
            "CDMQ508",
            "cdmq did not write this file, and would replace it",
            "give cdmq a folder of its own (target-path: target/cdmq in cdmq_project.yml, or "
            "--target-path), or move the file",
        )
        for path in paths
        if not is_free(path)
    ]:
        raise CdmqError(problems)
