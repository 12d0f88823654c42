"""cdmq: declarative data quality for customer data.

The public API is the names below; each is imported when it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cdmq.api import RunResult, compile, ls, parse, run, show, test
    from cdmq.explaining.history import history
    from cdmq.manual.pages import explain
    from cdmq.problems import CdmqError, Problem
    from cdmq.unit_tests.tests import unit_test
    from cdmq.version import __version__

__all__ = [
    "CdmqError",
    "Problem",
    "RunResult",
    "__version__",
    "compile",
    "explain",
    "history",
    "ls",
    "parse",
    "run",
    "show",
    "test",
    "unit_test",
]
#: Where a name stands that is not in cdmq.api.
_ELSEWHERE = {
    "__version__": "cdmq.version",
    "CdmqError": "cdmq.problems",
    "Problem": "cdmq.problems",
    "explain": "cdmq.manual.pages",
    "history": "cdmq.explaining.history",
    "unit_test": "cdmq.unit_tests.tests",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'cdmq' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_ELSEWHERE.get(name, "cdmq.api")), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
