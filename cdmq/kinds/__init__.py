"""The kinds of rules, one file a section of a rule file, found by walking this folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import ModuleType

_SHARED = {"base", "words"}


@cache
def kinds() -> Mapping[str, ModuleType]:
    """Every kind by its name: a module with NAME, RULE (a pydantic model) and BUILT."""
    found = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name not in _SHARED:
            loaded = importlib.import_module(f"{__name__}.{module.name}")
            found[loaded.NAME] = loaded
    return found
