"""How a command ends: its exit code, and what is printed when it could not do its work."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from cdmq.problems import Problem

INTERRUPTED = 130


class Patient:
    """An output stream whose reader may leave, as `head` does, or whose disk may be full.

    What cannot be written is dropped, and the work goes on. `lost` says why, but for a reader
    who left.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            self._leave(error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._leave(error)

    def _leave(self, error: OSError) -> None:
        if not isinstance(error, BrokenPipeError):
            self.lost = error.strerror or str(error)
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())


def open_streams() -> None:
    """Streams that were closed lead nowhere: a file opened later must not get their number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)


def told(command: Callable[[], object], words: Sequence[str]) -> int:
    """Run `command`; its exit code. Problems are printed one a line, never a stack trace."""
    streams = sys.stdout, sys.stderr
    out, err = (Patient(stream) for stream in streams)
    sys.stdout, sys.stderr = cast(TextIO, out), cast(TextIO, err)
    try:
        code = _done(command, words)
        out.flush()
        if out.lost and code != INTERRUPTED:
            _say(
                f"standard output: CDMQ502 it cannot be written: {out.lost}; what was printed is "
                "not whole; free some space, or write it elsewhere"
            )
            code = 2
        err.flush()
        return code
    finally:
        sys.stdout, sys.stderr = streams


def _done(command: Callable[[], object], words: Sequence[str]) -> int:
    from cdmq.problems import CdmqError, Problem, Span

    try:
        _readable(words)
        command()
    except SystemExit as end:  # typer's way to end
        return _ended(end.code, end, words)
    except KeyboardInterrupt as error:
        return _ended(INTERRUPTED, error, words)
    except CdmqError as error:
        for problem in error.problems:
            _tell(problem, words)
        return error.exit_code
    except OSError as error:
        if error.filename is None:
            return _unexpected(error, words)
        _tell(
            Problem(
                Span(os.fsdecode(error.filename)),
                "CDMQ502",
                f"it cannot be read or written: {error.strerror}",
                "look at the path, its permissions and the space on the disk",
            ),
            words,
        )
        return 2
    except Exception as error:
        if hasattr(error, "format_message"):  # one of click's: how the command was written
            return _misused(error, words)
        return _unexpected(error, words)
    return 0


def _misused(error: Any, words: Sequence[str]) -> int:
    from cdmq.problems import Problem, Span

    if _in_json(words):
        _tell(
            Problem(
                Span("command line"),
                "CDMQ506",
                str(error.format_message()),
                "see its options with --help",
            ),
            words,
        )
    else:
        error.show()
    return 2


def _tell(problem: Problem, words: Sequence[str]) -> None:
    """A problem on the standard error, or in the log that was asked for."""
    if not _in_json(words):
        _say(str(problem))
        return
    from cdmq.reports.json_log import JsonLog

    JsonLog(lambda line: _out(line))("problem", problem)


def _in_json(words: Sequence[str]) -> bool:
    """Whether the command line, or the environment, asks for a log in JSON."""
    said = [
        w.partition("=")[2] or n
        for w, n in zip(words, [*words[1:], ""], strict=False)
        if w == "--log-format" or w.startswith("--log-format=")
    ]
    return [*said, os.environ.get("CDMQ_LOG_FORMAT", "")][0] == "json"


def _out(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _readable(words: Sequence[str]) -> None:
    """Raises CdmqError for an argument or a CDMQ_ variable that is no text."""
    from cdmq.problems import CdmqError, Problem, Span

    named = {"argument": words, **{k: [v] for k, v in os.environ.items() if k.startswith("CDMQ_")}}
    for name, values in named.items():
        for value in values:
            try:
                value.encode()
            except UnicodeEncodeError:
                raise CdmqError(
                    Problem(
                        Span(name),
                        "CDMQ503",
                        f"{os.fsencode(value)!r} is not utf-8",
                        "write it in utf-8, as the terminal's locale should be",
                    )
                ) from None


def _ended(code: object, error: BaseException | None, words: Sequence[str]) -> int:
    if code == INTERRUPTED:
        from cdmq.problems import Problem, Span

        while error and not (isinstance(error, KeyboardInterrupt) and str(error)):
            error = error.__cause__ or error.__context__
        said = str(error or "nothing was published")
        if _in_json(words):
            _tell(Problem(Span("command line"), "CDMQ507", "interrupted", said), words)
        else:
            _say(f"interrupted; {said}")
    return code if isinstance(code, int) else int(code is not None)


def _unexpected(error: Exception, words: Sequence[str]) -> int:
    """One line with what to report; the rest goes to a file. The exit code."""
    import traceback
    from datetime import UTC, datetime

    from cdmq.project.secret_words import without_vars

    said = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
    try:
        log = _log_file(words)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            said_so = _scrubbed(" ".join(without_vars(words)))
            file.write(f"{datetime.now(UTC).isoformat()} cdmq {said_so}\n")
            file.write(_scrubbed("".join(traceback.format_exception(error))) + "\n")
        where = f"report this with {log}"
    except OSError:
        where = "report this line"
    if _in_json(words):
        from cdmq.problems import Problem, Span

        _tell(
            Problem(Span("cdmq"), "CDMQ500", f"cdmq itself failed: {_scrubbed(said)}", where), words
        )
    else:
        _say(f"CDMQ500 cdmq itself failed: {_scrubbed(said)}; {where}")
    return 2


def _log_file(words: Sequence[str]) -> Path:
    """target/cdmq.log of the project that the words are about, else of this folder."""
    from cdmq.problems import CdmqError
    from cdmq.project.walk import find_root, target_folder

    named = dict(zip(words, [*words[1:], ""], strict=True)).get("--project-dir")
    start = Path(named or os.environ.get("CDMQ_PROJECT_DIR") or ".")
    try:
        return target_folder(find_root(start), None) / "cdmq.log"
    except CdmqError:
        return Path("target") / "cdmq.log"


def _scrubbed(text: str) -> str:
    """Without what env_var() gave, nor, as it may fail before it is asked, what a variable holds
    that is called a secret or a password."""
    from cdmq.warehouses._secrets import scrub_given

    for name, value in os.environ.items():
        if value and ("SECRET" in name.upper() or "PASSWORD" in name.upper()):
            text = text.replace(value, "*****")
    return scrub_given(text)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
