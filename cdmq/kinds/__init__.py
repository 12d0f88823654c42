"""The kinds of rules: a folder each, a section of a rule file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from cdmq.kinds.kind import Kind

#: In the order in which the language tells of them.
KINDS = (
    "validation",
    "defaults",
    "matching",
    "golden",
    "tiering",
    "completeness",
    "freshness",
    "trends",
    "change_control",
    "relationships",
    "segments",
)
#: Those with which every project begins.
USUAL = KINDS[:2]


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind by its name, the word of its section."""
    return {name: Kind(name, name in USUAL) for name in KINDS}
