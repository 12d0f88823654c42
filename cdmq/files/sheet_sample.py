"""What stands in the first rows of a workbook, before anything is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from cdmq.files.sheet_cells import text
from cdmq.files.sheets import counted_rows, opened_book
from cdmq.files.workbook import merged
from cdmq.problems import Span
from cdmq.project.file_source import FileSource
from cdmq.project.spec import DatasetSpec
from cdmq.values import Dataset


@dataclass(frozen=True)
class Sample:
    """The first rows of a sheet below the row that looks like its header."""

    sheet: str
    #: The row of the header; what stands in one above it is none.
    header: int
    #: Names of columns in which cells below the header are merged.
    merged: tuple[str, ...]
    first_row: int
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sample(path: Path, most: int) -> list[Sample]:
    """Of each sheet that is shown and holds something."""
    found, place = [], Span(str(path))
    dataset = Dataset(
        name=path.stem,
        spec=DatasetSpec(name="sheet", file=FileSource(path=path.name)),
        source="file",
        span=place,
    )
    with opened_book(dataset, path, place) as (book, formulas):
        for sheet in book.worksheets:
            rows = (
                (n, [text(c) for c in cells])
                for n, cells in islice(
                    counted_rows(dataset, sheet, formulas and formulas[sheet.title], place), most
                )
            )
            full = [(n, row) for n, row in rows if any(row)]
            if sheet.sheet_state != "visible" or not full:
                continue
            widths = [sum(map(bool, row)) for _, row in full]
            at = next(i for i, w in enumerate(widths) if w * 2 > max(widths))
            number, head = full[at]
            last = max(i for i, c in enumerate(head) if c) + 1
            names = tuple(" ".join(c.split()) for c in head[:last])
            # What was never computed is no word of what the column holds.
            below = tuple(
                tuple("" if c.startswith("=") else c for c in row[:last])
                for _, row in full[at + 1 :]
            )
            found.append(
                Sample(
                    sheet.title,
                    number,
                    _merged(path, sheet, names, number),
                    full[0][0],
                    names,
                    below,
                )
            )
    return found


def _merged(path: Path, sheet: Any, names: Sequence[str], header: int) -> tuple[str, ...]:
    below = [r for r in merged(path, sheet._worksheet_path) if r[3] > header]
    return tuple(
        name
        for n, name in enumerate(names, start=1)
        if any(first <= n <= last for first, _, last, _ in below)
    )
