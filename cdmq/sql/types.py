"""The logical types of a column: what an expression is checked with on every engine."""

from __future__ import annotations

from typing import Literal

Type = Literal[
    "text",
    "integer",
    "decimal",
    "double",
    "boolean",
    "date",
    "timestamp",
    "interval",
    "unknown",
    "uuid",
    "time",
    "json",
    "list",
    "struct",
    "map",
    "blob",
    "other",
]

#: The types a steward may write in `columns:`.
DECLARABLE: tuple[Type, ...] = (
    "text",
    "integer",
    "decimal",
    "double",
    "boolean",
    "date",
    "timestamp",
)
NUMBERS: frozenset[Type] = frozenset({"integer", "decimal", "double"})
MOMENTS: frozenset[Type] = frozenset({"date", "timestamp"})
#: What has a larger and a smaller. Text goes by its letters: '100' comes before '18'.
SIZED: frozenset[Type] = NUMBERS | MOMENTS | {"unknown", "boolean", "time"}
#: Of what engines do not compare alike, or at all, it is asked only whether it is there.
OPAQUE: frozenset[Type] = frozenset({"interval", "json", "list", "struct", "map", "blob", "other"})
#: What is written in quotes and is no text.
QUOTED: frozenset[Type] = MOMENTS | {"uuid", "time"}


def a(type_: Type) -> str:
    """A type in a sentence: `an interval`, `of a type that cdmq does not know`."""
    if type_ == "other":
        return "of a type that is not known here"
    return f"{'an' if type_[0] in 'aeio' else 'a'} {type_}"


def comparable(a: Type, b: Type) -> bool:
    """Whether every engine compares values of the two; of an unknown type nothing is said."""
    return a == b or "unknown" in (a, b) or {a, b} <= NUMBERS or {a, b} <= MOMENTS
