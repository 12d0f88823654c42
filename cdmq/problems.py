"""Every message to a person is built here: a place, a code, the cause and the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Span:
    """A place in a file. `line` and `column` count from 1; 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong, said so that its reader can mend it.

    `should_be` is the line as it ought to stand, where that can be known.
    `severity` is `error` (nothing runs) or `warning`.
    """

    span: Span
    code: str
    cause: str
    remedy: str = ""
    should_be: str = ""
    severity: str = field(default="error", compare=False)

    def __str__(self) -> str:
        word = "" if self.severity == "error" else f"{self.severity}: "
        text = printable(f"{self.span}: {self.code} {word}{self.cause}")
        if self.remedy:
            text += f"; {printable(self.remedy)}"
        if self.should_be:
            text += f"\n    write: {printable(self.should_be)}"
        return text


def printable(text: str) -> str:
    """What others wrote may be in a message: nothing of it, such as a control character, may write
    on the terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


class CdmqError(Exception):
    """One or more problems that end a command. `exit_code` is what the command returns."""

    def __init__(self, problems: Problem | Iterable[Problem], exit_code: int = 2) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(sorted(problems))
        self.exit_code = exit_code
        super().__init__("\n".join(str(p) for p in self.problems))


def excerpt(text: str, longest: int = 160) -> str:
    """A text on one line, shortened."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 3] + "..."


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word nearest to `word`, or None when none is near."""
    by_lower = {k.lower(): k for k in known}
    if begins := [k for k in by_lower if len(k) > 3 and word.lower().startswith(k)]:
        return by_lower[max(begins, key=len)]  # phonenumber is phone, not number
    hits = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[hits[0]] if hits else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The remedy for an unknown word: the nearest known one, or the list of all."""
    words = sorted(known)
    near = closest(word, words)
    if near:
        return f"did you mean '{near}'?"
    if not words:
        return "none is known here"
    shown = ", ".join(words[:12]) + (", ..." if len(words) > 12 else "")
    return f"known here: {shown}"
