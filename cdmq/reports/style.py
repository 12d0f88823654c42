"""Colours, on a terminal that wants them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

_CODES = {"red": 31, "green": 32, "yellow": 33, "cyan": 36, "dim": 2}
#: The colour of each severity, and of what passes.
_SEVERITY = {"error": "red", "warn": "yellow", "info": "cyan", "pass": "green"}
STATUS_COLOURS: Mapping[str, str] = {
    "pass": "green",
    "warn": "yellow",
    "fail": "red",
    "error": "red",
    "no_data": "yellow",
    "skipped": "dim",
}


class Style:
    """Puts a colour on a word, or leaves it."""

    def __init__(self, colours: bool) -> None:
        self.colours = colours

    def __call__(self, text: str, colour: str) -> str:
        code = _CODES[_SEVERITY.get(colour, colour)]
        return f"\x1b[{code}m{text}\x1b[0m" if self.colours else text


def wanted(no_colours: bool) -> bool:
    """Colours: only on a terminal, unless NO_COLOR or --no-use-colors says otherwise."""
    return (
        sys.stdout.isatty()
        and not no_colours
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )
