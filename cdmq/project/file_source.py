"""A file that is read, as a dataset declares it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from cdmq.project.fields import Bool, Model, Threshold

DateForm = Literal[
    "YYYY-MM-DD", "DD.MM.YYYY", "DD/MM/YYYY", "MM/DD/YYYY", "DD-MM-YYYY", "YYYY/MM/DD", "YYYYMMDD"
]


def _yes_or_no(value: Any) -> Any:
    return {"no": "false", "yes": "true"}.get(value, value) if isinstance(value, str) else value


class FileSource(Model):
    """A file that is read: csv, tsv, json (objects, one a line or in an array), each also
    compressed (`.csv.gz`), parquet or xlsx."""

    path: str = Field(description="From the project's folder.")
    format: Literal["csv", "json", "parquet", "xlsx"] | None = Field(
        None, description="Default: by the ending of the path."
    )
    delimiter: str = Field(
        ",", min_length=1, max_length=1, description="What parts the columns of a csv."
    )
    encoding: str = Field(
        "utf-8", description="Of csv and JSON: such as cp1252 for a file of Excel on Windows."
    )
    decimal: Literal[".", ","] = Field(".", description="What parts 49 from 90 in 49.90.")
    dates: DateForm = Field("YYYY-MM-DD", description="How the file writes dates.")
    sheet: str | None = Field(
        None, description="Of an .xlsx file. Default: the first that is not hidden."
    )
    skip: int = Field(
        0, ge=0, description="How many lines of a csv or rows of a sheet stand above its header."
    )
    header: Annotated[Bool, BeforeValidator(_yes_or_no)] = Field(
        True,
        description="no: the first line is a record, and columns names all columns in their order.",
    )
    bad_lines_at_most: Threshold = Field(
        "1%",
        description="How many lines may be unreadable, as a number or a share. "
        "Each is flagged and the others are judged; with more the delivery is held back.",
    )
    trim: Bool = Field(
        False,
        description="Take blanks away around each text cell; a cell of blanks alone is empty.",
    )
