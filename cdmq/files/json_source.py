"""A dataset's JSON files: one record a line, or one text that holds them all.

A line that is no JSON object is passed over and told, and the others are read. A file that is no
record a line is read whole, or refused.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

from sqlglot import exp

from cdmq.files import compressed, errors, headers
from cdmq.files.csv_lines import SHOWN, BadLine
from cdmq.files.csv_source import Prepared, check_names, removed
from cdmq.problems import CdmqError, Problem, Span
from cdmq.project.column_names import composed
from cdmq.sql import nodes
from cdmq.values import Dataset

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LARGEST = 64 * 1024 * 1024
_BY_LINE = (".ndjson", ".jsonl")
_AT_ONCE = 5_000
#: NUL as JSON writes it, behind whole pairs of backslashes; and what may be the first half of it.
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
_CUT = re.compile(r"\\+(u0{0,3})?\Z")
#: What is wrong with a text, by the engine that reads it: json_valid and the reader are one.
_WHY = """
SELECT n, CASE WHEN NOT json_valid(t) THEN 'it is not JSON'
               WHEN json_type(t) <> 'OBJECT' THEN 'it is no object: no { and } around it'
               WHEN list_unique(json_keys(t)) < len(json_keys(t)) THEN 'a key stands in it twice'
          END
FROM (SELECT unnest($1) AS t, generate_subscripts($1, 1) AS n)"""


def prepare_json(dataset: Dataset, paths: Sequence[Path], root: Path) -> Prepared:
    """Look at every line; copy the files that DuckDB would not read as they are."""
    import duckdb

    source = dataset.spec.file
    assert source is not None
    said = source.encoding if "encoding" in source.model_fields_set else None
    copies: dict[str, Path] = {}
    read, records, bad = list[Path](), 0, list[BadLine]()
    try:
        with duckdb.connect() as connection:
            for path in paths:
                encoding = headers.encoding_of(path, said)
                named = errors.shown(path, root) if len(paths) > 1 else ""
                file = _File(path, encoding, named, connection, copies)
                read.append(file.read())
                records += file.records
                bad += file.bad
    except (UnicodeError, LookupError):
        removed(copies)
        raise CdmqError(errors.not_encoded(dataset, root, path, encoding)) from None
    except (OSError, _Refused) as error:
        removed(copies)
        raise CdmqError(_broken(dataset, root, path, str(error))) from None
    except duckdb.Error as error:
        removed(copies)
        raise CdmqError(errors.explain(str(error), dataset, root, [path])) from None
    return Prepared(tuple(read), copies, "", records, tuple(bad))


def json_columns(dataset: Dataset, paths: Sequence[Path], root: Path) -> list[str]:
    """The names of the columns: the keys of all objects."""
    prepared = prepare_json(dataset, paths, root)
    try:
        return json_keys(dataset, prepared, paths, root)
    finally:
        removed(prepared.copies)


def json_keys(dataset: Dataset, prepared: Prepared, paths: Sequence[Path], root: Path) -> list[str]:
    """The keys of all objects, in the order in which they first come. Where there are none the
    copies are removed."""
    import duckdb

    keys = exp.Unnest(expressions=[nodes.call("json_keys", nodes.column("json"))])
    query = nodes.select([nodes.alias(keys, "k")], objects(prepared.paths))
    try:
        with duckdb.connect() as connection:
            rows = connection.execute(
                "SELECT k FROM (SELECT k, min(n) AS n FROM (SELECT k, row_number() OVER () AS n "
                f"FROM ({query.sql('duckdb')})) GROUP BY k) ORDER BY n"
            ).fetchall()
    except duckdb.Error as error:
        removed(prepared.copies)
        raise CdmqError(errors.explain(str(error), dataset, root, paths, prepared.copies)) from None
    names = [str(r[0]) for r in rows]
    if not names:
        removed(prepared.copies)
        first = next(iter(prepared.bad), None)
        why = f"; {first.place}: {first.why}" if first else ""
        raise CdmqError(_broken(dataset, root, paths[0], f"it holds no objects with keys{why}"))
    check_names([*map(composed, names)], dataset, Span(errors.shown(paths[0], root)))
    return names


def objects(paths: Iterable[Path], **options: str) -> exp.Expr:
    """The table of the values in files, as JSON."""
    listed = exp.Array(expressions=[nodes.text(str(p)) for p in paths])
    said = {"maximum_object_size": nodes.number(LARGEST)} | {
        name: nodes.text(value) for name, value in options.items()
    }
    return nodes.call(
        "read_json_objects",
        listed,
        *(exp.EQ(this=exp.Identifier(this=n, quoted=False), expression=v) for n, v in said.items()),
    )


class _Refused(Exception):
    """The file is JSON, and holds no records."""


class _File:
    """One file: how many records it holds, and the lines that are none."""

    def __init__(
        self,
        path: Path,
        encoding: str,
        named: str,
        connection: DuckDBPyConnection,
        copies: dict[str, Path],
    ) -> None:
        self.path, self.named, self.connection, self.copies = path, named, connection, copies
        self.encoding = headers.python_encoding(encoding)
        self.as_is = encoding.lower() in headers.UTF8 and not _has_nul(path)
        self.records = 0
        self.bad: list[BadLine] = []

    def read(self) -> Path:
        """What DuckDB is to read: the file, or a copy of its records in utf-8."""
        if not self._is_by_line():
            return self._whole()
        import duckdb

        if self.as_is:
            with suppress(duckdb.Error):  # then each line is looked at
                self.records, good = self._counted(self.path, format="newline_delimited")
                if good == self.records:
                    return self.path
        self.records = 0
        return self._copied(self._good_lines())

    def _is_by_line(self) -> bool:
        """Its name says so, or one of its first two lines is an object; a list is none."""
        with compressed.text(self.path, self.encoding, "replace") as file:
            lines = (line.strip() for line in file)
            first = list(islice((line for line in lines if line), 2))
        if not first or first[0].startswith("["):
            return False
        named = compressed.plain_name(self.path.name).lower().endswith(_BY_LINE)
        return named or not all(why for _, why in self._why(first))

    def _whole(self) -> Path:
        path = self.path if self.as_is else self._copied(self._blocks())
        self.records, good = self._counted(path)
        if good != self.records:
            raise _Refused("a value in it is no object, or has a key twice")
        return path

    def _counted(self, path: Path, **options: str) -> tuple[int, int]:
        """How many values there are, and how many are records."""
        table = objects([path], **options).sql("duckdb")
        row = self.connection.execute(
            "SELECT count(*), count(*) FILTER (json_type(json) = 'OBJECT' AND "
            f"list_unique(json_keys(json)) = len(json_keys(json))) FROM {table}"
        ).fetchone()
        assert row is not None
        return row

    def _why(self, texts: Sequence[str]) -> list[tuple[int, str | None]]:
        return self.connection.execute(_WHY, [list(texts)]).fetchall()

    def _good_lines(self) -> Iterator[str]:
        with compressed.text(self.path, self.encoding) as file:
            lines = ((number, _without_nul(line.strip())) for number, line in enumerate(file, 1))
            full = ((number, line) for number, line in lines if line)
            while some := list(islice(full, _AT_ONCE)):
                for at, why in self._why([line for _, line in some]):
                    number, line = some[at - 1]
                    if why:
                        self.bad.append(BadLine(self.named, number, line[:SHOWN], why))
                    else:
                        self.records += 1
                        yield line + "\n"

    def _blocks(self) -> Iterator[str]:
        """The whole text; NUL as its symbol."""
        with compressed.text(self.path, self.encoding) as file:
            kept = ""
            while block := file.read(1 << 20):
                block = kept + block
                cut = _CUT.search(block)
                end = cut.start() if cut else len(block)
                kept = block[end:]
                yield _without_nul(block[:end])
            yield _without_nul(kept)

    def _copied(self, texts: Iterable[str]) -> Path:
        """A file of these texts in utf-8, in the system's temporary folder."""
        with tempfile.NamedTemporaryFile(
            "w", suffix=".json", prefix="cdmq-", delete=False, encoding="utf-8", newline=""
        ) as made:
            self.copies[made.name] = self.path
            cast(TextIO, made).writelines(texts)
        return Path(made.name)


def _without_nul(text: str) -> str:
    """The text with NUL as its symbol, as such and as JSON writes it."""
    return _NUL.sub("\\1\u2400", text.replace("\0", "\u2400"))


def _has_nul(path: Path) -> bool:
    with compressed.binary(path) as file:
        end = b""
        while block := file.read(1 << 20):
            if b"\0" in block or b"\\u0000" in end + block:
                return True
            end = block[-5:]
    return False


def _broken(dataset: Dataset, root: Path, path: Path, cause: str) -> Problem:
    place = Span(errors.shown(path, root))
    return errors.broken(
        dataset,
        place,
        f"the file cannot be read: {cause}",
        "mend it: records are objects, one a line or all in one list",
    )
