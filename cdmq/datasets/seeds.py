"""Seeds: the csv files of a project's own lists, and what is wrong with one."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from cdmq.files.csv_source import looks_like_value
from cdmq.problems import Problem, Span
from cdmq.values import Seed

_SIGNS = {";": "semicolons", "\t": "tabs", "|": "'|'"}


def read_seed(text: str, place: str, problems: list[Problem]) -> Seed | None:
    """The seed that stands in a file; None where it is none, and `problems` say why."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    numbered: list[tuple[int, list[str]]] = []
    begin = 1
    try:
        for row in reader:
            if row:
                numbered.append((begin, row))
            begin = reader.line_num + 1
    except csv.Error as error:
        said = str(error)
        if "unexpected end" in said:
            said = "a quote is not closed"
        elif "expected after" in said:
            said = "text stands behind a quote"
        problems.append(
            _problem(
                place,
                begin,
                f"the seed is not csv: {said}",
                'close it; a quote inside of a value is written twice: ""',
            )
        )
        return None
    if not numbered:
        problems.append(
            _problem(
                place, 0, "the seed is empty", "give it a header line with the names of its columns"
            )
        )
        return None
    header = [name.strip() for name in numbered[0][1]]
    if wrong := (_header_problem(header, place) or _line_problem(header, numbered[1:], place)):
        problems.append(wrong)
        return None
    body = [
        tuple(unicodedata.normalize("NFC", cell) or None for cell in row) for _, row in numbered[1:]
    ]
    content = json.dumps([header, body], ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(content.encode()).hexdigest()
    return Seed(Path(place).stem, place, tuple(header), tuple(body), digest)


def _problem(place: str, line: int, cause: str, remedy: str) -> Problem:
    return Problem(Span(place, line, 1 if line else 0), "CDMQ122", cause, remedy)


def _header_problem(header: Sequence[str], place: str) -> Problem | None:
    sign = next((s for s in _SIGNS if s in header[0]), None)
    if len(header) == 1 and sign:
        return _problem(
            place,
            1,
            f"commas do not part the columns of the seed, {_SIGNS[sign]} seem to",
            "save it with commas, and a value that holds one in quotes",
        )
    if len({h.lower() for h in header}) < len(header) or not all(header):
        return _problem(
            place,
            1,
            "a column of the seed has no name, or two have the same but for case",
            "give each column a name of its own",
        )
    if 2 * sum(map(looks_like_value, header)) > len(header):
        return _problem(
            place,
            1,
            "the first line of the seed looks like values: it may be no header",
            "give it a header line with the names of its columns",
        )
    return None


def _line_problem(
    header: Sequence[str], lines: Sequence[tuple[int, list[str]]], place: str
) -> Problem | None:
    for number, row in lines:
        if len(row) != len(header):
            return _problem(
                place,
                number,
                f"the line has {len(row)} values, the header has {len(header)}",
                "put a value with a comma in quotes",
            )
    ragged = [(number, cell) for number, row in lines for cell in row if cell != cell.strip()]
    if ragged:
        number, cell = ragged[0]
        more = f", {len(ragged) - 1} more values too" if len(ragged) > 1 else ""
        return _problem(
            place,
            number,
            f"'{cell}' has white space around it{more}: nobody sees "
            "it, and it is another text than the one without",
            "take it away",
        )
    return None


def written_as(name: str, values: Iterable[str]) -> bool:
    """Whether a name is a code such as all the values under it: a first line that is no header."""
    shapes = {_shape(value) for value in values}
    return name == name.upper() and shapes == {_shape(name)}


def _shape(text: str) -> str:
    return "".join("9" if c.isdigit() else "A" if c.isupper() else c for c in text)
