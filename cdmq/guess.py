"""What a file of a user looks like: how it is written, its columns, what names a record.

A guess is made from the file alone, and said with its reason, for a person to look at.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from cdmq import compressed, headers
from cdmq.csv_lines import look
from cdmq.csv_source import looks_like_value
from cdmq.file_values import DATE_FORMS
from cdmq.problems import CdmqError, Problem, Span

#: Rows that types, tokens and the key are guessed from.
MOST_ROWS = 50_000
#: Texts that mean nothing is known, where one is found more than once.
_TOKENS = frozenset({"n/a", "#n/a", "null", "nan", "-", "--", "?", "unknown", "k.a.", "(null)"})
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_WHOLE = re.compile(r"[+-]?(0|[1-9]\d{0,8})")
_POINT = re.compile(r"[+-]?(0|[1-9]\d{0,14})(\.\d{1,9})?")
_COMMA = re.compile(r"[+-]?([1-9]\d{0,2}(\.\d{3})+|0|[1-9]\d*)(,\d{1,9})?")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?")
_TRUTH = frozenset({"true", "false", "yes", "no"})
#: Columns whose digits are a name and no figure.
_NAMES = re.compile(r"(?i)(^|_|\b)(id|ids|key|no|nr|num|number|nummer|code|zip|plz|postcode|"
                    r"postal|phone|tel|mobile|fax|iban|vat|tax|ssn|account|konto|ref)(\b|_|\d|$)|"
                    r"(?i:id|nr|no|nummer|number|code|plz|phone|telefon)$")
_FITS = .95


@dataclass(frozen=True)
class Guess:
    """A dataset as it would be declared; `why`: key of the declaration -> reason."""

    name: str
    file: Path
    source: dict[str, str]
    columns: tuple[str, ...]
    types: dict[str, str]
    missing: tuple[str, ...]
    key: str | None
    emails: tuple[str, ...]
    rows: int
    whole: bool
    why: dict[str, str] = field(default_factory=dict)


def guess_table(
    name: str, file: Path, source: dict[str, str], columns: Sequence[str],
    rows: Sequence[Sequence[str]], why: dict[str, str], whole: bool,
) -> Guess:
    """Types, missing tokens and key of columns whose texts are given."""
    by_column = {c: [r[i].strip() if i < len(r) else "" for r in rows]
                 for i, c in enumerate(columns)}
    missing = _missing(by_column)
    shown = {c: [v for v in values if v and v not in missing] for c, values in by_column.items()}
    if missing:
        why["missing_values"] = "texts that stand where nothing is known: look whether it is so"
    key = _key(by_column, shown)
    source, types = _types(shown, dict(source), key, why)
    emails = tuple(c for c, values in shown.items()
                   if len(values) > 2 and _share(values, _EMAIL.fullmatch) >= .8)
    if key:
        why["key"] = f"it has a value in each of the {len(rows):,} records" + (
            "" if whole else " looked at") + ", and none twice"
    return Guess(name, file, source, tuple(columns), types, missing, key, emails, len(rows), whole,
                 why)


def _missing(by_column: dict[str, list[str]]) -> tuple[str, ...]:
    found = Counter(v for values in by_column.values() for v in values if v.lower() in _TOKENS)
    return tuple(sorted(v for v, count in found.items() if count > 1))


def _key(by_column: dict[str, list[str]], shown: dict[str, list[str]]) -> str | None:
    """The column that names a record: no value missing, none twice; by its name, then first."""
    fit = [c for c, values in by_column.items()
           if values and len(shown[c]) == len(values) == len(set(values))
           and max(map(len, values)) <= 100]
    called = [c for c in fit if _NAMES.search(c)]
    first = [c for c in fit if c == next(iter(by_column))]
    return next(iter([*called, *first]), None)


def _types(
    shown: dict[str, list[str]], source: dict[str, str], key: str | None, why: dict[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Types by column; in `source` how the file writes dates and decimals."""
    figures = {c: v for c, v in shown.items()
               if len(v) > 2 and c != key and not _NAMES.search(c)}
    comma = sum(_share(v, _COMMA.fullmatch) >= _FITS and any("," in x for x in v)
                for v in figures.values())
    point = sum(_share(v, _POINT.fullmatch) >= _FITS and any("." in x for x in v)
                for v in figures.values())
    number = _COMMA if comma > point else _POINT
    if comma > point:
        source["decimal"], why["decimal"] = ",", "figures are written such as 1.234,50"
    form = _date_form(shown, why)
    if form and form != "YYYY-MM-DD":
        source["dates"] = form
    types = {}
    for column, values in shown.items():
        if len(values) < 3:
            continue
        if form and _share(values, partial(_is_date, form=form)) >= _FITS:
            types[column] = "date"
        elif _share(values, _TIME.fullmatch) >= _FITS:
            types[column] = "timestamp"
        elif {v.lower() for v in values} <= _TRUTH and len({v.lower() for v in values}) == 2:
            types[column] = "boolean"
        elif column in figures and _share(values, _WHOLE.fullmatch) >= _FITS:
            types[column] = "integer"
        elif column in figures and _share(values, number.fullmatch) >= _FITS:
            types[column] = "decimal"
    return source, types


def _date_form(shown: dict[str, list[str]], why: dict[str, str]) -> str | None:
    """The form that the most columns of dates fit; None where there are two that fit as well."""
    fits: Counter[str] = Counter()
    for values in shown.values():
        some = values[:2_000]
        if len(some) < 3 or not re.search(r"\d", some[0]):
            continue
        for form in DATE_FORMS:
            if form != "YYYYMMDD" and _share(some, partial(_is_date, form=form)) >= _FITS:
                fits[form] += 1
    if not fits:
        return None
    best = max(fits.values())
    forms = [f for f, count in fits.items() if count == best]
    if len(forms) > 1:
        why["types"] = (f"dates may be written {' or '.join(forms)}: say which with dates:, and "
                        "declare their columns")
        return None
    why["dates"] = f"dates fit {forms[0]} and no other form"
    return forms[0]


def _is_date(text: str, form: str) -> bool:
    written, shape = DATE_FORMS[form]
    if not re.fullmatch(shape, text):
        return False
    try:
        return datetime.strptime(text, written).year >= 1
    except ValueError:
        return False


def _share(values: Sequence[str], fits: Callable[[str], object]) -> float:
    return sum(bool(fits(v)) for v in values) / len(values) if values else 0.0


# how a csv is written --------------------------------------------------------------------------


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
            raise CdmqError(Problem(Span(str(path)), "CDMQ291", "the file is empty: there is "
                                    "nothing to look at", "name a file with some records"))
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
    rows: list[tuple[int, list[str]]], says: bool, source: dict[str, str], why: dict[str, str],
    whole: bool,
) -> Written:
    rows = rows[1:] if says else rows
    full = [(n, [" ".join(c.split()) for c in r]) for n, r in rows if any(c.strip() for c in r)]
    counts = Counter(_width(r) for _, r in full[:200])
    usual = max(counts, key=lambda w: (counts[w] * (w > 1), w))
    at = next(i for i, (_, r) in enumerate(full) if _width(r) >= usual or counts[usual] < 2)
    above, first = full[at]
    above -= 1 if says else 0
    names = tuple(first[:_width(first)])
    is_header = not any(map(looks_like_value, names)) or (
        sum(map(looks_like_value, names)) * 2 <= len(names) and not any("@" in n for n in names))
    lower = [n.lower() for n in names]
    named = is_header and all(names) and len(set(lower)) == len(lower)
    if full[:at]:
        source["skip"] = str(above)
        why["skip"] = f"{above} line{'s' * (above != 1)} above the header"
    body = [tuple(r) for _, r in (full[at + 1:] if is_header else full[at:])]
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
    best, sign = 0.0, "\t" if compressed.plain_name(path.name).lower().endswith((".tsv", ".tab")) else ","
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
