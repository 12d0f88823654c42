"""Why a source file cannot be read: the file, the line and the cause, in a steward's words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from cdmq.files import compressed
from cdmq.problems import Problem, Span
from cdmq.values import Dataset

_CAUSES = (
    (
        r"Expected Number of Columns: (?P<header>\d+) Found: (?P<found>\d+)",
        "the line has {found} values, the header has {header}",
        "put a value that holds the delimiter in quotes",
    ),
    (
        r"unterminated quote",
        "a quote is not closed, or text stands behind it",
        'close it; a quote inside of a value is written twice: ""',
    ),
    (
        r"Invalid unicode",
        "the line is not utf-8",
        "say its encoding in file:, for example encoding: cp1252",
    ),
    (
        r"state machine reached an invalid state",
        "the lines end in different ways, or a quote stands where none can",
        "write the file anew with one way to end a line",
    ),
    (r"[Mm]aximum line size", "a line is longer than 64 MB", "look for a quote that is not closed"),
    (r"Malformed JSON.*? \d+: (?P<why>.*?)\.?\s*$", "the JSON is broken: {why}", "mend it there"),
)


def broken(
    dataset: Dataset,
    place: Span,
    cause: str,
    remedy: str = "mend the file, or encoding: and delimiter:",
) -> Problem:
    return Problem(place, "CDMQ126", f"{cause} (dataset {dataset.name})", remedy)


def shown(path: Path, root: Path) -> str:
    """A path as the project knows it."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def explain(
    said: str,
    dataset: Dataset,
    root: Path,
    paths: Sequence[Path],
    copies: Mapping[str, Path] | None = None,
) -> Problem:
    """What DuckDB said of a file, as a Problem. `copies`: path of a copy -> the file itself."""
    named = re.search(r'^\s*file = (.+)$|in file "([^"]+)"|[Ff]ile \'([^\']+)\'', said, re.M)
    name = next((g for g in named.groups() if g), "") if named else ""
    path = (copies or {}).get(name) or next((p for p in paths if str(p) == name), paths[0])
    line = re.search(r"\b[Ll]ine:? (\d+)", said)
    place = Span(shown(path, root), int(line[1]) if line else 0, 1 if line else 0)
    for pattern, cause, remedy in _CAUSES:
        found = re.search(pattern, said, re.M)
        if found:
            return broken(dataset, place, cause.format(**found.groupdict()), remedy)
    first = re.sub(r"^[A-Z][A-Za-z ]+ Error: ", "", (said.strip().splitlines() or [""])[0])
    return broken(dataset, place, "the file cannot be read: " + first.replace(str(path), path.name))


def not_encoded(dataset: Dataset, root: Path, path: Path, encoding: str) -> Problem:
    """The first byte that the declared encoding does not have."""
    try:
        "".encode(encoding)
    except LookupError:
        return broken(
            dataset,
            dataset.span,
            f"there is no encoding '{encoding}'",
            "write for example utf-8, cp1252, iso-8859-15 or utf-16",
        )
    with compressed.binary(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                place = Span(shown(path, root), number, error.start + 1)
                return broken(
                    dataset,
                    place,
                    f"byte 0x{line[error.start]:02x} is not {encoding}",
                    "say its encoding in file:, for example encoding: cp1252",
                )
    return broken(
        dataset,
        Span(shown(path, root)),
        f"the file is not {encoding}",
        "say its encoding in file:, for example encoding: cp1252",
    )
