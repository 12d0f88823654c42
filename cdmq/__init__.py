"""cdmq: declarative data quality for customer data.

The public API is the names below; each is imported when it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cdmq.api import RunResult, __version__, compile, ls, parse, run, show, test
    from cdmq.problems import CdmqError, Problem

__all__ = [
    "CdmqError", "Problem", "RunResult", "__version__", "compile", "ls", "parse", "run", "show",
    "test",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'cdmq' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module("cdmq.problems" if name in ("CdmqError", "Problem")
                                 else "cdmq.api"), name)
