"""Small words that every story shares: times, chances, weights and lists, as people read them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from cdmq.audit.telling import When

#: A value longer than this is cut.
_LONGEST = 60
#: Why a row is true no longer.
CLOSED: Mapping[str, str] = {
    "gone": "it is no longer in the dataset",
    "could_not_judge": "the rule could not judge it",
    "out_of_scope": "the rule is no longer about it",
    "rule_removed": "the rule was removed",
    "changed": "it was changed",
}


def at(when: When) -> str:
    """A run: when it ran, its id, and the time that it judged by."""
    if not when.ran:
        return f"in run {when.run}"
    judged = f", judged as of {when.as_of:%Y-%m-%d %H:%M}" if when.as_of else ""
    return f"{when.ran:%Y-%m-%d %H:%M} (run {when.run}{judged})"


def until(closed: When | None, because: str | None) -> str:
    """How long a row stood: it holds, or closed with a run, and why."""
    if closed is None:
        return "holds"
    return f"until {at(closed)}: {CLOSED.get(because or '', because)}"


def value(text: str | None) -> str:
    if text is None:
        return "nothing"
    return f"'{text if len(text) <= _LONGEST else text[: _LONGEST - 3] + '...'}'"


def sure(probability: float) -> str:
    """A probability in percent, cut and not rounded: what is below a limit never reads as it."""
    if probability >= 1:
        return "100%"
    if probability > 0.9999:
        return ">99.99%"
    if probability < 0.0001:
        return "<0.01%"
    places = 2 if probability >= 0.99 or probability < 0.01 else 1
    cut = math.floor(probability * 100 * 10**places + 1e-9) / 10**places
    return f"{cut:.{places}f}%"


def names(keys: Sequence[str], more: int = 0) -> str:
    """`a, b and 3 more`."""
    if more:
        return f"{', '.join(keys)} and {more:,} more" if keys else f"{more:,} others"
    return ", ".join(keys[:-1]) + f" and {keys[-1]}" if len(keys) > 1 else "".join(keys)


def counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
