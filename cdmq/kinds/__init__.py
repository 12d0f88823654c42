"""The kinds of rules, one file a section of a rule file, found by walking this folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType

_SHARED = {"base", "words"}


class _Kinds(Mapping[str, ModuleType]):
    """Kind by name: the names come from walking the folder, a module is imported when asked."""

    def __init__(self) -> None:
        self._names = tuple(m.name for m in pkgutil.iter_modules(__path__)
                            if m.name not in _SHARED)

    def __getitem__(self, name: str) -> ModuleType:
        if name not in self._names:
            raise KeyError(name)
        return importlib.import_module(f"{__name__}.{name}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@cache
def kinds() -> Mapping[str, ModuleType]:
    """Every kind by its name: a module with NAME, RULE (a pydantic model) and BUILT."""
    return _Kinds()
