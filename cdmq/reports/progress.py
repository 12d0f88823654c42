"""A progress bar, on a terminal, for work that lasts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cdmq.outcomes import Outcome
from cdmq.results import Facts
from cdmq.values import Dataset

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

#: How long a run must last before the bar is worth showing, in seconds.
PATIENCE = 2.0
Listener = Callable[[str, object], None]


@contextmanager
def with_progress(listen: Listener) -> Iterator[Listener]:
    """`listen`, with a bar of the rules that are done below its lines."""
    bar = _Bar(listen)
    bar.timer.start()
    try:
        yield bar
    finally:
        bar.close()


class _Bar:
    def __init__(self, listen: Listener) -> None:
        self.listen = listen
        self.timer = threading.Timer(PATIENCE, self._show)
        self.timer.daemon = True
        self.lock = threading.Lock()
        self.shown: tuple[Progress, TaskID] | None = None
        self.total, self.done, self.doing, self.closed = 0, 0, "", False

    def __call__(self, event: str, value: object) -> None:
        if isinstance(value, Facts):
            self.total = value.selected
        elif isinstance(value, Dataset):
            self.doing = f"making {value.name}"
        elif isinstance(value, Outcome):
            self.done += 1
            self.doing = f"judging {value.rule.dataset}"
        if event == "end":
            self.close()
        self._update()
        self.listen(event, value)

    def _show(self) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        with self.lock:
            if self.closed:
                return
            columns = (
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TextColumn("{task.description}", markup=False),
            )
            progress = Progress(*columns, transient=True)
            progress.start()
            self.shown = (
                progress,
                progress.add_task(self.doing, total=self.total or None, completed=self.done),
            )

    def _update(self) -> None:
        with self.lock:
            if self.shown:
                progress, task = self.shown
                progress.update(
                    task, description=self.doing, completed=self.done, total=self.total or None
                )

    def close(self) -> None:
        self.timer.cancel()
        with self.lock:
            self.closed = True
            if self.shown:
                self.shown[0].stop()
                self.shown = None
