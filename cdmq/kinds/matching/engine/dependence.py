"""Which columns say the same twice.

Records of one household share name, street, postcode and phone, and are not one person. So what a
column says depends on whether others, its parents, are alike: once the street or the phone is the
same, the last name and the postcode say little; when someone moved, a new postcode speaks little
against a match. Which columns may be parents is known from their words; whether they are is
looked up in the data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

from cdmq.kinds.matching.engine.evidence import Evidence, Vector

# A parent is a column, the level from which on it is alike, and, for an address, the postcode
# that must not be unlike (else -1).
Parent = tuple[int, int, int]
Parents = list[tuple[Parent, ...]]
# How likely a vector is a match by its columns other than some.
Likely = Callable[[Vector, Sequence[int]], float]

# So many times likelier must a column be alike once a parent is.
LEAST = 2.0
# So many times as often as presumed may a match be unlike where that is rare.
DOUBT = 2.0
# Errors come one by one; relatives and neighbours are unlike in all that tells persons apart.
RELATED = 0.4
# Of parents that explain a column nearly as well as the best do, the most are taken.
NEARLY = 0.8
MISSING, ALIKE, UNLIKE = range(3)


def state(vector: Vector, parents: Sequence[Parent]) -> int:
    """ALIKE if one parent is: equal, or but for a typing error."""
    unlike = False
    for k, least, guard in parents:
        if vector[k] >= least and (guard < 0 or vector[guard] != 1):
            return ALIKE
        unlike = unlike or vector[k] == 1
    return UNLIKE if unlike else MISSING


def find_parents(
    evidence: Evidence,
    sure: Mapping[Vector, float],
    likely: Likely,
    words: Sequence[str],
    sizes: Sequence[int],
    identity: Mapping[int, float],
) -> Parents:
    parents: Parents = []
    for k, size in enumerate(sizes):
        chance = _alike(_counts(evidence.chance, k, size))
        found: list[tuple[float, tuple[Parent, ...]]] = []
        for some in _possible(k, words, sizes):
            share = _alike(no_match(evidence, sure, likely, some, k, identity, sizes))
            if share >= chance * LEAST:
                found.append((share, some))
        nearly = max(found, default=(0.0, ()))[0] * NEARLY
        parents.append(max((some for share, some in found if share >= nearly), key=len, default=()))
    return parents


def _possible(k: int, words: Sequence[str], sizes: Sequence[int]) -> list[tuple[Parent, ...]]:
    """Street and phone go before all; a place's name may also hang on its postcode."""
    homes = [i for word in ("address", "phone") for i, one in enumerate(words) if one == word]
    if k in homes:
        homes = homes[: homes.index(k)]
    if words[k] not in ("address", "phone", "postcode", "name"):
        return []
    codes = [i for i, one in enumerate(words) if one == "postcode" and i != k]
    guard = codes[0] if codes else -1
    home = tuple(
        (i, sizes[i] - 2, guard) if words[i] == "address" else (i, sizes[i] - 1, -1) for i in homes
    )
    place = tuple((i, sizes[i] - 1, -1) for i in codes) if words[k] == "name" else ()
    return [some for some in dict.fromkeys((home, place, home + place)) if some]


def no_match(
    evidence: Evidence,
    sure: Mapping[Vector, float],
    likely: Likely,
    parents: Sequence[Parent],
    k: int,
    identity: Mapping[int, float],
    sizes: Sequence[int],
) -> list[float]:
    """How often column k has each level in pairs that are equal in a parent and no match: another
    column that tells persons apart is unlike. What matches explain, of which some are unlike
    there too (`identity`: how many), is taken off."""
    known = [k, *(parent for parent, _, _ in parents)]
    others = {i: often for i, often in identity.items() if i not in known}
    unlike, matches = [0.0] * (sizes[k] + 1), [0.0] * (sizes[k] + 1)
    for parent, _, _ in parents:
        if _together(evidence.equal[parent], list(others)) < RELATED:
            continue
        for vector, n in evidence.equal[parent].items():
            if state(vector, parents) != ALIKE:
                continue
            if any(vector[i] == 1 for i in others):
                unlike[vector[k]] += n * (1 - likely(vector, known))
            else:
                matches[vector[k]] += n * sure.get(vector, 0.0)
    explained = min(1.0, DOUBT * sum(others.values()))
    return [max(n - explained * m, 0.0) for n, m in zip(unlike, matches, strict=True)][1:]


def _together(vectors: Mapping[Vector, float], identity: Sequence[int]) -> float:
    """The highest correlation of two columns in being unlike."""
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
