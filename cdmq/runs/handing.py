"""What is handed out, as a file."""

from __future__ import annotations

import errno
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cdmq.problems import CdmqError, Problem, Span
from cdmq.project.atomic import write_bytes

if TYPE_CHECKING:
    from cdmq.kinds.exporting import Exported
    from cdmq.runs.exporting import Asked

#: How a wave may be called: it is part of the name of a table and of a file.
_WAVE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}")


def named(wave: str) -> str:
    """The name of a wave. Raises CdmqError where it is none."""
    if not _WAVE.fullmatch(wave):
        raise CdmqError(
            Problem(
                Span("--wave"),
                "CDMQ453",
                f"'{wave}' is no name for a wave",
                "write letters, digits, _ , . and -, such as 2026-11",
            )
        )
    return wave


def hand_out(
    found: Exported, asked: Asked, root: Path, form: str, out: Path | None
) -> Iterator[str]:
    """Write the file; what is said of it. Raises CdmqError where it cannot be written, and where
    another file stands under a name that somebody gave."""
    from cdmq.files.csv_out import csv_text
    from cdmq.project.walk import find_root, shown, target_folder

    if out is not None and str(out) == "-":
        sys.stdout.write(csv_text(found.columns, found.rows))
        return
    given = out
    if out is None:
        kind = "recall_" if asked.recall else ""
        folder = target_folder(find_root(root), None) / "exports"
        out = folder / f"{found.rule}_{kind}{asked.wave}.{form}"
    text = csv_text(found.columns, found.rows).encode() if form == "csv" else _parquet(found)
    try:
        if given is not None and given.exists() and given.read_bytes() != text:
            raise FileExistsError(errno.EEXIST, "another file stands there")
        write_bytes(out, text)
    except OSError as error:
        cause = f"{shown(out)} is not written: {error.strerror}"
        how = "give another name with --out, or look at the folder"
        raise CdmqError(Problem(Span("--out"), "CDMQ553", cause, how)) from None
    again = ", as before" if found.again else ""
    yield f"{len(found.rows):,} rows in {shown(out)}{again}"
    if found.note:
        yield found.note
    yield f"digest {found.digest}"


def _parquet(found: Exported) -> bytes:
    """All columns texts, in the order of the csv."""
    import duckdb
    from sqlglot import exp

    from cdmq.sql import nodes

    lists = [nodes.cast(exp.Placeholder(), "text[]") for _ in found.columns]
    shown = [
        nodes.alias(nodes.call("unnest", given), name)
        for given, name in zip(lists, found.columns, strict=True)
    ]
    cells = [[row[i] for row in found.rows] for i in range(len(found.columns))]
    with duckdb.connect() as connection, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "wave.parquet"
        query = nodes.select(shown).sql("duckdb")
        connection.sql(query, params=cells).write_parquet(str(file))
        return file.read_bytes()
