"""`cdmq parse` by its plain words: what editors and commit hooks call needs no typer."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

#: The options that are known here; with any other the command of `parse.py` is asked.
_VALUES = {
    "--project-dir": "CDMQ_PROJECT_DIR",
    "--vars": "CDMQ_VARS",
    "--target-path": "CDMQ_TARGET_PATH",
}
_ELSE = ("CDMQ_QUIET", "CDMQ_NO_PARTIAL_PARSE")


def quick_command(words: Sequence[str]) -> Callable[[], None] | None:
    """What to do for these words, where they are plain ones of `cdmq parse`."""
    if list(words[:1]) != ["parse"] or any(name in os.environ for name in _ELSE):
        return None
    said = {flag: os.environ[name] for flag, name in _VALUES.items() if os.environ.get(name)}
    fresh = False
    rest = list(words[1:])
    while rest:
        flag = rest.pop(0)
        if flag == "--no-partial-parse":
            fresh = True
        elif flag in _VALUES and rest and not rest[0].startswith("-"):
            said[flag] = rest.pop(0)
        else:
            return None
    return partial(_parse, said, fresh)


def _parse(said: dict[str, str], fresh: bool) -> None:
    from cdmq.commands.cache import parsed

    target = said.get("--target-path")
    found = parsed(
        Path(said.get("--project-dir", ".")),
        said.get("--vars"),
        Path(target) if target else None,
        use_cache=not fresh,
    )
    sys.stderr.write("".join(f"{w}\n" for w in found.warnings))
    sys.stdout.write(f"{found}\n")
