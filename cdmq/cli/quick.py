"""`cdmq parse` where nothing has changed: answered before typer and pydantic are loaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

#: The options that a quick answer knows; with any other the command itself is asked.
_VALUES = {"--project-dir": "CDMQ_PROJECT_DIR", "--vars": "CDMQ_VARS",
           "--target-path": "CDMQ_TARGET_PATH"}


def answered(words: Sequence[str]) -> bool:
    """Print what the last parse of the same files said; False where it has to be read anew."""
    said = _options(words)
    if said is None:
        return False
    from cdmq.cache import stored
    from cdmq.problems import CdmqError

    target = said.get("--target-path")
    try:
        found = stored(Path(said.get("--project-dir") or "."), said.get("--vars"),
                       Path(target) if target else None)
    except CdmqError:
        return False
    if found:
        sys.stderr.write("".join(f"{w}\n" for w in found.warnings))
        sys.stdout.write(f"{found}\n")
    return found is not None


def _options(words: Sequence[str]) -> dict[str, str] | None:
    """The options by name; None where these are not the plain words of `cdmq parse`."""
    if list(words[:1]) != ["parse"] or "CDMQ_QUIET" in os.environ or (
            "CDMQ_NO_PARTIAL_PARSE" in os.environ):
        return None
    said = {flag: os.environ[name] for flag, name in _VALUES.items() if os.environ.get(name)}
    rest = list(words[1:])
    while rest:
        flag = rest.pop(0)
        if flag not in _VALUES or not rest or rest[0].startswith("-"):
            return None
        said[flag] = rest.pop(0)
    return said
