"""What a workbook of .xlsx says besides the values of its cells: formulas, merged cells."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: A formula without a value, as a program writes it that computes none; a text may come out empty.
_NEVER = re.compile(
    rb"<(?:\w+:)?c(?![^>]*\bt=\"str\")[^>]*><(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]+\d+:[A-Z]+\d+)\"")
_PIECE, _OVERLAP = 1 << 22, 1 << 16


def never_computed(path: Path) -> bool:
    """Whether a formula of the workbook has no value."""
    with zipfile.ZipFile(path) as packed:
        return any(
            next(_found(packed, name, _NEVER), None) is not None
            for name in packed.namelist()
            if name.startswith("xl/worksheets/")
        )


def merged(path: Path, part: str) -> list[Any]:
    """The ranges of merged cells in a sheet: first column, first row, last column, last row."""
    from openpyxl.utils import range_boundaries

    with zipfile.ZipFile(path) as packed:
        return [range_boundaries(m[1].decode()) for m in _found(packed, part, _MERGED)]


def _found(
    packed: zipfile.ZipFile, part: str, wanted: re.Pattern[bytes]
) -> Iterator[re.Match[bytes]]:
    """The matches in a part of the file, which may be large; one in two pieces may come twice."""
    with packed.open(part.lstrip("/")) as file:
        kept = b""
        while piece := file.read(_PIECE):
            kept += piece
            yield from wanted.finditer(kept)
            kept = kept[-_OVERLAP:]


def formula(cell: Any) -> str | None:
    """The text of a formula: `=E11*2`; None where the cell has none."""
    return str(getattr(cell.value, "text", cell.value)) if cell.data_type == "f" else None
