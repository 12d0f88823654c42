"""How each engine says in SQL what cdmq asks for: a folder for each, the one place that states it.

The folder is named as sqlglot names the dialect, and has `DIALECT`, with every field stated. Who
renders asks for what is needed, and never which engine it is.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cdmq.sql.dialects.dialect import Dialect


@cache
def names() -> tuple[str, ...]:
    """The dialects that are stated; found by walking this folder."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if m.ispkg))


@cache
def dialect_of(name: str) -> Dialect:
    """What an engine says. Raises LookupError where nothing states it."""
    if name not in names():
        known = ", ".join(names())
        raise LookupError(f"no SQL is stated for '{name}' in cdmq/sql/dialects; there are: {known}")
    found: Dialect = importlib.import_module(f"{__name__}.{name}").DIALECT
    return found
