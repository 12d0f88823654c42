"""Files as datasets: their columns, and the query with which DuckDB reads them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from cdmq.files import compressed, errors, headers
from cdmq.files.cells import logical, typed_rows
from cdmq.files.csv_lines import BadLine
from cdmq.files.csv_source import csv_columns, prepare
from cdmq.files.json_source import json_columns, json_keys, prepare_json
from cdmq.files.scans import composed_columns, listed, reader
from cdmq.files.sheets import prepare_sheets, sheet_columns
from cdmq.problems import CdmqError, Problem, closest
from cdmq.project.column_names import composed
from cdmq.project.walk import is_text, is_within, leads_out, no_text
from cdmq.sql import nodes
from cdmq.sql.types import Type
from cdmq.values import ROW_NUMBER, Dataset

#: Ending of a path -> format.
ENDINGS = {
    "csv": "csv",
    "tsv": "csv",
    "txt": "csv",
    "json": "json",
    "ndjson": "json",
    "jsonl": "json",
    "parquet": "parquet",
    "xlsx": "xlsx",
    "xlsm": "xlsx",
}
#: Keys of `file:` and the formats that they speak of.
_ONLY = {
    "skip": ("csv", "xlsx"),
    "header": ("csv", "xlsx"),
    "sheet": ("xlsx",),
    "bad_lines_at_most": ("csv", "xlsx", "json"),
    "delimiter": ("csv",),
    "encoding": ("csv", "json"),
}


@dataclass(frozen=True)
class Reading:
    """A query over the files, in DuckDB's dialect, and the temporary files it reads."""

    query: str
    temporary: tuple[Path, ...] = ()
    #: How many records there are, and the lines that are none; not of parquet.
    records: int = 0
    bad: tuple[BadLine, ...] = ()

    def close(self) -> None:
        for path in self.temporary:
            path.unlink(missing_ok=True)


def format_of(dataset: Dataset) -> str:
    source = dataset.spec.file
    assert source is not None
    ending = compressed.plain_name(source.path).rsplit(".", 1)[-1].lower()
    if source.format is None and ending not in ENDINGS:
        raise CdmqError(
            Problem(
                dataset.span,
                "CDMQ123",
                f"'{source.path}' has no known ending",
                "say format: csv, json, parquet or xlsx; another kind of sheet "
                "is saved as .xlsx or csv",
            )
        )
    return source.format or ENDINGS[ending]


def is_of(dataset: Dataset, *formats: str) -> bool:
    """Whether its rows come from files of one of these formats."""
    try:
        return dataset.spec.file is not None and format_of(dataset) in formats
    except CdmqError:
        return False  # an ending that is none: compile and run say so


def _check_keys(dataset: Dataset, format_: str) -> None:
    """A key of `file:` that says nothing about files of this format."""
    said = dataset.spec.file.model_fields_set if dataset.spec.file else set()
    without = [key for key, formats in _ONLY.items() if key in said and format_ not in formats]
    if without:
        raise CdmqError(
            Problem(
                dataset.span,
                "CDMQ290",
                f"'{without[0]}' has no effect on a file of format {format_} (dataset {dataset.name})",
                "take it away, or say the format that the file has",
            )
        )


def paths_of(dataset: Dataset, root: Path) -> list[Path]:
    """The files of a dataset, sorted. A path that leaves the project is refused."""
    source = dataset.spec.file
    assert source is not None
    pattern = source.path
    if "://" in pattern or Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise CdmqError(leads_out(dataset.span, f"the path '{pattern}'"))
    try:
        found, odd = headers.matching(root, pattern), headers.passed_over(root, pattern)
    except ValueError as error:
        raise CdmqError(
            Problem(
                dataset.span,
                "CDMQ121",
                f"the path '{pattern}' of dataset {dataset.name} is no pattern: {error}",
                "* and ? stand for letters of a name, ** for folders",
            )
        ) from None
    for path in (*found, *odd):
        if not is_text(path):
            raise CdmqError(no_text(path.relative_to(root), f"a file of dataset {dataset.name}"))
        if not is_within(root, path):
            raise CdmqError(leads_out(dataset.span, f"the link '{path.relative_to(root)}'"))
    if odd:
        raise CdmqError(
            Problem(
                dataset.span,
                "CDMQ121",
                f"'{odd[0].relative_to(root)}' of dataset {dataset.name} is a "
                f"{'link to nothing' if odd[0].is_symlink() else 'pipe, a socket or a device'}, and "
                "no file",
                "put a file in its place, or take it away",
            )
        )
    if not found:
        raise CdmqError(
            Problem(
                dataset.span,
                "CDMQ121",
                f"the file '{pattern}' of dataset {dataset.name} is not there",
                _near(root, pattern),
            )
        )
    return found


def _near(root: Path, pattern: str) -> str:
    """The remedy for a file that is not there: one of a similar name beside it."""
    folder = (root / pattern).parent
    names = [p.name for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
    near = closest(Path(pattern).name, names)
    if near and not (root / pattern).is_dir():
        return f"did you mean '{Path(pattern).parent.as_posix()}/{near}'?"
    return "look at path:, which counts from the project's folder"


def file_columns(dataset: Dataset, root: Path) -> dict[str, Type]:
    """The columns of a file dataset with their declared types; text where none is declared."""
    names = _names(dataset, root)
    if isinstance(names, dict):
        names = {composed(n): t for n, t in names.items()}
    types: dict[str, Type] = dict.fromkeys(map(composed, names), "text")
    if isinstance(names, dict):
        types = {n: logical(t) for n, t in names.items()}
    found = {n: dataset.spec.columns.get(n, t) for n, t in types.items()}
    return {**found, ROW_NUMBER: "integer"} if _numbers(dataset, names) else found


def _numbers(dataset: Dataset, names: Collection[str]) -> bool:
    """The key is the place of a record; a file that has the column has its own."""
    return dataset.numbered and ROW_NUMBER not in names


def reading(dataset: Dataset, root: Path) -> Reading:
    """How to read the files of a dataset: one row a record, declared types, `__unreadable`."""
    return _reading(dataset, root)[0]


def diagnose(dataset: Dataset, root: Path) -> Problem | None:
    """Read the files once more, to tell why they cannot be read."""
    import duckdb

    read, copies = _reading(dataset, root)
    try:
        with duckdb.connect() as connection:
            rows = connection.execute(read.query)
            while rows.fetchmany(10_000):
                pass
    except duckdb.Error as error:
        return errors.explain(str(error), dataset, root, paths_of(dataset, root), copies)
    finally:
        read.close()
    return None


def _reading(dataset: Dataset, root: Path) -> tuple[Reading, dict[str, Path]]:
    """The reading, and of which file each temporary copy is."""
    format_, paths = format_of(dataset), paths_of(dataset, root)
    if format_ == "parquet":
        stored = _parquet_columns(dataset, paths, root)
        table: exp.Expr = nodes.call("read_parquet", listed(paths))
        table, stored = (
            composed_columns(list(stored), table),
            {composed(n): t for n, t in stored.items()},
        )
        query = _numbered(dataset, stored, typed_rows(dataset, list(stored), table, stored))
        return Reading(query.sql("duckdb")), {}
    _check_keys(dataset, format_)
    if format_ == "json":
        found = prepare_json(dataset, paths, root)
        names = json_keys(dataset, found, paths, root)
    else:
        names = list(_names(dataset, root))
        found = (
            prepare(dataset, paths, root, names)
            if format_ == "csv"
            else prepare_sheets(dataset, paths, root)
        )
    table = reader(
        "json" if format_ == "json" else "csv", listed(found.paths), names, found.delimiter
    )
    table, names = composed_columns(names, table), [*map(composed, names)]
    query = _numbered(dataset, names, typed_rows(dataset, names, table))
    return Reading(
        query.sql("duckdb"), tuple(map(Path, found.copies)), found.records, found.bad
    ), dict(found.copies)


def _numbered(dataset: Dataset, names: Collection[str], query: exp.Select) -> exp.Select:
    """The rows with their place in the file beside them, where that is the key."""
    if not _numbers(dataset, names):
        return query
    place = exp.Window(this=nodes.call(ROW_NUMBER))
    return query.select(nodes.alias(place, ROW_NUMBER), copy=False)


def _names(dataset: Dataset, root: Path) -> Sequence[str] | dict[str, str]:
    paths = paths_of(dataset, root)
    format_ = format_of(dataset)
    _check_keys(dataset, format_)
    if format_ == "xlsx":
        return sheet_columns(dataset, paths, root)
    if format_ == "csv":
        return csv_columns(dataset, paths, root)
    if format_ == "json":
        return json_columns(dataset, paths, root)
    return _parquet_columns(dataset, paths, root)


def _parquet_columns(dataset: Dataset, paths: Sequence[Path], root: Path) -> dict[str, str]:
    """The columns of the files with DuckDB's names of their types."""
    import duckdb

    query = nodes.select([exp.Star()], nodes.call("read_parquet", listed(paths)))
    try:
        rows = duckdb.connect().execute("DESCRIBE " + query.sql("duckdb")).fetchall()
    except duckdb.Error as error:
        raise CdmqError(errors.explain(str(error), dataset, root, paths)) from None
    return {str(r[0]): str(r[1]) for r in rows}
