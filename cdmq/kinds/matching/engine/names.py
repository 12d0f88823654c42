"""Safe names inside the scratch database: a steward's columns may be called anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cdmq.kinds.matching.words import MatchingRule

INPUTS, FEATURES, CANDIDATES, PAIRS = "inputs", "features", "candidates", "pairs"


@dataclass(frozen=True)
class Names:
    """`v0, v1, ...`: values as they came, for equality. `c0, c1, ...`: forms to compare."""

    values: dict[str, str]
    compared: dict[str, str]

    @classmethod
    def of(cls, rule: MatchingRule) -> Names:
        lists = [*(rule.same_if or []), *(rule.candidates or []), rule.never_if_differs or []]
        columns = dict.fromkeys([*rule.compare, *(c for some in lists for c in some)])
        return cls(
            values={column: f"v{i}" for i, column in enumerate(columns)},
            compared={column: f"c{i}" for i, column in enumerate(rule.compare)},
        )

    def of_values(self, columns: Sequence[str]) -> list[str]:
        return [self.values[column] for column in columns]
