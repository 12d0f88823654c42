"""A sheet of an .xlsx file as lines of text: what csv files are, from there on.

A cell is text as it stands there. A whole number reads 123, a date 2024-12-31, a formula what it
last gave, or its own text where no program ever computed it, an error its own word such as #N/A.
A row without values is no record.
"""

from __future__ import annotations

import csv
import tempfile
import zipfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from cdmq.files import errors
from cdmq.files.csv_lines import SHOWN, BadLine
from cdmq.files.csv_source import Prepared, check_names
from cdmq.files.sheet_cells import reader_of, shown, text
from cdmq.files.workbook import never_computed
from cdmq.problems import CdmqError, Problem, Span, did_you_mean
from cdmq.project.column_names import composed
from cdmq.values import Dataset

#: What a file may hold when it is unpacked: a small one may be made to fill the memory.
MOST_BYTES = 1 << 30
MOST_CELLS = 50_000_000
Row = tuple[int, list[Any]]


def sheet_columns(dataset: Dataset, paths: Sequence[Path], root: Path) -> list[str]:
    """The names of the columns. Raises CdmqError where the files or sheets have other ones."""
    found = []
    for path in paths:
        rows = _rows(dataset, path, root)
        found.append(_header(dataset, rows, path, root)[0])
        rows.close()
    for path, names in zip(paths, found, strict=True):
        if names != found[0]:
            raise CdmqError(
                Problem(
                    Span(errors.shown(path, root)),
                    "CDMQ125",
                    f"{path.name} has other columns than {paths[0].name} (dataset {dataset.name})",
                    "files of one dataset have one header",
                )
            )
    return found[0]


def prepare_sheets(dataset: Dataset, paths: Sequence[Path], root: Path) -> Prepared:
    """The sheets as csv files in the system's temporary folder."""
    copies: dict[str, Path] = {}
    records, bad = 0, list[BadLine]()
    try:
        for path in paths:
            with tempfile.NamedTemporaryFile(
                "w", suffix=".csv", prefix="cdmq-", delete=False, encoding="utf-8", newline=""
            ) as out:
                copies[out.name] = path
                named = errors.shown(path, root) if len(paths) > 1 else ""
                records += _write(
                    dataset,
                    path,
                    root,
                    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow,
                    bad,
                    named,
                )
    except BaseException:
        for copy in copies:
            Path(copy).unlink(missing_ok=True)
        raise
    return Prepared(tuple(map(Path, copies)), copies, ",", records, tuple(bad))


def _write(
    dataset: Dataset,
    path: Path,
    root: Path,
    write: Callable[[list[str]], object],
    bad: list[BadLine],
    named: str,
) -> int:
    """Write the records; the number of them."""
    rows = _rows(dataset, path, root)
    names, first, rest = _header(dataset, rows, path, root)
    end, records, empty = first + len(names), 0, 0
    write([str(n) for n in range(len(names))])
    readers = [reader_of(dataset, name) for name in names]
    for number, cells in rest:
        texts = [text(c) for c in cells]
        own = texts[first:end] + [""] * (end - max(len(texts), first))
        if any(texts[:first]) or any(texts[end:]):
            bad.append(
                BadLine(
                    named,
                    number,
                    ",".join(texts)[:SHOWN],
                    "a value stands in a column without a name",
                )
            )
        elif len(names) > 1 and [*map(composed, own)] == names:
            bad.append(
                BadLine(named, number, ",".join(own)[:SHOWN], "the header stands here again")
            )
        elif not any(own):
            # As an empty line of a csv: with one column it is a record if another follows.
            empty += len(names) == 1
        else:
            for _ in range(empty):
                write([""] * len(names))
            write(
                [read(c) for read, c in zip(readers, _padded(cells[first:end], own), strict=True)]
            )
            records, empty = records + empty + 1, 0
    return records


def _padded(cells: Sequence[Any], own: Sequence[str]) -> list[Any]:
    return [*cells, *[None] * (len(own) - len(cells))]


def _header(
    dataset: Dataset, rows: Iterator[Row], path: Path, root: Path
) -> tuple[list[str], int, Iterator[Row]]:
    """The names, the place of the first of them in a row, and the rows below."""
    source = dataset.spec.file
    assert source is not None
    below = islice(rows, source.skip, None)
    if not source.header:
        names = list(dataset.spec.columns)
        if not names:
            raise CdmqError(
                Problem(
                    dataset.span,
                    "CDMQ287",
                    f"{dataset.name} has header: no, and nothing names its columns",
                    "name them all under columns:, in the order of the sheet",
                )
            )
        return names, 0, below
    number, cells = next(((n, c) for n, c in below if any(map(text, c))), (0, []))
    found = [composed(" ".join(text(c).split())) for c in cells]
    if not found:
        raise CdmqError(
            Problem(
                Span(errors.shown(path, root)),
                "CDMQ125",
                f"the sheet of dataset {dataset.name} is empty: it has no header",
                "say another with sheet:, or give it a header row",
            )
        )
    first = next(i for i, name in enumerate(found) if name)
    last = max(i for i, name in enumerate(found) if name)
    names = found[first : last + 1]
    check_names(names, dataset, Span(errors.shown(path, root), number, 1))
    return names, first, below


def _rows(dataset: Dataset, path: Path, root: Path) -> Generator[Row]:
    """The rows of the dataset's sheet with their numbers, empty ones too."""
    source, place = dataset.spec.file, Span(errors.shown(path, root))
    assert source is not None
    with opened_book(dataset, path, place) as (book, formulas):
        known = {s.title: s for s in book.worksheets}
        name = source.sheet or next(
            (n for n, s in known.items() if s.sheet_state == "visible"), next(iter(known), "")
        )
        if name not in known:
            shown = ", ".join(
                n + (" (hidden)" if s.sheet_state != "visible" else "") for n, s in known.items()
            )
            raise CdmqError(
                Problem(
                    place,
                    "CDMQ289",
                    f"there is no sheet '{name}' (dataset {dataset.name}); its sheets: {shown}",
                    did_you_mean(name, known),
                )
            )
        yield from counted_rows(dataset, known[name], formulas and formulas[name], place)


@contextmanager
def opened_book(dataset: Dataset, path: Path, place: Span) -> Iterator[tuple[Any, Any]]:
    """The workbook, and the same with formulas in place of values; None where none is needed."""
    import openpyxl

    _check_size(dataset, path, place)
    try:
        books = [
            openpyxl.load_workbook(path, read_only=True, data_only=values, keep_links=False)
            for values in ((True, False) if never_computed(path) else (True,))
        ]
    except Exception as error:  # whatever a broken zip or XML makes the reader raise
        raise CdmqError(
            errors.broken(
                dataset,
                place,
                f"it is no workbook of .xlsx: {type(error).__name__}",
                "save it anew as .xlsx, without a password; or as csv",
            )
        ) from None
    with closing(books[0]), closing(books[-1]):
        yield books[0], books[1] if len(books) > 1 else None


def counted_rows(dataset: Dataset, sheet: Any, formulas: Any, place: Span) -> Iterator[Row]:
    """The rows of a sheet; `formulas`: the same with formulas, where some were never computed."""
    for one in (sheet, formulas):
        if one:
            one.reset_dimensions()  # what writers say of it is not always so
    written = formulas.iter_rows() if formulas else None
    seen = 0
    try:
        for number, row in enumerate(sheet.iter_rows(), start=1):
            seen += len(row)
            if seen > MOST_CELLS:
                raise CdmqError(
                    errors.broken(
                        dataset,
                        place,
                        f"the sheet has more than {MOST_CELLS:,} cells",
                        "save it as csv",
                    )
                )
            by = next(written) if written else row
            yield number, [shown(cell, other) for cell, other in zip(row, by, strict=True)]
    except (KeyError, ValueError, TypeError, SyntaxError, zipfile.BadZipFile, EOFError) as error:
        raise CdmqError(
            errors.broken(
                dataset,
                place,
                f"the sheet cannot be read: {type(error).__name__}",
                "save it anew as .xlsx, or as csv",
            )
        ) from None


def _check_size(dataset: Dataset, path: Path, place: Span) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(part.file_size for part in packed.infolist())
    except (zipfile.BadZipFile, OSError):
        raise CdmqError(
            errors.broken(
                dataset,
                place,
                "it is no workbook of .xlsx",
                "save it anew as .xlsx, without a password; or as csv",
            )
        ) from None
    if size > MOST_BYTES:
        raise CdmqError(
            errors.broken(
                dataset,
                place,
                f"it unpacks to {size >> 20:,} MB, more than {MOST_BYTES >> 20:,}",
                "save the sheet as csv",
            )
        )
