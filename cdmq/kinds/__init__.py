"""The kinds of rules: a folder each, a section of a rule file."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType

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
)


class _Kinds(Mapping[str, ModuleType]):
    """Kind by name: a module is imported when asked."""

    def __getitem__(self, name: str) -> ModuleType:
        if name not in KINDS:
            raise KeyError(name)
        return importlib.import_module(f"{__name__}.{name}")

    def __iter__(self) -> Iterator[str]:
        return iter(KINDS)

    def __len__(self) -> int:
        return len(KINDS)


@cache
def kinds() -> Mapping[str, ModuleType]:
    """Every kind by its name: a module with NAME, RULE (a pydantic model) and BUILT."""
    return _Kinds()
