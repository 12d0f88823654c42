"""Files as datasets: their columns, and the query with which DuckDB reads them."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from cdmq import compressed, file_errors, headers
from cdmq.csv_lines import BadLine
from cdmq.csv_source import check_names, csv_columns, prepare
from cdmq.file_cells import logical, typed_rows
from cdmq.problems import CdmqError, Problem, Span, closest
from cdmq.sheets import prepare_sheets, sheet_columns
from cdmq.sql import nodes
from cdmq.sql.types import Type
from cdmq.values import ROW_NUMBER, Dataset
from cdmq.walk import is_text, is_within, leads_out, no_text

#: Ending of a path -> format.
ENDINGS = {"csv": "csv", "tsv": "csv", "txt": "csv", "json": "json", "ndjson": "json",
           "jsonl": "json", "parquet": "parquet", "xlsx": "xlsx", "xlsm": "xlsx"}
#: Keys of `file:` and the formats that they speak of.
_ONLY = {"skip": ("csv", "xlsx"), "header": ("csv", "xlsx"), "sheet": ("xlsx",),
         "bad_lines_at_most": ("csv", "xlsx"), "delimiter": ("csv",), "encoding": ("csv", "json")}


@dataclass(frozen=True)
class Reading:
    """A query over the files, in DuckDB's dialect, and the temporary files it reads."""

    query: str
    temporary: tuple[Path, ...] = ()
    #: Of a csv: how many records it has, and the lines that are none.
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
        raise CdmqError(Problem(dataset.span, "CDMQ123", f"'{source.path}' has no known ending",
                                "say format: csv, json, parquet or xlsx; another kind of sheet "
                                "is saved as .xlsx or csv"))
    return source.format or ENDINGS[ending]


def is_of(dataset: Dataset, *formats: str) -> bool:
    """Whether its rows come from files of one of these formats."""
    try:
        return dataset.spec.file is not None and format_of(dataset) in formats
    except CdmqError:
        return False  # an ending that is none: compile and run say so


def _check_keys(dataset: Dataset, kind: str) -> None:
    """A key of `file:` that says nothing about files of this format."""
    said = dataset.spec.file.model_fields_set if dataset.spec.file else set()
    without = [key for key, formats in _ONLY.items() if key in said and kind not in formats]
    if without:
        raise CdmqError(Problem(
            dataset.span, "CDMQ290", f"'{without[0]}' has no effect on a file of format {kind} "
            f"(dataset {dataset.name})", "take it away, or say the format that the file has"))


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
        raise CdmqError(Problem(dataset.span, "CDMQ121", f"the path '{pattern}' of dataset "
                                f"{dataset.name} is no pattern: {error}", "* and ? stand for "
                                "letters of a name, ** for folders")) from None
    for path in (*found, *odd):
        if not is_text(path):
            raise CdmqError(no_text(path.relative_to(root), f"a file of dataset {dataset.name}"))
        if not is_within(root, path):
            raise CdmqError(leads_out(dataset.span, f"the link '{path.relative_to(root)}'"))
    if odd:
        raise CdmqError(Problem(
            dataset.span, "CDMQ121", f"'{odd[0].relative_to(root)}' of dataset {dataset.name} is a "
            f"{'link to nothing' if odd[0].is_symlink() else 'pipe, a socket or a device'}, and "
            "no file", "put a file in its place, or take it away"))
    if not found:
        raise CdmqError(Problem(dataset.span, "CDMQ121", f"the file '{pattern}' of dataset "
                                f"{dataset.name} is not there", _near(root, pattern)))
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
    types: dict[str, Type] = dict.fromkeys(names, "text")
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
        return file_errors.explain(str(error), dataset, root, paths_of(dataset, root), copies)
    finally:
        read.close()
    return None


def _reading(dataset: Dataset, root: Path) -> tuple[Reading, dict[str, Path]]:
    """The reading, and of which file each temporary copy is."""
    source = dataset.spec.file
    assert source is not None
    kind, names = format_of(dataset), _names(dataset, root)
    paths = paths_of(dataset, root)
    if kind in ("csv", "xlsx"):
        found = prepare(dataset, paths, root, list(names)) if kind == "csv" else prepare_sheets(
            dataset, paths, root)
        listed = exp.Array(expressions=[nodes.text(str(p)) for p in found.paths])
        table = _reader("csv", listed, list(names), found.delimiter)
        query = _numbered(dataset, names, typed_rows(dataset, list(names), table))
        return Reading(query.sql("duckdb"), tuple(map(Path, found.copies)), found.records,
                       found.bad), dict(found.copies)
    copies: dict[str, Path] = {}
    utf8 = source.encoding.lower() in headers.UTF8
    if kind != "parquet" and (not utf8 or any(map(_has_nul, paths))):
        try:
            for path in paths:
                copies[str(_as_utf8(path, source.encoding, dataset, root))] = path
        except CdmqError:
            Reading("", tuple(map(Path, copies))).close()
            raise
        paths = [Path(p) for p in copies]
    listed = exp.Array(expressions=[nodes.text(str(p)) for p in paths])
    table = _reader(kind, listed, list(names), source.delimiter)
    stored = names if isinstance(names, dict) else None
    query = typed_rows(dataset, list(names), table, stored)
    query = _numbered(dataset, names, query)
    return Reading(query.sql("duckdb"), tuple(map(Path, copies))), copies


def _numbered(dataset: Dataset, names: Collection[str], query: exp.Select) -> exp.Select:
    """The rows with their place in the file beside them, where that is the key."""
    if not _numbers(dataset, names):
        return query
    place = exp.Window(this=nodes.call(ROW_NUMBER))
    return query.select(nodes.alias(place, ROW_NUMBER), copy=False)


def _names(dataset: Dataset, root: Path) -> Sequence[str] | dict[str, str]:
    paths = paths_of(dataset, root)
    kind = format_of(dataset)
    _check_keys(dataset, kind)
    if kind == "xlsx":
        return sheet_columns(dataset, paths, root)
    if kind == "csv":
        return csv_columns(dataset, paths, root)
    if kind == "json":
        return _json_keys(dataset, paths, root)
    return _parquet_columns(dataset, paths, root)


def _json_keys(dataset: Dataset, paths: Sequence[Path], root: Path) -> list[str]:
    import duckdb

    objects = nodes.call("read_json_objects",
                         exp.Array(expressions=[nodes.text(str(p)) for p in paths]))
    keys = exp.Unnest(expressions=[nodes.call("json_keys", nodes.column("json"))])
    query = nodes.select([nodes.alias(keys, "k")], objects)
    try:
        rows = duckdb.connect().execute(
            f"SELECT k FROM (SELECT k, min(n) AS n FROM (SELECT k, row_number() OVER () AS n "
            f"FROM ({query.sql('duckdb')})) GROUP BY k) ORDER BY n"
        ).fetchall()
    except duckdb.Error as error:
        raise CdmqError(file_errors.explain(str(error), dataset, root, paths)) from None
    names = [str(r[0]) for r in rows]
    if not names:
        raise CdmqError(_broken(dataset, root, paths[0], "it holds no objects with keys"))
    check_names(names, dataset, Span(file_errors.shown(paths[0], root)))
    return names


def _parquet_columns(
    dataset: Dataset, paths: Sequence[Path], root: Path
) -> dict[str, str]:
    """The columns of the files with DuckDB's names of their types."""
    import duckdb

    listed = exp.Array(expressions=[nodes.text(str(p)) for p in paths])
    query = nodes.select([exp.Star()], nodes.call("read_parquet", listed))
    try:
        rows = duckdb.connect().execute("DESCRIBE " + query.sql("duckdb")).fetchall()
    except duckdb.Error as error:
        raise CdmqError(file_errors.explain(str(error), dataset, root, paths)) from None
    return {str(r[0]): str(r[1]) for r in rows}


def _reader(kind: str, listed: exp.Expr, names: list[str], delimiter: str) -> exp.Expr:
    if kind == "parquet":
        return nodes.call("read_parquet", listed)
    texts = exp.Struct(expressions=[
        exp.PropertyEQ(this=nodes.text(n), expression=nodes.text("VARCHAR")) for n in names
    ])
    if kind == "json":
        return nodes.call("read_json", listed, _named("columns", texts),
                          _named("maximum_object_size", nodes.number(64 * 1024 * 1024)))
    return nodes.call(
        "read_csv", listed, _named("auto_detect", exp.false()), _named("header", exp.true()),
        _named("delim", nodes.text(delimiter)), _named("quote", nodes.text('"')),
        _named("escape", nodes.text('"')), _named("columns", texts),
        _named("max_line_size", nodes.number(64 * 1024 * 1024)),
    )


def _named(name: str, value: exp.Expr) -> exp.Expr:
    return exp.EQ(this=exp.Identifier(this=name, quoted=False), expression=value)


def _has_nul(path: Path) -> bool:
    with compressed.binary(path) as file:
        while block := file.read(1 << 20):
            if b"\0" in block:
                return True
    return False


def _as_utf8(path: Path, encoding: str, dataset: Dataset, root: Path) -> Path:
    """A copy of the file in utf-8, in the system's temporary folder; NUL as its symbol."""
    with tempfile.NamedTemporaryFile("wb", suffix=Path(
            compressed.plain_name(path.name)).suffix, prefix="cdmq-", delete=False) as out:
        try:
            with compressed.text(path, encoding) as file:
                while block := file.read(1 << 20):
                    out.write(block.replace("\0", "\u2400").encode())
        except (UnicodeError, LookupError):
            Path(out.name).unlink()
            raise CdmqError(file_errors.not_encoded(dataset, root, path, encoding)) from None
    return Path(out.name)


def _broken(dataset: Dataset, root: Path, path: Path, cause: str) -> Problem:
    place = Span(file_errors.shown(path, root))
    return file_errors.broken(dataset, place, f"the file cannot be read: {cause}")
