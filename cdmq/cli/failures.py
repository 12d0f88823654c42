"""How a command ends: its exit code, and what is printed when it could not do its work."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

INTERRUPTED = 130


def told(command: Callable[[], object], words: Sequence[str]) -> int:
    """Run `command`; its exit code. Problems are printed one a line, never a stack trace."""
    from cdmq.problems import CdmqError

    try:
        command()
    except SystemExit as end:
        return _code(end)
    except CdmqError as error:
        for problem in error.problems:
            _say(str(problem))
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader, `head` for example, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        _unexpected(error, words)
        return 2
    return 0


def _code(end: SystemExit) -> int:
    if end.code == INTERRUPTED:
        _say("interrupted; nothing was published")
    return end.code if isinstance(end.code, int) else int(end.code is not None)


def _unexpected(error: Exception, words: Sequence[str]) -> None:
    """One line with what to report; the rest goes to a file."""
    import traceback
    from datetime import UTC, datetime

    log = Path("target") / "cdmq.log"
    said = (str(error).splitlines() or [""])[0]
    line = f"{type(error).__name__}: {said}"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC).isoformat()} cdmq {' '.join(words)}\n")
            file.write("".join(traceback.format_exception(error)) + "\n")
        where = f"; report this with {log}"
    except OSError:
        where = "; report this line"
    _say(f"CDMQ500 cdmq itself failed: {line}{where}")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
