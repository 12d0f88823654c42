"""An engine that is not there: what cdmq says for it, it can have from what it states alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest

from cdmq.sql import dialects

THIRD = "third"


@contextmanager
def third_engine(like: str) -> Iterator[str]:
    """The only engine that is stated: it says all as another does, and bears its own name."""
    module = ModuleType(f"{dialects.__name__}.{THIRD}")
    module.DIALECT = dialects.dialect_of(like)._replace(name=THIRD)  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, module.__name__, module)
        patch.setattr(dialects, "names", lambda: (THIRD,))
        dialects.dialect_of.cache_clear()
        yield THIRD
    dialects.dialect_of.cache_clear()
