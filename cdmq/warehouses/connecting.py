"""A connection to a target, and the right to write there."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdmq.problems import CdmqError, Problem, Span

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse
    from cdmq.warehouses.profiles import Target


def connect(
    target: Target, root: Path, *, threads: int | None = None, wait: float = 0.0
) -> Warehouse:
    """A connection. `wait` is how many seconds to wait for a lock that another run holds."""
    from cdmq.warehouses.base import Locked, StatementError

    module = module_of(target.type, target.span)
    until = time.monotonic() + wait
    while True:
        try:
            warehouse: Warehouse = module.connect(target.options, root, threads)
            return warehouse
        except Locked as error:
            if time.monotonic() >= until:
                raise CdmqError(locked(target, str(error))) from None
            time.sleep(0.2)
        except (StatementError, OSError) as error:
            raise CdmqError(
                Problem(
                    target.span,
                    "CDMQ403",
                    "the warehouse cannot be reached: " + target.scrub(_said(error)),
                    "look at the target, then try: cdmq debug",
                )
            ) from None


@contextmanager
def waited(lock: Callable[[], AbstractContextManager[None]], seconds: float) -> Iterator[None]:
    """Hold a lock, or wait for it. Raises Locked when the time is over."""
    from cdmq.warehouses.base import Locked

    until = time.monotonic() + seconds
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(lock())
                break
            except Locked:
                if time.monotonic() >= until:
                    raise
                time.sleep(0.2)
        yield


@contextmanager
def scrubbing(target: Target) -> Iterator[None]:
    """What is wrong is told without the target's secrets."""
    try:
        yield
    except CdmqError as error:
        raise CdmqError(map(target.scrub_problem, error.problems), error.exit_code) from None


def locked(target: Target, cause: str) -> Problem:
    return Problem(
        target.span,
        "CDMQ404",
        "another run holds the warehouse, or a program that reads it: " + target.scrub(cause),
        "wait for it to end, or say --wait",
    )


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def module_of(type_: str, span: Span) -> Any:
    try:
        return importlib.import_module(f"cdmq.warehouses.{type_}")
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("cdmq"):
            raise
        raise CdmqError(
            Problem(
                span,
                "CDMQ405",
                f"the package '{error.name}' for {type_} is not installed",
                f"install it with: pip install 'cdmq[{type_}]'",
            )
        ) from None
