"""Questions to people as text, csv and JSON; and their answers, read back from a csv."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from cdmq.files.csv_out import csv_text, plain
from cdmq.problems import CdmqError, Problem, Span, printable
from cdmq.project.atomic import write_text
from cdmq.results import Waiting

#: What a file of questions has beside them, to be filled in.
TO_FILL = ("answer", "new", "reason", "by", "at")


def lines(found: Sequence[Waiting], count: int) -> Iterator[str]:
    """A question a line or two, and how many there are in all."""
    for q in found:
        yield printable(f"{q.rule}  {_asked(q)}")
        yield printable(f"    {'; '.join(_said(q))}")
    more = f"; the first {len(found):,} are shown, see --limit" if count > len(found) else ""
    yield (
        f"{count:,} question{'' if count == 1 else 's'} open{more}" if count else "nothing is asked"
    )


def _asked(q: Waiting) -> str:
    if q.about == "pair":
        return f"are {q.key} and {q.other} one?"
    what = {"cell": f"{q.column} of {q.key}", "change": f"the change of {q.column} of {q.key}"}
    return what.get(q.about, q.key)


def _said(q: Waiting) -> Iterator[str]:
    yield q.why
    if q.sure is not None:
        yield f"{100 * q.sure:.1f}% sure"
    if q.first is not None:
        yield f"worth {q.first:,.2f}".removesuffix(".00")
    if q.due is not None:
        yield f"due {q.due:%Y-%m-%d}"
    if q.since is not None:
        yield f"open since {q.since:%Y-%m-%d}"
    if q.asked:
        yield f"for {q.asked}"
    if q.unsure:
        yield f"{q.unsure} could not tell"


def as_json(found: Sequence[Waiting]) -> Iterator[str]:
    """An object a line."""
    for q in found:
        yield json.dumps(asdict(q), default=str, ensure_ascii=False)


def as_csv(found: Sequence[Waiting]) -> str:
    """A header, then a row a question."""
    columns = [*(f.name for f in fields(Waiting)), *TO_FILL]
    return csv_text(
        columns, ([*map(_cell, asdict(q).values()), *("" for _ in TO_FILL)] for q in found)
    )


def written(found: Sequence[Waiting], path: Path) -> None:
    """As a csv file. Raises CdmqError where a file stands there."""
    if path.exists():
        cause, how = f"{path} is there already", "give another name, or remove it"
        raise CdmqError(Problem(Span("--out"), "CDMQ553", cause, how))
    try:
        write_text(path, as_csv(found))
    except OSError as error:
        cause = f"{path} cannot be written: {error.strerror}"
        raise CdmqError(Problem(Span("--out"), "CDMQ553", cause, "look at the folder")) from None


def answered(path: Path) -> list[tuple[dict[str, str], Span]]:
    """The lines of a csv of answers that have one, by column, each with its place. Raises
    CdmqError where it is no such file."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        cause = f"the file cannot be read: {getattr(error, 'strerror', None) or 'it is not utf-8'}"
        raise CdmqError(Problem(Span(str(path)), "CDMQ554", cause, "give a csv in utf-8")) from None
    first = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in first else ",")
    if "answer" not in (reader.fieldnames or ()):
        cause = "the file has no column answer"
        how = "begin with: cdmq queue --out answers.csv"
        raise CdmqError(Problem(Span(str(path)), "CDMQ554", cause, how))
    found = []
    for row in reader:
        told = {
            k: plain(v.strip()) for k, v in row.items() if k and isinstance(v, str) and v.strip()
        }
        if told.get("answer"):
            found.append((told, Span(str(path), reader.line_num)))
    return found


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)
