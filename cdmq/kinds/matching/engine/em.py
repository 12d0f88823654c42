"""Expectation maximisation over counted comparison vectors: what each level of a column says.

Splink's own training stops at data that it cannot learn from (no certain pair, a level that is
never met, two records). Here every level starts from a prior worth a few pairs, so it always ends.
All candidates are looked at as they lie among all pairs: nothing is learnt only from pairs that
share a block, and matches are taken out of the chance pairs again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cdmq.kinds.matching.engine.comparisons import Comparison
from cdmq.kinds.matching.engine.dependence import (
    ALIKE,
    Likely,
    Parents,
    find_parents,
    no_match,
    state,
)
from cdmq.kinds.matching.engine.evidence import Evidence, Vector, Vectors

# What the priors of levels.py are worth, in pairs; and the marginal for a conditional share.
M_WORTH, U_WORTH, KEPT = 10.0, 100.0, 20.0
# A match is unlike in so many times the prior at most: so that households are not learnt as
# persons who change their first name. Columns where that is rare are said to tell persons apart.
MOST, RARELY = 3.0, 0.06
ROUNDS, HOPELESS = 3, -25.0

Shares = list[list[list[float]]]  # per comparison and state of its parent: share of each level


@dataclass(frozen=True)
class Learnt:
    """`m`, `u`: per comparison and state of its parent (missing, alike, unlike) the share of each
    level, unlike first."""

    prior: float
    parents: Parents
    m: Shares
    u: Shares


def learn(some: Sequence[Comparison], evidence: Evidence) -> Learnt:
    prior = min(0.1, 0.2 * math.sqrt(2 / max(evidence.pairs, 10.0)))
    m0 = [_turned([level.m for level in c.levels]) for c in some]
    u0 = [_turned([level.u for level in c.levels]) for c in some]
    alone: Parents = [()] * len(some)
    u = [
        _blend(counts, p, U_WORTH)
        for counts, p in zip(_met(evidence.chance, some), u0, strict=True)
    ]
    model = Learnt(prior, alone, [[p] * 3 for p in m0], [[p] * 3 for p in u])
    likely = _by_the_others(model)
    matching = _sure(_probabilities(model, evidence, positive=0.5), [p[0] for p in m0])
    sure = matching
    parents = find_parents(
        evidence,
        matching,
        likely,
        [c.word for c in some],
        [len(c.levels) for c in some],
        {i: p[0] for i, p in enumerate(m0) if p[0] <= RARELY},
    )
    model = Learnt(prior, parents, model.m, model.u)
    for _ in range(ROUNDS):
        model = _maximised(model, evidence, matching, sure, likely, m0, u0)
        matching = _probabilities(model, evidence)
    return model


def weights(model: Learnt) -> list[list[list[float]]]:
    """Per comparison, state of its parent and level (0 missing): the match weight."""
    table = [
        [
            [0.0, *(math.log2(a / b) for a, b in zip(x, y, strict=True))]
            for x, y in zip(m, u, strict=True)
        ]
        for m, u in zip(model.m, model.u, strict=True)
    ]
    for states in table:  # what relatives share by rule says no more when it is mistyped
        states[ALIKE] = [min(w, states[ALIKE][-1]) if w > 0 else w for w in states[ALIKE]]
    return table


def _probabilities(model: Learnt, evidence: Evidence, positive: float = 1.0) -> dict[Vector, float]:
    """Of each vector, how likely it is a match. `positive` < 1 mistrusts what speaks for one, as
    long as it is not known which columns say the same twice."""
    table = weights(model)
    start = math.log2(model.prior / (1 - model.prior))
    found: dict[Vector, float] = {}
    for vector in evidence.all_vectors:
        weight = start
        for k, level in enumerate(vector):
            one = table[k][state(vector, model.parents[k])][level]
            weight += one * positive if one > 0 else one
        if weight > HOPELESS:
            found[vector] = 1 / (1 + 2.0 ** -min(weight, 1000.0))
    return found


def _by_the_others(model: Learnt) -> Likely:
    table = [states[0] for states in weights(model)]
    start = math.log2(model.prior / (1 - model.prior))

    def likely(vector: Vector, pair: Sequence[int]) -> float:
        weight = start
        for k, level in enumerate(vector):
            if k not in pair:
                one = table[k][level]
                weight += one * 0.35 if one > 0 else one
        return float(1 / (1 + 2.0 ** -max(weight, -100.0)))

    return likely


def _sure(matching: dict[Vector, float], unlike: list[float]) -> dict[Vector, float]:
    """To start with, no pair is a match that differs in a column that rarely does in a match."""
    rare = [k for k, often in enumerate(unlike) if often <= RARELY]
    return {v: 0.0 if any(v[k] == 1 for k in rare) else p for v, p in matching.items()}


def _maximised(
    model: Learnt,
    evidence: Evidence,
    matching: dict[Vector, float],
    sure: dict[Vector, float],
    likely: Likely,
    m0: list[list[float]],
    u0: list[list[float]],
) -> Learnt:
    hits = {v: n * matching[v] for v, n in evidence.candidates.items() if v in matching}
    known = {v: n * sure[v] for v, n in evidence.candidates.items() if v in sure}
    found = _counted(hits, model.parents, m0)
    certain = _counted(known, model.parents, m0)
    total = sum(hits.values())
    share = sum(evidence.chance.values()) / max(evidence.pairs, 1.0)
    by_chance = _counted(evidence.chance, model.parents, m0)
    identity = {i: p[0] for i, p in enumerate(m0) if p[0] <= RARELY}
    new_m: Shares = []
    new_u: Shares = []
    for k, (p, q) in enumerate(zip(m0, u0, strict=True)):
        low, high = (p[0], p[0]) if k in identity else (0.0, p[0] * MOST)
        all_m = _within(_blend(_summed(found[k]), p, M_WORTH), low, high)
        left = [
            max(n - share * x, 0.0) + 0.5
            for n, x in zip(_summed(by_chance[k]), _summed(certain[k]), strict=True)
        ]
        all_u = _blend(left, q, U_WORTH)
        parents = model.parents[k]
        if not parents:
            new_m.append([all_m] * 3)
            new_u.append([all_u] * 3)
            continue
        alike = no_match(evidence, sure, likely, parents, k, identity, [len(x) for x in m0])
        new_m.append(
            [
                all_m,
                _within(_blend(found[k][1], all_m, KEPT), low, high),
                _within(_blend(found[k][2], all_m, KEPT), low, high * MOST),
            ]
        )
        new_u.append([all_u, _blend(alike, all_u, KEPT), all_u])
    return Learnt((total + 0.5) / (evidence.pairs + 5), model.parents, new_m, new_u)


def _counted(vectors: Vectors, parents: Parents, like: list[list[float]]) -> Shares:
    counts = [[[0.0] * (len(p) + 1) for _ in range(3)] for p in like]
    for vector, n in vectors.items():
        for k, level in enumerate(vector):
            counts[k][state(vector, parents[k])][level] += n
    return [[levels[1:] for levels in states] for states in counts]


def _met(vectors: Vectors, some: Sequence[Comparison]) -> list[list[float]]:
    none: Parents = [()] * len(some)
    return [states[0] for states in _counted(vectors, none, [[0.0] * len(c.levels) for c in some])]


def _summed(states: list[list[float]]) -> list[float]:
    return [sum(values) for values in zip(*states, strict=True)]


def _turned(values: list[float]) -> list[float]:
    """Unlike first, summing to 1."""
    return [value / sum(values) for value in values[::-1]]


def _blend(counts: Sequence[float], prior: Sequence[float], worth: float) -> list[float]:
    total = sum(counts) + worth
    return [(n + worth * p) / total for n, p in zip(counts, prior, strict=True)]


def _within(shares: list[float], low: float, high: float) -> list[float]:
    """So much unlike at least and at most."""
    unlike = min(max(shares[0], low), high, 0.95)
    return [unlike, *(x * (1 - unlike) / (1 - shares[0]) for x in shares[1:])]
