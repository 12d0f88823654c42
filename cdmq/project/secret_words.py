"""What is secret by its name, and messages that may quote it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from cdmq.problems import Problem

#: Names whose values are starred.
SECRET = re.compile("secret|passw|token|credential|api_?key", re.IGNORECASE)
STARS = "*****"
#: What a message quotes: a text, or a tag.
_QUOTED = re.compile(r"'(.*)'|\(!.*\)", re.DOTALL)


def starred(problem: Problem, text: str) -> Problem:
    """The problem of a text that names a secret, without what it quotes of the text but for keys:
    where the text is torn, any piece may be of the secret."""
    if not SECRET.search(text):
        return problem

    def said(found: re.Match[str]) -> str:
        if not re.search(r"\w", found[0]):  # a sign of YAML
            return found[0]
        if found[1] is None:
            return f"({STARS})"
        key, colon, _ = found[1].partition(":")
        if not re.search(rf"(?<![\w.-]){re.escape(key)}[\"']?\s*:", text):
            return f"'{STARS}'"
        return f"'{key}:{STARS}'" if colon else found[0]

    return replace(
        problem,
        cause=_QUOTED.sub(said, problem.cause),
        remedy=_QUOTED.sub(said, problem.remedy),
        should_be="",
    )


def without_vars(words: Sequence[str]) -> list[str]:
    """The words of a command line, without the `--vars` that name a secret."""
    shown = []
    for before, word in zip(["", *words], words, strict=False):
        option, is_said, text = word.partition("=")
        if before == "--vars" and SECRET.search(word):
            word = STARS
        elif option == "--vars" and is_said and SECRET.search(text):
            word = f"--vars={STARS}"
        shown.append(word)
    return shown
