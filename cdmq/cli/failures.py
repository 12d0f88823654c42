"""How a command ends: its exit code, and what is printed when it could not do its work."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO, cast

INTERRUPTED = 130


class Patient:
    """Standard output whose reader may leave, as `head` does: the run goes on without it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._leave()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._leave()

    def _leave(self) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


def told(command: Callable[[], object], words: Sequence[str]) -> int:
    """Run `command`; its exit code. Problems are printed one a line, never a stack trace."""
    from cdmq.problems import CdmqError

    sys.stdout = cast(TextIO, Patient(sys.stdout))
    try:
        command()
    except SystemExit as end:  # typer's way to end
        return _ended(end.code)
    except KeyboardInterrupt:
        return _ended(INTERRUPTED)
    except CdmqError as error:
        for problem in error.problems:
            _say(str(problem))
        return error.exit_code
    except Exception as error:
        _unexpected(error, words)
        return 2
    return 0


def _ended(code: object) -> int:
    if code == INTERRUPTED:
        _say("interrupted; nothing was published")
    return code if isinstance(code, int) else int(code is not None)


def _unexpected(error: Exception, words: Sequence[str]) -> None:
    """One line with what to report; the rest goes to a file."""
    import traceback
    from datetime import UTC, datetime

    said = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
    try:
        log = _log_file(words)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC).isoformat()} cdmq {' '.join(words)}\n")
            file.write(_scrubbed("".join(traceback.format_exception(error))) + "\n")
        where = f"report this with {log}"
    except OSError:
        where = "report this line"
    _say(f"CDMQ500 cdmq itself failed: {_scrubbed(said)}; {where}")


def _log_file(words: Sequence[str]) -> Path:
    """target/cdmq.log of the project that the words are about, else of this folder."""
    from cdmq.problems import CdmqError
    from cdmq.walk import find_root, target_folder

    named = dict(zip(words, [*words[1:], ""], strict=True)).get("--project-dir")
    start = Path(named or os.environ.get("CDMQ_PROJECT_DIR") or ".")
    try:
        return target_folder(find_root(start), None) / "cdmq.log"
    except CdmqError:
        return Path("target") / "cdmq.log"


def _scrubbed(text: str) -> str:
    """Without the values of variables that are called a secret or a password."""
    for name, value in os.environ.items():
        if value and ("SECRET" in name.upper() or "PASSWORD" in name.upper()):
            text = text.replace(value, "*****")
    return text


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
