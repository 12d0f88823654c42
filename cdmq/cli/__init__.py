"""The command line: arguments and exit codes; what the commands do is in cdmq.api.

Each command is a module of this folder: `NAMES` are the words it answers to, `command` is the
function, and the docstring of that function is its help.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

#: In the order of --help.
MODULES = (
    "init",
    "debug",
    "parse",
    "compile",
    "run",
    "test",
    "unit_test",
    "train",
    "ls",
    "show",
    "export",
    "queue",
    "decide",
    "count",
    "explain",
    "history",
    "schema",
    "clean",
)
ALIASES = {"build": "run", "list": "ls", "unit-test": "unit_test"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the arguments name, and exit with its code."""
    import gc

    from cdmq.cli.failures import open_streams, told
    from cdmq.cli.quick import quick_command
    from cdmq.runs.interrupts import ends_as_ctrl_c

    # Looking for plugins reads every installed package's metadata; none concerns us.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.set_threshold(200_000)  # rules are many small objects that stay: looking often is dear
    open_streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        ends_as_ctrl_c()
    code = told(quick_command(words) or (lambda: _typed(words)), words)
    if arguments is None:  # a process of its own: taking its objects apart would cost a tenth
        _leave(code)
    sys.exit(code)


def _typed(words: Sequence[str]) -> None:
    from cdmq.cli.app import built
    from cdmq.cli.options import normalised

    # Not standalone: what is wrong with the words is told where all problems are.
    command = built(*modules(*words[:1]))
    code = command(normalised(words), prog_name="cdmq", standalone_mode=False)
    if code:
        sys.exit(code)


def _leave(code: int) -> None:
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def modules(word: str = "") -> list[str]:
    """The modules of the command that `word` names; all of them where it names none."""
    named = ALIASES.get(word, word)
    return [named] if named in MODULES else list(MODULES)


def load(module: str) -> object:
    return import_module(f"{__name__}.{module}")
