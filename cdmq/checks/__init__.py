"""The checks of `validation`, one a file, found by walking this folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from cdmq.checks.base import Check


@cache
def checks() -> Mapping[str, type[Check]]:
    """Every check by the name that a steward types."""
    found: dict[str, type[Check]] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name == "base":
            continue
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        for item in vars(loaded).values():
            check = isinstance(item, type) and issubclass(item, Check)
            if check and item.__module__ == loaded.__name__:
                found[item.NAME] = item
    return dict(sorted(found.items()))
