"""Files that may be compressed: what ends in .gz is read as if it were not."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import IO, BinaryIO, TextIO, cast

ENDING = ".gz"


class _Unpacked(gzip.GzipFile):
    """What is broken is an OSError, as of any other file."""

    def read(self, size: int | None = -1) -> bytes:
        try:
            return super().read(size)
        except (EOFError, zlib.error) as error:
            raise OSError(f"it is no whole gzip file: {error}") from None

    def read1(self, size: int = -1) -> bytes:
        try:
            return super().read1(size)
        except (EOFError, zlib.error) as error:
            raise OSError(f"it is no whole gzip file: {error}") from None


def plain_name(path: str) -> str:
    """The name of what is inside."""
    return path[: -len(ENDING)] if path.lower().endswith(ENDING) else path


def is_compressed(path: Path) -> bool:
    return path.name != plain_name(path.name)


def binary(path: Path) -> BinaryIO:
    if is_compressed(path):
        return cast(BinaryIO, io.BufferedReader(_Unpacked(path)))
    return path.open("rb")


def text(path: Path, encoding: str, errors: str | None = None) -> TextIO:
    """The text of a file, its line ends as they are."""
    if is_compressed(path):
        unpacked = cast(IO[bytes], _Unpacked(path))
        return io.TextIOWrapper(unpacked, encoding=encoding, errors=errors, newline="")
    return cast(TextIO, path.open(encoding=encoding, errors=errors, newline=""))
