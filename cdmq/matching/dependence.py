"""Which columns say the same twice.

Records of one household share name, street, postcode and phone, and are not one person. So a
column may have a parent, and what it says then depends on whether the parent is alike: the
postcode says little once the street is the same, and little against a match when someone moved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

from cdmq.matching.evidence import Evidence, Vector

Parents = list[int | None]
# How likely a vector is a match by its columns other than two.
Likely = Callable[[Vector, tuple[int, int]], float]

# So many times likelier must a column be alike once its parent is.
LEAST = 2.0
# So many times as often as presumed may a match be unlike where that is rare.
DOUBT = 2.0
RELATED = 0.4
MISSING, ALIKE, UNLIKE = range(3)


def state(vector: Vector, parent: int | None, sizes: Sequence[int]) -> int:
    """Alike are the two highest levels; between them and unlike nothing is presumed."""
    if parent is None:
        return MISSING
    level = vector[parent]
    return UNLIKE if level == 1 else ALIKE if level >= sizes[parent] - 1 else MISSING


def find_parents(
    evidence: Evidence, sure: Mapping[Vector, float], likely: Likely,
    sizes: Sequence[int], identity: Mapping[int, float], shared: Sequence[int],
) -> Parents:
    """The parent of each column, None for most: a shared column that is alike by chance more
    rarely. Of those that explain it nearly as well the one that is alike most often."""
    chance = [_alike(_counts(evidence.chance, k, size)) for k, size in enumerate(sizes)]
    parents: Parents = [None] * len(sizes)
    for k, size in enumerate(sizes):
        found = []
        for i in shared:
            if (chance[i], i) < (chance[k], k) or (i != k and k not in shared):
                share = _alike(no_match(evidence.equal[i], sure, likely, (i, k), identity, size))
                if share >= chance[k] * LEAST:
                    found.append((share, i))
        most = max(found, default=(0.0, -1))[0]
        close = [(chance[i] * share, -i) for share, i in found if share >= most / 3]
        parents[k] = -max(close)[1] if close else None
    return parents


def no_match(
    vectors: Mapping[Vector, float], sure: Mapping[Vector, float],
    likely: Likely, pair: tuple[int, int],
    identity: Mapping[int, float], size: int,
) -> list[float]:
    """How often the second of two columns has each level in pairs, equal in the first, that are
    no match: another column that tells persons apart is unlike. What matches explain, of which
    some are unlike there too (`identity`: how many), is taken off."""
    others = {i: often for i, often in identity.items() if i not in pair}
    if _together(vectors, list(others)) < RELATED:
        return [0.0] * size
    unlike, matches = [0.0] * (size + 1), [0.0] * (size + 1)
    for vector, n in vectors.items():
        level = vector[pair[1]]
        if any(vector[i] == 1 for i in others):
            unlike[level] += n * (1 - likely(vector, pair))
        else:
            matches[level] += n * sure.get(vector, 0.0)
    explained = min(1.0, DOUBT * sum(others.values()))
    return [max(n - explained * m, 0.0) for n, m in zip(unlike, matches, strict=True)][1:]


def _together(vectors: Mapping[Vector, float], identity: Sequence[int]) -> float:
    """The highest correlation of two columns in being unlike. Errors come one by one; relatives
    and neighbours are unlike in all that tells persons apart."""
    highest = 0.0
    for i, k in combinations(identity, 2):
        n = a = b = both = 0.0
        for vector, count in vectors.items():
            if vector[i] and vector[k]:
                n += count
                a += count if vector[i] == 1 else 0.0
                b += count if vector[k] == 1 else 0.0
                both += count if vector[i] == vector[k] == 1 else 0.0
        spread = math.sqrt(a * (n - a) * b * (n - b))
        if n >= 20 and spread:
            highest = max(highest, (n * both - a * b) / spread)
    return highest


def _counts(vectors: Mapping[Vector, float], k: int, size: int) -> list[float]:
    counts = [0.0] * (size + 1)
    for vector, n in vectors.items():
        counts[vector[k]] += n
    return counts[1:]


def _alike(counts: list[float]) -> float:
    """Shrunk by some pairs, so that a few do not speak for all."""
    return (sum(counts[-2:]) + 1e-6) / (sum(counts) + 20.0)
