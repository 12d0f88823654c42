"""Ctrl-C, and what ends a process otherwise, while a statement runs.

Python hears a signal only when the engine comes back.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

#: What asks a process to end: each does so as Ctrl-C does.
SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class Interrupted(KeyboardInterrupt):
    """A command was interrupted; the text says what became of its work."""


def follows_interrupt(error: BaseException) -> bool:
    """Something was interrupted, and this is it or came of it: a connection amid a statement."""
    at: BaseException | None = error
    while at is not None and not isinstance(at, KeyboardInterrupt):
        at = at.__context__
    return at is not None


@dataclass
class Fate:
    """What became of a run's work: whether it began, and whether it was published.

    None: that cannot be told.
    """

    began: bool = False
    published: bool | None = False

    @property
    def said(self) -> str:
        return {
            False: "nothing was published",
            True: "the run was published before; what it writes to the target folder may lack",
            None: "whether the run was published cannot be told: look with cdmq history",
        }[self.published]


def ends_as_ctrl_c() -> None:
    """Let the signals that end a process raise KeyboardInterrupt, where nobody watches them."""
    for number in SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def interruptible(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` from another thread when SIGINT or the like arrives; then KeyboardInterrupt is
    raised here.

    Only the main thread hears signals; and an event loop that watches them already is left alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard, told = os.pipe()
    os.set_blocking(told, False)
    before = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    if before != -1:
        signal.set_wakeup_fd(before)
    watcher = threading.Thread(target=_watch, args=(heard, stop), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        if before == -1:
            signal.set_wakeup_fd(-1)
        os.close(told)  # the watcher reads the end of the pipe, and ends
        watcher.join(1)
        os.close(heard)


def _watch(heard: int, stop: Callable[[], None]) -> None:
    while signals := os.read(heard, 64):
        if {signal.SIGINT, *SIGNALS} & set(signals):
            stop()
