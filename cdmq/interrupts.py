"""Ctrl-C while a statement runs: Python hears it only when the engine comes back."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def interruptible(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` from another thread when SIGINT arrives; then KeyboardInterrupt is raised here.

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
        if signal.SIGINT in signals:
            stop()
