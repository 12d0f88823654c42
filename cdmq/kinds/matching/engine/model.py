"""What training leaves behind: a text that scores the same way on any machine."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cdmq.kinds.matching.engine.blocks import Block
from cdmq.kinds.matching.engine.comparisons import Comparison, splink_settings
from cdmq.kinds.matching.engine.em import Learnt, weights
from cdmq.kinds.matching.words import MatchingRule


@dataclass(frozen=True)
class Model:
    """The artefact. `settings`: canonical JSON. `trained_on`: records.

    In the settings: `compare`, `blocks` that give candidates, Splink's settings under `splink`
    with the highest weight that each level can have, `parents` and `weights` (per comparison,
    state of its parent and level), which say what it has.
    """

    settings: str
    trained_on: int

    @classmethod
    def of(cls, settings: dict[str, Any], trained_on: int) -> Model:
        return cls(json.dumps(settings, sort_keys=True, separators=(",", ":")), trained_on)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.settings.encode()).hexdigest()

    @cached_property
    def read(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.settings)
        return read


def settings(
    rule: MatchingRule, some: Sequence[Comparison], blocks: Sequence[Block], learnt: Learnt
) -> dict[str, Any]:
    table = [[[round(w, 4) for w in levels] for levels in states] for states in weights(learnt)]
    best: dict[str, list[tuple[float, float]]] = {}
    for c, states, u in zip(some, table, learnt.u, strict=True):
        highest = [max(s[level] for s in states) for level in range(len(c.levels), 0, -1)]
        chance = [_rounded(x) for x in u[0][::-1]]
        best[c.name] = [(_rounded(x * 2.0**w), x) for w, x in zip(highest, chance, strict=True)]
    return {
        "compare": [list(item) for item in rule.compare.items()],
        "blocks": [list(block) for block in blocks],
        "prior": round(math.log2(learnt.prior / (1 - learnt.prior)), 4),
        "parents": learnt.parents,
        "weights": table,
        "splink": splink_settings(some, _rounded(learnt.prior), best),
    }


def _rounded(value: float) -> float:
    """Six digits: what is left when sums run in another order."""
    return float(f"{value:.6g}")
