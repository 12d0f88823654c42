"""A project made for the user's own files: datasets and first rules, with why for each choice."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cdmq.files import compressed
from cdmq.files.guess import MOST_ROWS, Guess, guess_table
from cdmq.files.guess_csv import guess_csv, unique_names
from cdmq.files.reading import ENDINGS
from cdmq.problems import CdmqError, Problem, Span

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = frozenset({"true", "false", "yes", "no", "null", "on", "off", "y", "n"})


@dataclass(frozen=True)
class FromFiles:
    """Path in the project -> text, and the files that are copied: path in the project -> source."""

    texts: Mapping[str, str]
    copies: Mapping[str, Path]
    guesses: tuple[Guess, ...]


def from_files(files: Sequence[Path], root: Path) -> FromFiles:
    """Look at the files. Raises CdmqError where one is not there, or holds nothing."""
    texts: dict[str, str] = {}
    copies: dict[str, Path] = {}
    guesses: list[Guess] = []
    for file in dict.fromkeys(files):
        inside, copied = _inside(file, root, copies)
        if copied:
            copies[inside] = file
        for guess in _guesses(file, [g.name for g in guesses]):
            guesses.append(guess)
            texts[f"models/{guess.name}.yml"] = "\n".join(_dataset(guess, inside, copied)) + "\n"
            if rules := list(_rules(guess)):
                texts[f"rules/{guess.name}.yml"] = "\n".join(rules) + "\n"
    return FromFiles(texts, copies, tuple(guesses))


#: What a path in a YAML file does not hold: signs that cannot be seen, and what Jinja would read.
_ODD = re.compile(r"[^\x20-\x7e\xa1-\ud7ff\ue000-\U0010ffff]|[{}]|[*?\[\]]")


def _inside(file: Path, root: Path, taken: Mapping[str, Path]) -> tuple[str, bool]:
    """Where the project has the file, and whether it is copied there: a project reads no other."""
    if not file.is_file():
        raise CdmqError(
            Problem(
                Span(str(file)),
                "CDMQ292",
                "there is no such file",
                "name a csv, json, parquet or xlsx file",
            )
        )
    ending = _ending(file)
    if ending not in ENDINGS:
        raise CdmqError(
            Problem(
                Span(str(file)),
                "CDMQ292",
                f"a file .{ending} is of no format that is read",
                f"its ending is one of {', '.join(ENDINGS)}; "
                "another kind of sheet is saved as .xlsx or csv",
            )
        )
    whole, home = file.resolve(), root.resolve()
    if whole.is_relative_to(home):
        inside = whole.relative_to(home).as_posix()
        if odd := _ODD.search(inside):
            raise CdmqError(
                Problem(
                    Span(str(file)),
                    "CDMQ292",
                    f"{odd[0]!r} in its name would not be read in path:",
                    "rename it",
                )
            )
        return inside, False
    for n in range(1, len(taken) + 2):
        stem = _stem(file)
        name = f"data/{stem}{f'_{n}' if n > 1 else ''}{file.name.removeprefix(stem)}"
        name = _ODD.sub("_", name)
        if name not in taken:
            break
    return name, True


def _ending(file: Path) -> str:
    return Path(compressed.plain_name(file.name)).suffix.lower().removeprefix(".")


def _stem(file: Path) -> str:
    return Path(compressed.plain_name(file.name)).stem


def _guesses(file: Path, taken: Sequence[str]) -> Iterator[Guess]:
    format_ = ENDINGS[_ending(file)]
    if format_ == "csv":
        w = guess_csv(file)
        name = _name(_stem(file), taken)
        yield guess_table(name, file, w.source, w.columns, w.rows, dict(w.why), w.whole)
    elif format_ == "xlsx":
        yield from _of_sheets(file, taken)
    else:
        columns, rows = _of_engine(file, format_)
        found = guess_table(
            _name(_stem(file), taken), file, {}, columns, rows, {}, len(rows) < MOST_ROWS
        )
        own = {} if format_ == "parquet" else found.types
        yield Guess(**{**vars(found), "types": own, "source": {} if not own else found.source})


def _of_sheets(file: Path, taken: Sequence[str]) -> Iterator[Guess]:
    """A dataset for each sheet that is not hidden and holds something."""
    from cdmq.files.sheet_sample import sample

    names = list(taken)
    sheets = sample(file, MOST_ROWS)
    for one in sheets:
        name = _name(f"{file.stem}_{one.sheet}" if len(sheets) > 1 else file.stem, names)
        names.append(name)
        source, why = {"sheet": one.sheet}, {"sheet": "the sheet that it is read from"}
        columns, rows, skip = one.names, one.rows, one.header - 1
        first = next(i for i, c in enumerate(columns) if c)
        if first and all(columns[first:]):  # it begins in a column further right
            columns, rows = columns[first:], tuple(r[first:] for r in rows)
        if one.merged:
            why["merged"] = (
                "of merged cells only the first holds the value, the others are "
                "empty: " + ", ".join(map(_printed, one.merged))
            )
        if not all(columns) or len({c.lower() for c in columns}) < len(columns):
            columns, skip = unique_names(columns), one.header
            source["header"] = "no"
            why["header"] = "the header has a name twice, or a column without one"
        if skip and (skip >= one.first_row or "header" in source):
            source["skip"] = str(skip)
            why["skip"] = f"{skip} row{'s' * (skip != 1)} above the first record's header"
        yield guess_table(name, file, source, columns, rows, why, len(rows) < MOST_ROWS - 100)
    if not sheets:
        raise CdmqError(
            Problem(
                Span(str(file)),
                "CDMQ291",
                "no sheet of the workbook holds a header",
                "name a file with some records",
            )
        )


def _of_engine(file: Path, format_: str) -> tuple[list[str], list[list[str]]]:
    import duckdb
    from sqlglot import exp

    from cdmq.sql import nodes

    read = nodes.call(
        "read_parquet" if format_ == "parquet" else "read_json", nodes.text(str(file))
    )
    query = nodes.select([exp.Star()], read).limit(MOST_ROWS)
    try:
        found = duckdb.connect().execute(query.sql("duckdb"))
        columns = [d[0] for d in found.description or ()]
        rows = [["" if v is None else str(v) for v in r] for r in found.fetchall()]
    except duckdb.Error as error:
        raise CdmqError(
            Problem(
                Span(str(file)),
                "CDMQ292",
                f"it cannot be read as {format_}: {str(error).splitlines()[0]}",
                "mend the file",
            )
        ) from None
    if not columns or not rows:
        raise CdmqError(
            Problem(
                Span(str(file)),
                "CDMQ291",
                "the file is empty: there is nothing to look at",
                "name a file with some records",
            )
        )
    return columns, rows


def _name(stem: str, taken: Sequence[str]) -> str:
    """A name for a dataset that needs no quotes anywhere."""
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"\W+", "_", plain).strip("_")[:40].strip("_")
    base = base if re.match("[a-z]", base) else f"file_{base}".strip("_")
    names = (base if n == 1 else f"{base}_{n}" for n in range(1, len(taken) + 2))
    return next(n for n in names if n not in taken)


# what is written -------------------------------------------------------------------------------


def _word(text: str) -> str:
    """A text as YAML takes it for one."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)


def _dataset(guess: Guess, inside: str, copied: bool) -> Iterator[str]:
    why = guess.why
    yield f"# Made by cdmq init from {_printed(guess.file.name)}: what the file looks like, and"
    yield "# why it was taken so."
    yield "# Look at each choice; cdmq explain dataset tells every word."
    yield "version: 1"
    yield "datasets:"
    yield f"  - name: {guess.name}"
    yield "    file:"
    if copied:
        yield f"      # A copy of {_printed(os.fspath(guess.file))}: a project reads no file"
        yield "      # outside of it. Have the next one delivered here."
    yield f"      path: {_word(inside)}"
    for key, value in guess.source.items():
        if key in why:
            yield f"      # {why[key]}"
        written = f'"{value}"' if key == "delimiter" else value
        bare = key in ("skip", "header", "dates", "encoding")
        yield f"      {key}: {written if bare or key == 'delimiter' else _word(value)}"
    if "merged" in why:
        yield f"    # {why['merged']}"
    for line in (why["key"],) if guess.key else _NO_KEY if guess.rows else _NO_RECORD:
        yield f"    # {line}"
    yield f"    key: {_word(guess.key or 'row_number')}"
    for word in ("types", "figures"):
        if word in why:
            yield f"    # {_printed(why[word])}"
    named = (
        {c: guess.types.get(c, "text") for c in guess.columns}
        if (guess.source.get("header") == "no")
        else guess.types
    )
    if named:
        yield "    # " + (
            "all columns in their order; rename them here, text is what is not said otherwise"
            if named is not guess.types
            else "almost all values fit; what does not is flagged. The others are text"
        )
        yield "    columns:"
        for column, type_ in named.items():
            yield f"      {_word(column)}: {type_}"
    if guess.missing:
        yield f"    # {why['missing_values']}"
        yield f"    missing_values: [{', '.join(json.dumps(m) for m in guess.missing)}]"
    if guess.emails:
        yield "    # To mask addresses of people in flags and on screens, take the # away:"
        yield f"    # pii: {{{', '.join(f'{_word(c)}: mask' for c in guess.emails)}}}"


_NO_RECORD = ("the file holds no record yet: name the column, or columns, that will name one.",)
_NO_KEY = (
    "no column names a record: in each values are missing or stand twice. If several do",
    "together, name them: key: [a, b]. A row's number is another record's tomorrow.",
)


def _printed(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)


def _rules(guess: Guess) -> Iterator[str]:
    if not guess.emails:
        return  # its keys, its lines and its declared types are judged of themselves
    yield "version: 1"
    yield f"dataset: {guess.name}"
    yield "validation:"
    for column in guess.emails:
        yield f"  - column: {_word(column)}"
        yield "    checks: [email]"
        yield "    why: Most values are addresses; what is none bounces."
