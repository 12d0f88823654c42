"""Files as datasets: their columns, and the query with which DuckDB reads them."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from cdmq.problems import CdmqError, Problem, Span
from cdmq.sql import nodes
from cdmq.sql.types import Type
from cdmq.values import Dataset

#: strptime form of each `dates:` word, and the shape a cell must have.
DATE_FORMS = {
    "YYYY-MM-DD": ("%Y-%m-%d", r"^\d{4}-\d{2}-\d{2}$"),
    "DD.MM.YYYY": ("%d.%m.%Y", r"^\d{1,2}\.\d{1,2}\.\d{4}$"),
    "DD/MM/YYYY": ("%d/%m/%Y", r"^\d{1,2}/\d{1,2}/\d{4}$"),
    "MM/DD/YYYY": ("%m/%d/%Y", r"^\d{1,2}/\d{1,2}/\d{4}$"),
    "DD-MM-YYYY": ("%d-%m-%Y", r"^\d{1,2}-\d{1,2}-\d{4}$"),
    "YYYY/MM/DD": ("%Y/%m/%d", r"^\d{4}/\d{1,2}/\d{1,2}$"),
    "YYYYMMDD": ("%Y%m%d", r"^\d{8}$"),
}
_TIME = r"( |T)\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$"
_UTF8 = {"utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii"}
#: Hidden column of a file's table: the cells that could not be read, as JSON text.
UNREADABLE = "__unreadable"


@dataclass(frozen=True)
class Reading:
    """A query over the files, in DuckDB's dialect, and the temporary files it reads."""

    query: str
    temporary: tuple[Path, ...] = ()

    def close(self) -> None:
        for path in self.temporary:
            path.unlink(missing_ok=True)


def format_of(dataset: Dataset) -> str:
    source = dataset.spec.file
    assert source is not None
    ending = source.path.rsplit(".", 1)[-1].lower()
    known = {"csv": "csv", "tsv": "csv", "txt": "csv", "json": "json", "ndjson": "json",
             "jsonl": "json", "parquet": "parquet"}
    if source.format is None and ending not in known:
        raise CdmqError(Problem(dataset.span, "CDMQ123", f"'{source.path}' has no known ending",
                                "say format: csv, json or parquet"))
    return source.format or known[ending]


def paths_of(dataset: Dataset, root: Path) -> list[Path]:
    """The files of a dataset, sorted. A path that leaves the project is refused."""
    source = dataset.spec.file
    assert source is not None
    pattern = source.path
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise CdmqError(Problem(dataset.span, "CDMQ124", f"the path '{pattern}' leads out of the "
                                "project", "put the file, or a link to it, inside the project"))
    found = sorted(root.glob(pattern)) if any(c in pattern for c in "*?[") else [root / pattern]
    found = [p for p in found if p.is_file()]
    if not found:
        raise CdmqError(Problem(dataset.span, "CDMQ121", f"the file '{pattern}' of dataset "
                                f"{dataset.name} is not there", "look at path:"))
    return found


def file_columns(dataset: Dataset, root: Path) -> dict[str, Type]:
    """The columns of a file dataset with their declared types; text where none is declared."""
    names = _names(dataset, root)
    if isinstance(names, dict):
        return {n: dataset.spec.columns.get(n, t) for n, t in names.items()}
    return {n: dataset.spec.columns.get(n, "text") for n in names}


def reading(dataset: Dataset, root: Path) -> Reading:
    """How to read the files of a dataset: one row a record, declared types, `__unreadable`."""
    source = dataset.spec.file
    assert source is not None
    kind, names = format_of(dataset), _names(dataset, root)
    paths, temporary = paths_of(dataset, root), []
    if kind != "parquet" and (source.encoding.lower() not in _UTF8 or any(map(_has_nul, paths))):
        paths = temporary = [_as_utf8(p, source.encoding, dataset) for p in paths]
    listed = exp.Array(expressions=[nodes.text(str(p)) for p in paths])
    table = _reader(kind, listed, list(names), source.delimiter)
    query = _typed(dataset, names, table) if kind != "parquet" else nodes.select(
        [exp.Star()], table)
    return Reading(query.sql("duckdb"), tuple(temporary))


def _names(dataset: Dataset, root: Path) -> Sequence[str] | dict[str, Type]:
    kind, paths = format_of(dataset), paths_of(dataset, root)
    if kind == "csv":
        return _csv_header(dataset, paths)
    if kind == "json":
        return _json_keys(dataset, paths)
    return _parquet_columns(dataset, paths)


def _csv_header(dataset: Dataset, paths: Sequence[Path]) -> list[str]:
    source = dataset.spec.file
    assert source is not None
    headers: list[list[str]] = []
    for path in paths:
        try:
            with path.open(encoding=_python_encoding(source.encoding), newline="") as file:
                header = next(csv.reader(file, delimiter=source.delimiter), [])
        except (UnicodeDecodeError, LookupError) as error:
            raise CdmqError(_broken(dataset, path, str(error))) from None
        if not header:
            raise CdmqError(Problem(Span(str(source.path), 1, 1), "CDMQ125",
                                    f"the file of dataset {dataset.name} is empty: it has no "
                                    "header line", "give it a header line"))
        headers.append(header)
    if any(h != headers[0] for h in headers):
        other = next(p for p, h in zip(paths, headers, strict=True) if h != headers[0])
        raise CdmqError(Problem(dataset.span, "CDMQ125", f"{other.name} has other columns than "
                                f"{paths[0].name}", "files of one dataset have one header"))
    header = headers[0]
    if len({h.lower() for h in header}) < len(header) and len(set(header)) < len(header):
        twice = next(h for h in header if header.count(h) > 1)
        raise CdmqError(Problem(Span(str(source.path), 1, 1), "CDMQ125",
                                f"the column '{twice}' stands twice in the header",
                                "give each column a name of its own"))
    if not all(header):
        raise CdmqError(Problem(Span(str(source.path), 1, 1), "CDMQ125",
                                "a column of the header has no name", "give each column a name"))
    if len({h.lower() for h in header}) < len(header):
        lower = [h.lower() for h in header]
        pair = [h for h in header if lower.count(h.lower()) > 1][:2]
        raise CdmqError(Problem(Span(str(source.path), 1, 1), "CDMQ125",
                                f"the columns '{pair[0]}' and '{pair[1]}' differ only by case: "
                                "a warehouse takes them for one", "rename one of them"))
    return header


def _json_keys(dataset: Dataset, paths: Sequence[Path]) -> list[str]:
    import duckdb

    objects = nodes.call("read_json_objects",
                         exp.Array(expressions=[nodes.text(str(p)) for p in paths]))
    keys = exp.Unnest(expressions=[nodes.call("json_keys", nodes.column("json"))])
    query = nodes.select([nodes.alias(keys, "k")], objects)
    try:
        rows = duckdb.sql(
            f"SELECT k FROM (SELECT k, min(n) AS n FROM (SELECT k, row_number() OVER () AS n "
            f"FROM ({query.sql('duckdb')})) GROUP BY k) ORDER BY n"
        ).fetchall()
    except duckdb.Error as error:
        raise CdmqError(_broken(dataset, paths[0], str(error).splitlines()[0])) from None
    return [str(r[0]) for r in rows]


def _parquet_columns(dataset: Dataset, paths: Sequence[Path]) -> dict[str, Type]:
    import duckdb

    from cdmq.warehouses.duckdb import logical_type

    listed = exp.Array(expressions=[nodes.text(str(p)) for p in paths])
    query = nodes.select([exp.Star()], nodes.call("read_parquet", listed))
    try:
        rows = duckdb.sql("DESCRIBE " + query.sql("duckdb")).fetchall()
    except duckdb.Error as error:
        raise CdmqError(_broken(dataset, paths[0], str(error).splitlines()[0])) from None
    return {str(r[0]): logical_type(str(r[1])) for r in rows}


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


def _typed(dataset: Dataset, names: Sequence[str], table: exp.Expr) -> exp.Select:
    """Texts as their declared types; a cell that cannot be read is NULL and kept beside."""
    given = dataset.spec.missing_values
    shown: list[exp.Expr] = []
    unread: list[exp.Expr] = []
    for name in names:
        type_ = dataset.spec.columns.get(name, "text")
        value = nodes.column(name)
        if type_ == "text":
            shown.append(nodes.alias(value, name))
            continue
        read = _read_as(value, type_, dataset)
        shown.append(nodes.alias(read, name))
        tokens = given.get(name, []) if isinstance(given, dict) else given
        missing = exp.In(this=value.copy(), expressions=[nodes.text(t) for t in tokens])
        failed = nodes.all_of([
            nodes.present(value.copy()), nodes.is_null(nodes.paren(read.copy())),
            exp.Not(this=missing) if tokens else None,
        ])
        assert failed is not None
        pair = nodes.call("json_object", nodes.text(name), value.copy())
        unread.append(nodes.when(failed, pair))
    if unread:
        merged = unread[0]
        if len(unread) > 1:
            merged = nodes.call("json_merge_patch", *(
                exp.Coalesce(this=u, expressions=[nodes.text("{}")]) for u in unread))
            merged = nodes.call("nullif", nodes.cast(merged, "text"), nodes.text("{}"))
        shown.append(nodes.alias(nodes.cast(merged, "text"), UNREADABLE))
    return nodes.select(shown, table)


def _read_as(value: exp.Expr, type_: Type, dataset: Dataset) -> exp.Expr:
    source = dataset.spec.file
    assert source is not None
    trimmed: exp.Expr = nodes.call("trim", value.copy())
    if type_ in ("date", "timestamp"):
        form, shape = DATE_FORMS[source.dates]
        read: exp.Expr = nodes.call("try_strptime", trimmed, nodes.text(form))
        fits = nodes.call("regexp_matches", trimmed.copy(), nodes.text(shape))
        if type_ == "date":
            return nodes.when(fits, nodes.cast(read, "date"))
        iso = nodes.call("regexp_matches", trimmed.copy(),
                         nodes.text(DATE_FORMS["YYYY-MM-DD"][1].rstrip("$") + _TIME))
        return nodes.cases([(fits, nodes.cast(read, "timestamp")),
                            (iso, exp.TryCast(this=trimmed.copy(),
                                              to=exp.DataType.build("timestamp")))])
    if type_ == "boolean":
        lower = nodes.call("lower", trimmed)
        yes = exp.In(this=lower, expressions=[nodes.text(t) for t in ("true", "t", "1", "yes")])
        no = exp.In(this=lower.copy(),
                    expressions=[nodes.text(t) for t in ("false", "f", "0", "no")])
        return nodes.cases([(yes, exp.true()), (no, exp.false())])
    plain = trimmed
    shape = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$" if type_ != "integer" else r"^[+-]?\d+$"
    if source.decimal == ",":
        # 1.234,56: the point only parts thousands
        shape_in = r"^[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$"
        plain = nodes.call("replace", nodes.call("replace", trimmed, nodes.text("."),
                                                 nodes.text("")), nodes.text(","), nodes.text("."))
    else:
        shape_in = shape
    names = {"integer": "bigint", "decimal": "decimal(38, 9)", "double": "double"}
    fits = nodes.call("regexp_matches", trimmed.copy(), nodes.text(shape_in))
    whole = nodes.call("regexp_matches", plain.copy(), nodes.text(shape))
    both = nodes.all_of([fits, whole])
    assert both is not None
    return nodes.when(both, exp.TryCast(this=plain, to=exp.DataType.build(names[type_],
                                                                           dialect="duckdb")))


def _python_encoding(encoding: str) -> str:
    return "utf-8-sig" if encoding.lower() in _UTF8 else encoding


def _has_nul(path: Path) -> bool:
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            if b"\0" in block:
                return True
    return False


def _as_utf8(path: Path, encoding: str, dataset: Dataset) -> Path:
    """A copy of the file in utf-8, in the system's temporary folder; NUL as its symbol."""
    with tempfile.NamedTemporaryFile("wb", suffix=path.suffix, prefix="cdmq-", delete=False) as out:
        try:
            with path.open(encoding=encoding, newline="") as file:
                while block := file.read(1 << 20):
                    out.write(block.replace("\0", "\u2400").encode())
        except (UnicodeDecodeError, LookupError) as error:
            Path(out.name).unlink()
            raise CdmqError(_broken(dataset, path, str(error))) from None
    return Path(out.name)


def _broken(dataset: Dataset, path: Path, cause: str) -> Problem:
    return Problem(dataset.span, "CDMQ126", f"the file {path.name} of dataset {dataset.name} "
                   f"cannot be read: {cause}", "mend the file, or encoding: and delimiter:")
