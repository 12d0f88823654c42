"""The reference tables that forms join: small CSV files beside this one."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

FOLDER = Path(__file__).with_name("tables")
ColumnType = Literal["text", "integer"]

#: Columns that hold whole numbers; every other column is text.
INTEGERS: dict[str, frozenset[str]] = {
    "phone_plans": frozenset({"depth"}),
    "phone_readings": frozenset({"skip", "keep", "jump"}),
    "phone_numbers": frozenset({"calling", "drop", "deepest"}),
    "postcodes": frozenset({"skip", "cut"}),
}


@dataclass(frozen=True)
class ReferenceTable:
    """A table to be loaded before a form that joins it is run.

    `path` is a UTF-8 csv with a header, commas, no quotes; an empty field is NULL.
    `digest` is the SHA-256 of the file: the caller reloads when it changes.
    """

    name: str
    columns: tuple[tuple[str, ColumnType], ...]
    path: Path
    digest: str

    def rows(self) -> Iterator[tuple[str | int | None, ...]]:
        """The rows, typed as `columns` says."""
        types = [type_ for _, type_ in self.columns]
        with self.path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            next(reader)
            for fields in reader:
                yield tuple(
                    None if field == "" else int(field) if type_ == "integer" else field
                    for field, type_ in zip(fields, types, strict=True)
                )


@cache
def countries() -> frozenset[str]:
    """The countries (ISO 3166, two letters) of which a form knows numbers or postcodes."""
    plans = {str(row[0]).partition(":")[0] for row in reference_table("phone_plans").rows()}
    coded = {str(row[0]) for row in reference_table("postcode_countries").rows()}
    return frozenset(code for code in plans | coded if re.fullmatch("[A-Z]{2}", code))


def table_names() -> tuple[str, ...]:
    """Every reference table, by name."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.csv")))


@cache
def reference_table(name: str) -> ReferenceTable:
    """The reference table `name`; KeyError where there is none."""
    path = FOLDER / f"{name}.csv"
    if not path.is_file():
        raise KeyError(name)
    content = path.read_bytes()
    header = content.split(b"\n", 1)[0].decode("utf-8").strip().split(",")
    whole = INTEGERS.get(name, frozenset())
    columns = tuple((c, _type(c in whole)) for c in header)
    return ReferenceTable(name, columns, path, hashlib.sha256(content).hexdigest())


def _type(whole: bool) -> ColumnType:
    return "integer" if whole else "text"
