"""Golden cells in words that a steward reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cdmq.audit.telling_text import counted, value
from cdmq.kinds.golden.story_cells import Cell, Golden

#: What the word that decided a golden cell means, where it is none of `pick`.
_BECAUSE: Mapping[str, str] = {
    "valid": "the others carry an error flag",
    "strictest": "one no is no",
    "own value": "the others borrowed theirs",
    "fuller": "it has more of what goes together",
    "key": "first by key, nothing else decided",
    "only value": "no other value",
}


def shares(golden: Golden) -> Iterator[str]:
    """What a record gave to its golden record, and what it did not."""
    won = [c for c in golden.cells if c.role == "won"]
    yield (
        f"golden  {golden.rule}  {golden.party} in {golden.dataset}, {len(won)} of "
        f"{counted(len(golden.cells), 'cell')} from this record"
    )
    words = dict.fromkeys(c.because for c in won)
    for word in sorted(words, key=lambda w: w == "only value"):
        told = (
            c.column if word == "only value" else f"{c.column} {value(c.value)}"
            for c in won
            if c.because == word
        )
        yield f"    won, {_BECAUSE.get(word, word)}: {', '.join(told)}"
    agreed = [c.column for c in golden.cells if c.role == "agreed"]
    if agreed:
        yield f"    has the same: {', '.join(agreed)}"
    for c in golden.cells:
        if c.role == "lost":
            yield (
                f"    lost: {c.column} {value(c.own)} to {value(c.value)} of {c.winner} "
                f"({_because(c)})"
            )


def _because(c: Cell) -> str:
    return _BECAUSE.get(c.because, c.because)


def whole(golden: Golden) -> Iterator[str]:
    """The cells of a party, each with what it stood against."""
    yield f"golden  {golden.rule}  {golden.party} in {golden.dataset}"
    wide = max(len(c.column) for c in golden.cells)
    for c in golden.cells:
        over = (
            "; not " + ", ".join(f"{value(x.value)} of {x.key}" for x in c.losers)
            if c.losers
            else ""
        )
        yield f"    {c.column:{wide}}  {value(c.value)} of {c.winner} ({_because(c)}){over}"
