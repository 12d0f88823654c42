"""A dataset's csv files: one header for all, and the files or copies that DuckDB reads."""

from __future__ import annotations

import csv
import json
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO, cast

from cdmq.files import compressed, errors, headers
from cdmq.files.csv_lines import BadLine, Looked, look
from cdmq.problems import CdmqError, Problem, Span, closest
from cdmq.values import Dataset

#: What stands in a record and in no name of a column.
_VALUE = re.compile(
    r"[^@\s]+@[^@\s]+\.\w+|[+-]?\d[\d.,]*|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([ T].*)?"
    r"|\+?[\d ()/-]{6,}"
)
_SIGNS = {"\t": "\\t"}


@dataclass(frozen=True)
class Prepared:
    """What DuckDB reads. `copies`: path of a temporary copy -> the file itself."""

    paths: tuple[Path, ...]
    copies: Mapping[str, Path]
    delimiter: str
    records: int
    bad: tuple[BadLine, ...]


def looks_like_value(text: str) -> bool:
    """A number, a date, an address: what is hardly the name of a column."""
    return bool(_VALUE.fullmatch(text))


def csv_columns(dataset: Dataset, paths: Sequence[Path], root: Path) -> list[str]:
    """The names of the columns. Raises CdmqError where a header is none, or they differ."""
    source = dataset.spec.file
    assert source is not None
    heads = csv_heads(dataset, paths, root)
    if source.header:
        return list(heads[0].names)
    names = list(dataset.spec.columns)
    if not names:
        raise CdmqError(
            Problem(
                dataset.span,
                "CDMQ287",
                f"{dataset.name} has header: no, and nothing names its columns",
                "name them all under columns:, in the order of the file",
            )
        )
    return names


def csv_heads(dataset: Dataset, paths: Sequence[Path], root: Path) -> list[headers.Head]:
    """How each file begins."""
    source = dataset.spec.file
    assert source is not None
    found = [_head(dataset, path, root) for path in paths]
    place = Span(errors.shown(paths[0], root), max(found[0].above, 1), 1)
    if not source.header:
        return found
    if not found[0].names:
        under = f" under the {source.skip} lines of skip:" if source.skip else ""
        raise CdmqError(
            Problem(
                place,
                "CDMQ125",
                f"the file of dataset {dataset.name} is empty: it has no header line{under}",
                "give it a header line",
            )
        )
    for path, head in zip(paths, found, strict=True):
        if (head.names, head.delimiter) != (found[0].names, found[0].delimiter):
            raise CdmqError(
                Problem(
                    Span(errors.shown(path, root), 1, 1),
                    "CDMQ125",
                    f"{path.name} has other columns than {paths[0].name} (dataset {dataset.name})",
                    "files of one dataset have one header",
                )
            )
    _check_delimiter(found[0], dataset, place)
    _check_is_header(found[0], dataset, paths[0], place)
    check_names(found[0].names, dataset, place)
    return found


def _head(dataset: Dataset, path: Path, root: Path) -> headers.Head:
    source = dataset.spec.file
    assert source is not None
    file = headers.declared(source)
    try:
        head = headers.head(path, file)
    except (UnicodeError, LookupError):
        raise CdmqError(errors.not_encoded(dataset, root, path, source.encoding)) from None
    except (OSError, csv.Error) as error:
        raise CdmqError(
            errors.broken(
                dataset, Span(errors.shown(path, root)), f"the file cannot be read: {error}"
            )
        ) from None
    if any("\ufffd" in name for name in head.names):
        raise CdmqError(errors.not_encoded(dataset, root, path, head.encoding))
    if head.says and file[2] and head.says != file[2]:
        raise CdmqError(
            Problem(
                Span(errors.shown(path, root), 1, 1),
                "CDMQ286",
                f"the first line says sep="
                f'{head.says}, dataset {dataset.name} says delimiter: "{_written(file[2])}"',
                "take delimiter: away: the file's own line is read",
            )
        )
    return head


def _written(sign: str) -> str:
    return _SIGNS.get(sign, sign)


def _wanted(dataset: Dataset) -> set[str]:
    """The columns that the dataset's own declaration names."""
    spec = dataset.spec
    return {*spec.key, *spec.columns, *dataset.said_pii, *spec.verified_at} - {"row_number"}


def _check_delimiter(head: headers.Head, dataset: Dataset, place: Span) -> None:
    """One column, in whose name a delimiter parts the columns that are declared."""
    names, wanted = head.names, _wanted(dataset)
    for sign in (",", ";", "\t", "|"):
        if len(names) != 1 or sign == head.delimiter:
            continue
        # The header's own text: in a name white space is one blank, a tab too.
        parts = {name.strip().strip('"') for name in (head.line or "").split(sign)}
        if len(parts) > 1 and (wanted & parts or not wanted):
            raise CdmqError(
                Problem(
                    place,
                    "CDMQ125",
                    f"'{_written(head.delimiter)}' does not part the columns of "
                    f"dataset {dataset.name}",
                    f'add to file: delimiter: "{_written(sign)}"',
                )
            )


def _check_is_header(head: headers.Head, dataset: Dataset, path: Path, place: Span) -> None:
    """A first line that is a record, or a title: its texts must not become names of columns."""
    wanted, names = _wanted(dataset), head.names
    if wanted:
        if wanted & set(names) or any(closest(w, names) for w in wanted):
            return
        line = _header_below(path, head, wanted)
        if line:
            raise CdmqError(
                Problem(
                    place,
                    "CDMQ288",
                    f"the header of dataset {dataset.name} stands in line {line}, not in the first",
                    f"add to file: skip: {line - 1}",
                )
            )
        cause = "no column in the first line is one that the dataset names"
    elif any("@" in name and looks_like_value(name) for name in names) or (
        sum(map(looks_like_value, names)) * 2 > len(names)
    ):
        cause = "the first line looks like a record"
    else:
        return
    raise CdmqError(
        Problem(
            place,
            "CDMQ288",
            f"{cause} (dataset {dataset.name}): it may be no header",
            "without one write file: {header: no} and name all columns in order under columns:; "
            "what stands above a header is passed over with skip: LINES",
        )
    )


def _header_below(path: Path, head: headers.Head, wanted: set[str]) -> int:
    """The line that names all columns that are wanted, if one of the first thirty does; else 0."""
    with compressed.text(path, headers.python_encoding(head.encoding), "replace") as file:
        for number, line in enumerate(islice(file, 30), start=1):
            if wanted <= {
                c.strip() for c in next(csv.reader([line], delimiter=head.delimiter), [])
            }:
                return number
    return 0


def check_names(header: Sequence[str], dataset: Dataset, place: Span) -> None:
    """Names that a warehouse cannot tell apart, or that are none."""
    lower = [name.lower() for name in header]
    twice = next((name for name in header if header.count(name) > 1 and name), None)
    if not all(header):
        number = list(header).index("") + 1
        cause, remedy = f"column {number} of the header has no name", "give each column a name"
    elif twice:
        cause = f"the column '{twice}' stands twice in the header"
        remedy = "give each column a name of its own"
    elif len(set(lower)) < len(lower):
        pair = [name for name in header if lower.count(name.lower()) > 1][:2]
        cause = (
            f"the columns '{pair[0]}' and '{pair[1]}' differ only by case: a warehouse takes "
            "them for one"
        )
        remedy = "rename one of them"
    else:
        return
    source = dataset.spec.file
    if source and compressed.plain_name(source.path).lower().endswith((".csv", ".tsv", ".txt")):
        above = max(place.line, 1)
        remedy += (
            f"; or leave the file, with header: no and skip: {above}, and name all columns "
            "in order under columns:"
        )
    raise CdmqError(Problem(place, "CDMQ125", f"{cause} (dataset {dataset.name})", remedy))


def prepare(dataset: Dataset, paths: Sequence[Path], root: Path, names: Sequence[str]) -> Prepared:
    """Look at every line; copy the files that DuckDB would not read as they are."""
    assert dataset.spec.file is not None
    heads = csv_heads(dataset, paths, root)
    copies: dict[str, Path] = {}
    read: list[Path] = []
    looked: list[Looked] = []
    try:
        for path, head in zip(paths, heads, strict=True):
            named = errors.shown(path, root) if len(paths) > 1 else ""
            found = look(path, head, len(names), named)
            looked.append(found)
            utf8 = head.encoding.lower() in headers.UTF8
            read.append(path)
            if not (found.as_is and utf8):
                read[-1] = _copied(path, head, names)
                copies[str(read[-1])] = path
    except (UnicodeError, LookupError):
        removed(copies)
        raise CdmqError(errors.not_encoded(dataset, root, path, head.encoding)) from None
    except OSError as error:
        removed(copies)
        raise CdmqError(
            errors.broken(
                dataset, Span(errors.shown(path, root)), f"the file cannot be read: {error}"
            )
        ) from None
    bad = tuple(b for found in looked for b in found.bad)
    if bad and not dataset.spec.file.header and not any(f.records for f in looked):
        removed(copies)
        raise CdmqError(
            Problem(
                Span(errors.shown(paths[0], root), bad[0].number, 1),
                "CDMQ287",
                f"{bad[0].why}: columns: of dataset {dataset.name} does not name what the file holds",
                "name all columns under columns:, in the order of the file",
            )
        )
    return Prepared(tuple(read), copies, heads[0].delimiter, sum(f.records for f in looked), bad)


def removed(copies: Iterable[str]) -> None:
    """Take temporary copies away."""
    for copy in copies:
        Path(copy).unlink(missing_ok=True)


def _copied(path: Path, head: headers.Head, names: Sequence[str]) -> Path:
    """The records of a file in utf-8, in the system's temporary folder; NUL as its symbol."""
    with tempfile.NamedTemporaryFile(
        "w", suffix=".csv", prefix="cdmq-", delete=False, encoding="utf-8", newline=""
    ) as made:
        out = cast(TextIO, made)
        out.write(head.delimiter.join(json.dumps(str(n)) for n in range(len(names))) + "\n")
        try:
            look(path, head, len(names), out=out)
        except BaseException:
            Path(made.name).unlink(missing_ok=True)
            raise
    return Path(made.name)
