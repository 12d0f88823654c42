"""The header lines of csv files. Nothing heavy is imported: the parse cache must be quick."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from cdmq.files import compressed
from cdmq.project.column_names import composed

if TYPE_CHECKING:
    from cdmq.project.file_source import FileSource

UTF8 = frozenset({"utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii"})
#: path or pattern, encoding, delimiter, lines above the header, whether there is a header; None:
#: not said, and looked up in the file. What a `file:` declares, as the cache keeps it.
Declared = tuple[str, str | None, str | None, int, bool]
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
#: The first line that Excel writes and needs where another sign than its own parts the columns.
_SEP = re.compile(r'"?sep=(.)"?\s*', re.I)


@dataclass(frozen=True)
class Head:
    """How a csv file begins. `names` is empty in an empty file, or where there is no header."""

    names: tuple[str, ...]
    encoding: str
    delimiter: str
    #: Physical lines before the first record: the header, and what stands above it.
    above: int
    #: The header as it stands there, without the end of its line; None where it has none.
    line: str | None
    #: The first line says what parts the columns.
    says: str | None = None
    #: Columns at the end that have no name; they must be empty.
    nameless: int = 0

    @property
    def plain(self) -> bool:
        """The header is the first line, and one line: any reader finds it."""
        return self.above == 1 and self.line is not None and not self.nameless


def declared(source: FileSource) -> Declared:
    """What a `file:` says of a csv, and what it leaves to the file."""
    said = source.model_fields_set
    return (
        source.path,
        source.encoding if "encoding" in said else None,
        source.delimiter if "delimiter" in said else None,
        source.skip,
        source.header,
    )


def matching(root: Path, pattern: str) -> list[Path]:
    """The files that a path or pattern names, sorted. Raises ValueError where it is no pattern."""
    return [p for p in _named(root, pattern) if p.is_file()]


def passed_over(root: Path, pattern: str) -> list[Path]:
    """What bears such a name, and is neither file nor folder: a link to nothing, a pipe."""
    return [
        p
        for p in _named(root, pattern)
        if os.path.lexists(p) and not p.is_file() and not p.is_dir()
    ]


def _named(root: Path, pattern: str) -> list[Path]:
    path = root / pattern
    if any(c in pattern for c in "*?[") and not path.is_file():
        return sorted(root.glob(pattern))
    return [path]


def encoding_of(path: Path, said: str | None) -> str:
    """The encoding that is declared, else the one that the file's first bytes tell, else utf-8."""
    if said is None:
        with compressed.binary(path) as file:
            first = file.read(2)
        said = next((name for mark, name in _MARKS if first == mark), "utf-8")
    return said


def head(path: Path, file: Declared) -> Head:
    """How the file begins.

    Raises UnicodeError, LookupError, OSError or csv.Error. U+FFFD is what could not be read.
    """
    _, encoding, said, skip, has_header = file
    encoding = encoding_of(path, encoding)
    usual = "\t" if compressed.plain_name(path.name).lower().endswith((".tsv", ".tab")) else ","
    with compressed.text(path, python_encoding(encoding), "replace") as lines:
        first, above, says = next(lines, ""), 0, None
        for passed in (0, skip):  # Excel's line stands above all, or below what is skipped
            for _ in range(passed if first else 0):
                above, first = above + 1, next(lines, "")
            if says is None and (sep := _SEP.fullmatch(first)):
                above, first, says = above + 1, next(lines, ""), sep[1]
        while first and not first.strip():
            above, first = above + 1, next(lines, "")
        delimiter = said or says or usual
        if not has_header or not first:
            return Head((), encoding, delimiter, above, None, says)
        read: list[str] = []
        cells = next(csv.reader(_kept(first, lines, read), delimiter=delimiter), [])
    names = [composed(" ".join(name.split())) for name in cells]
    named = len(names)
    while named > 1 and not names[named - 1]:
        named -= 1
    return Head(
        tuple(names[:named]),
        encoding,
        delimiter,
        above + len(read),
        "".join(read).rstrip("\r\n"),
        says,
        len(names) - named,
    )


def _kept(first: str, lines: Iterable[str], read: list[str]) -> Iterator[str]:
    """The lines that a reader takes, which are kept in `read`."""
    for line in chain((first,), lines):
        read.append(line)
        yield line


def text_below(path: Path, file: Declared) -> int:
    """The number of the first line below the header that holds text; 0 where there is none."""
    found = head(path, file)
    blank = f'{found.delimiter}" \t\r\n'
    with compressed.text(path, python_encoding(found.encoding), "replace") as lines:
        below = islice(enumerate(lines, start=1), found.above, None)
        return next((number for number, line in below if line.strip(blank)), 0)


def python_encoding(encoding: str) -> str:
    return "utf-8-sig" if encoding.lower() in UTF8 else encoding


def digest(root: Path, files: Iterable[Declared]) -> str:
    """One digest of all that a parse takes from these files."""
    seen: list[object] = []
    for file in files:
        try:
            found = matching(root, file[0])
            seen.append([(str(p), repr(head(p, file))) for p in found])
            seen.append([str(p) for p in passed_over(root, file[0])])
        except (OSError, ValueError, LookupError, csv.Error) as error:
            seen.append(str(error))
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()
