"""What a run says: as text, as a log for machines, and as files in target/."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str, object], None]


@contextmanager
def listener(log_format: str, quiet: bool, no_colours: bool) -> Iterator[Listener]:
    """What `--log-format` asks for, with a progress bar where somebody is looking on."""
    import typer

    from cdmq.reports.json_log import JsonLog
    from cdmq.reports.style import Style, wanted
    from cdmq.reports.text import TextReport

    def write(line: str) -> None:
        typer.echo(line, color=True if wanted(no_colours) else None)

    if log_format == "json":
        yield JsonLog(write, quiet=quiet)
    elif sys.stdout.isatty() and not quiet and wanted(no_colours):
        from cdmq.reports.progress import with_progress

        with with_progress(TextReport(write, Style(True), quiet=quiet)) as listen:
            yield listen
    else:
        yield TextReport(write, Style(wanted(no_colours)), quiet=quiet)
