"""What `ls`, `show`, `compile` and `debug` print."""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from cdmq.problems import printable
from cdmq.reports.text import counted, percent, shown_path
from cdmq.results import Compiled, Finding, Listed, Table, Unused
from cdmq.values import Dataset

#: The longest cell that a table shows.
_LONGEST = 40


def listed_lines(found: Iterable[Listed], output: str, resource_type: str) -> Iterator[str]:
    for item in found:
        sort = "dataset" if isinstance(item.thing, Dataset) else "rule"
        if resource_type not in ("all", sort):
            continue
        if output == "json":
            yield json.dumps(_fields(item, sort), ensure_ascii=False, default=str)
        elif output == "path":
            yield printable(f"{item.thing.span.file}:{item.thing.span.line}")
        else:
            yield printable(item.name)


def _fields(item: Listed, sort: str) -> dict[str, object]:
    thing = item.thing
    fields: dict[str, object] = {
        "unique_id": item.unique_id,
        "resource_type": sort,
        "name": item.name,
        "original_file_path": thing.span.file,
        "line": thing.span.line,
    }
    if isinstance(thing, Dataset):
        return fields | {
            "source": thing.origin,
            "key": list(thing.key),
            "depends_on": list(thing.depends_on),
            "owner": thing.spec.owner,
            "tags": list(thing.spec.tags),
        }
    return fields | {
        "kind": thing.kind,
        "check": thing.check,
        "dataset": thing.dataset,
        "columns": list(thing.columns),
        "severity": thing.severity,
        "dimension": thing.dimension,
        "owner": thing.owner,
        "tags": list(thing.tags),
        "enabled": thing.enabled,
        "why": thing.why,
    }


def unused_lines(found: Sequence[Unused], output: str) -> Iterator[str]:
    """Columns that no rule reads: how often they are filled, and no value."""
    wide = max((_width(printable(u.name)) for u in found), default=0)
    for u in found:
        span = u.dataset.span
        if output == "json":
            fields = {
                "resource_type": "column",
                "name": u.name,
                "dataset": u.dataset.name,
                "column": u.column,
                "type": u.type,
                "rows": u.rows,
                "filled": u.filled,
                "original_file_path": span.file,
                "line": span.line,
            }
            yield json.dumps(fields, ensure_ascii=False)
        elif output == "path":
            yield printable(f"{span.file}:{span.line}")
        else:
            yield _row([printable(u.name), _filled(u)], [wide, 0])
    if not found and output == "name":
        yield "a rule reads every column"


def _filled(u: Unused) -> str:
    share = f" ({percent(100 * u.filled / u.rows)})" if u.rows else ""
    return f"filled in {u.filled:,} of {counted(u.rows, 'row')}{share}"


def table_lines(table: Table, output: str) -> Iterator[str]:
    if output == "json":
        for row in table.rows:
            yield json.dumps(
                dict(zip(table.columns, row, strict=True)), ensure_ascii=False, default=str
            )
        return
    cells = [[_cell(v) for v in row] for row in table.rows]
    widths = [
        max(map(_width, [name, *(row[i] for row in cells)])) for i, name in enumerate(table.columns)
    ]
    wide = sum(widths) + 2 * len(widths) > shutil.get_terminal_size((100, 24)).columns
    yield from _one_a_line(table) if wide else _side_by_side(table, cells, widths)
    yield ""
    said = f"{counted(len(cells), 'row')} of {table.name}"
    if table.whole is not None:
        said = (
            f"first {len(cells):,} of {counted(table.whole, 'row')} of {table.name} "
            "(--limit N shows more)"
        )
    if table.masked:
        said += f"; {counted(len(table.masked), 'column')} masked (--unmask shows them)"
    yield said


def _side_by_side(
    table: Table, cells: Sequence[Sequence[str]], widths: Sequence[int]
) -> Iterator[str]:
    yield _row([printable(c) for c in table.columns], widths)
    yield "  ".join("-" * w for w in widths)
    for row in cells:
        yield _row(row, widths)


def _one_a_line(table: Table) -> Iterator[str]:
    """Wide rows: a line a cell, whole; what is missing is left out."""
    longest = max(map(_width, table.columns))
    for number, row in enumerate(table.rows, start=1):
        yield f"-- row {number}"
        for name, value in zip(table.columns, row, strict=True):
            if value is not None:
                yield _row([printable(name), printable(_written(value))], [longest, 0])


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (c + " " * (w - _width(c)) for c, w in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def _cell(value: object) -> str:
    if value is None:
        return "NULL"
    text = printable(_written(value))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _written(value: object) -> str:
    """A decimal of many places without the zeros that only its type gives it."""
    if isinstance(value, Decimal) and "." in f"{value:f}"[:-3]:
        return f"{value:f}".rstrip("0").rstrip(".")
    return str(value)


def _width(text: str) -> int:
    """How many places a text takes on a terminal."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(bool(unicodedata.combining(c)) for c in text)


def compiled_lines(found: Compiled) -> Iterator[str]:
    rules = len(found.selection.rules)
    yield f"{counted(rules, 'rule')} over {counted(len(found.files), 'dataset')}"
    for path in sorted(found.files.values()):
        yield printable(f"  {shown_path(path)}")


def finding_lines(found: Iterable[Finding]) -> Iterator[str]:
    for f in found:
        yield f"{'OK  ' if f.ok else 'FAIL'}  {f.what:<11} {printable(f.said)}"
        if f.remedy:
            yield f"      {printable(f.remedy)}"
