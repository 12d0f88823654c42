"""How a csv of a user is written: its encoding, its delimiter, where its header stands."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cdmq.files import compressed, headers
from cdmq.files.csv_lines import look
from cdmq.files.csv_source import looks_like_value
from cdmq.files.guess import MOST_ROWS
from cdmq.problems import CdmqError, Problem, Span


@dataclass(frozen=True)
class Written:
    """How a csv is written: what its `file:` has to say, and why; and its first records."""

    source: dict[str, str]
    why: dict[str, str]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    #: All of the file was looked at.
    whole: bool


def guess_csv(path: Path) -> Written:
    """Raises CdmqError where the file is empty, or no text."""
    source: dict[str, str] = {}
    why: dict[str, str] = {}
    encoding = _encoding(path, source, why)
    with compressed.text(path, headers.python_encoding(encoding)) as file:
        text = "".join(itertools.islice(file, 200))
        if not text.strip():
            raise CdmqError(
                Problem(
                    Span(str(path)),
                    "CDMQ291",
                    "the file is empty: there is nothing to look at",
                    "name a file with some records",
                )
            )
        says = re.match(r'"?sep=(.)"?\s*\n', text)
        delimiter = says[1] if says else _delimiter(text, path)
        usual = "\t" if compressed.plain_name(path.name).lower().endswith((".tsv", ".tab")) else ","
        if not says and delimiter != usual:
            source["delimiter"] = "\\t" if delimiter == "\t" else delimiter
            why["delimiter"] = "it parts the first lines in equally many values"
        file.seek(0)
        read = _cells(file, delimiter)
        rows = list(itertools.islice(read, MOST_ROWS + 100))
        whole = next(read, None) is None
    written = _below_header(rows, bool(says), source, why, whole)
    _bad_lines(path, written, says[1] if says else delimiter, encoding)
    return written


def _bad_lines(path: Path, w: Written, delimiter: str, encoding: str) -> None:
    """More lines that cannot be read than a dataset may have, unless it says so."""
    skip, has_header = int(w.source.get("skip", 0)), "header" not in w.source
    head = headers.head(path, ("", encoding, delimiter, skip, has_header))
    found = look(path, head, len(w.columns))
    bad, whole = len(found.bad), found.records + len(found.bad)
    if bad * 100 > whole:
        w.source["bad_lines_at_most"] = f"{min(100, bad * 150 // whole + 1)}%"
        w.why["bad_lines_at_most"] = f"{bad} of {whole} lines cannot be read; more is too many"


def _cells(file: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the number of lines before each."""
    reader, above = csv.reader((x.replace("\0", "") for x in file), delimiter=delimiter), 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue
        yield above, row
        above = reader.line_num


def _below_header(
    rows: list[tuple[int, list[str]]],
    says: bool,
    source: dict[str, str],
    why: dict[str, str],
    whole: bool,
) -> Written:
    rows = rows[1:] if says else rows
    full = [(n, [" ".join(c.split()) for c in r]) for n, r in rows if any(c.strip() for c in r)]
    counts = Counter(_width(r) for _, r in full[:200])
    usual = max(counts, key=lambda w: (counts[w] * (w > 1), w))
    at = next(i for i, (_, r) in enumerate(full) if _width(r) >= usual or counts[usual] < 2)
    above, first = full[at]
    above -= 1 if says else 0
    names = tuple(first[: _width(first)])
    is_header = not any(map(looks_like_value, names)) or (
        sum(map(looks_like_value, names)) * 2 <= len(names) and not any("@" in n for n in names)
    )
    lower = [n.lower() for n in names]
    named = is_header and all(names) and len(set(lower)) == len(lower)
    if full[:at]:
        source["skip"] = str(above)
        why["skip"] = f"{above} line{'s' * (above != 1)} above the header"
    body = [tuple(r) for _, r in (full[at + 1 :] if is_header else full[at:])]
    if not named:
        source["header"] = "no"
        if is_header:
            lines = full[at + 1][0] if len(full) > at + 1 else above + 1
            source["skip"] = str(lines - (1 if says else 0))
            why["header"] = "the header has a name twice, or a column without one"
        else:
            why["header"] = "the first line looks like a record"
        names = unique_names(names if is_header else ("",) * max(map(len, body)))
    fit = tuple(r for r in body if _width(r) <= len(names) <= len(r))
    return Written(source, why, names, fit, whole)


def _width(row: Sequence[str]) -> int:
    """The number of cells, without the empty ones at the end."""
    return max((i for i, c in enumerate(row, start=1) if c.strip()), default=0)


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for number, name in enumerate(names, start=1):
        base = name or f"column_{number}"
        taken = {f.lower() for f in found}
        ways = itertools.chain((base,), (f"{base}_{n}" for n in itertools.count(2)))
        found.append(next(w for w in ways if w.lower() not in taken))
    return tuple(found)


def _encoding(path: Path, source: dict[str, str], why: dict[str, str]) -> str:
    found = headers.encoding_of(path, None)
    for encoding in (found, "cp1252", "iso-8859-1"):
        try:
            with compressed.text(path, headers.python_encoding(encoding)) as file:
                while file.read(1 << 20):
                    pass
        except UnicodeError:
            continue
        if encoding != found:
            source["encoding"] = encoding
            why["encoding"] = "it is not utf-8; look at names with umlauts and accents"
        return encoding
    return found


def _delimiter(text: str, path: Path) -> str:
    """The sign that parts most lines in equally many values, and in the most of them."""
    lines = text.splitlines(keepends=True)
    tabs = compressed.plain_name(path.name).lower().endswith((".tsv", ".tab"))
    best, sign = 0.0, "\t" if tabs else ","
    for one in (",", ";", "\t", "|"):
        rows = [r for _, r in _cells(lines, one) if r]
        counts = Counter(len(r) for r in rows if len(r) > 1)
        if not counts:
            continue
        width, often = counts.most_common(1)[0]
        score = often / len(rows) + min(width, 50) / 1_000
        if score > best:
            best, sign = score, one
    return sign
