"""Sets of characters as sorted ranges of code points: the classes of a regular expression."""

from __future__ import annotations

from collections.abc import Iterable

Ranges = tuple[tuple[int, int], ...]

LAST = 0x10FFFF
DIGIT: Ranges = ((48, 57),)
WORD: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
SPACE: Ranges = ((9, 10), (12, 13), (32, 32))


def union(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The ranges sorted, those that touch made one."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def negate(ranges: Ranges) -> Ranges:
    """All other characters; NUL, which no text holds, is left out."""
    gaps: list[tuple[int, int]] = []
    start = 1
    for low, high in union(ranges):
        if low > start:
            gaps.append((start, low - 1))
        start = max(start, high + 1)
    if start <= LAST:
        gaps.append((start, LAST))
    return tuple(gaps)


def overlap(first: Ranges, second: Ranges) -> bool:
    return any(a <= d and c <= b for a, b in first for c, d in second)


def fold(ranges: Ranges) -> Ranges:
    """The set with both cases of every letter, by the simple mapping of one to one."""
    out = list(ranges)
    for low, high in ranges:
        for code in range(low, min(high, low + 4096) + 1):
            for other in (chr(code).lower(), chr(code).upper()):
                if len(other) == 1 and len(other.lower()) == len(other.upper()) == 1:
                    out.append((ord(other), ord(other)))
    return union(out)


ANY: Ranges = negate(((10, 10),))
