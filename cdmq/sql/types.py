"""The logical types of a column: what an expression is checked with on every engine."""

from __future__ import annotations

from typing import Literal

Type = Literal[
    "text", "integer", "decimal", "double", "boolean", "date", "timestamp", "interval", "unknown"
]

#: The types a steward may write in `columns:`.
DECLARABLE: tuple[Type, ...] = (
    "text", "integer", "decimal", "double", "boolean", "date", "timestamp",
)
NUMBERS: frozenset[Type] = frozenset({"integer", "decimal", "double"})
MOMENTS: frozenset[Type] = frozenset({"date", "timestamp"})
#: What has a larger and a smaller. Text goes by its letters: '100' comes before '18'.
SIZED: frozenset[Type] = NUMBERS | MOMENTS | {"unknown", "boolean"}


def comparable(a: Type, b: Type) -> bool:
    """Whether every engine compares values of the two; of an unknown type nothing is said."""
    return a == b or "unknown" in (a, b) or {a, b} <= NUMBERS or {a, b} <= MOMENTS
