"""The lines of a csv file: those that are records, and those that cannot be read as one.

Every csv is looked at line by line before DuckDB reads it. Where all is well DuckDB reads the file
itself; else it reads a copy without what is no record. Lines are counted as an editor does.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from cdmq.files import compressed
from cdmq.files.headers import Head, python_encoding

#: A record of more lines than that has a quote that is not closed.
_MOST_LINES = 10_000
#: How much of a bad line is kept.
SHOWN = 1_000


@dataclass(frozen=True)
class BadLine:
    """A line that is no record. `text` is its beginning, where it is long."""

    file: str
    number: int
    text: str
    why: str

    @property
    def place(self) -> str:
        return f"{self.file + ' ' if self.file else ''}line {self.number}"


@dataclass(frozen=True)
class Looked:
    """What one pass over a file found. `as_is`: it can be read as it stands."""

    records: int
    bad: tuple[BadLine, ...]
    as_is: bool


def look(
    path: Path, head: Head, columns: int, named: str = "", out: TextIO | None = None
) -> Looked:
    """Look at every line; with `out`, write the records there, each ended by a line feed.

    Raises UnicodeError where the file is not of its encoding.
    """
    reader = _Reader(head, columns, named, out)
    with compressed.text(path, python_encoding(head.encoding)) as file:
        reader.read(file)
        ends = file.newlines
    uniform = ends is None or isinstance(ends, str)
    return Looked(reader.records, tuple(reader.bad), uniform and head.plain and reader.as_is)


class _Reader:
    """One pass over the lines of a file."""

    def __init__(self, head: Head, columns: int, named: str, out: TextIO | None) -> None:
        self.head, self.columns, self.named, self.out = head, columns, named, out
        self.records, self.as_is = 0, True
        self.bad: list[BadLine] = []
        #: Lines that were read ahead of an open quote, and empty records that may be the last.
        self.ahead: deque[str] = deque()
        self.empty: list[str] = []
        self.number = 0
        self.shape = _Shape(head.delimiter, columns)

    def read(self, file: TextIO) -> None:
        self.file = file
        for _ in range(self.head.above):
            next(file, "")
        self.number = self.head.above
        sign, wanted, again = self.head.delimiter, self.columns - 1, self.head.line
        first = (again or "\n")[0]
        odd = {sign, " ", "\t", "\r", "\n", "\ufeff"}
        usual = self.shape.usual.match
        while line := self.ahead.popleft() if self.ahead else next(file, ""):
            self.number += 1
            start = line[0]
            if start in odd or "\0" in line or (start == first and line.rstrip("\r\n") == again):
                self._odd(line)
            elif usual(line) if '"' in line else line.count(sign) == wanted:
                self._record(line.rstrip("\r\n"))
            else:
                self._odd(line)
        if self.empty:
            self.as_is = False  # rows of nothing at the end, as a spreadsheet leaves them

    def _odd(self, line: str) -> None:
        """A line with quotes, of another number of cells, or with nothing in it."""
        text = line.rstrip("\r\n").replace("\0", "\u2400")
        self.as_is = self.as_is and "\0" not in line
        if text.startswith("\ufeff") and self.number > 1:
            text, self.as_is = text[1:], False
        if not text.strip(f"{self.head.delimiter} \t"):
            self._nothing(text)
        elif '"' not in text:
            self._cells(text, text)
        else:
            self._quoted(text, line)

    def _nothing(self, text: str) -> None:
        """Empty cells alone: a record only if their number is right and another follows."""
        if text.count(self.head.delimiter) == self.columns - 1 and (text or self.columns == 1):
            self.empty.append(text)
        elif text:
            self.as_is = False

    def _quoted(self, text: str, line: str) -> None:
        """A record with quotes, which may go over many lines."""
        state, parts = self.shape.after(text), [line]
        while state == "open" and len(parts) < _MOST_LINES:
            more = self.ahead.popleft() if self.ahead else next(self.file, "")
            if not more:
                break
            parts.append(more)
            state = self.shape.after_open(more.rstrip("\r\n"))
        if state == "open" and len(parts) == _MOST_LINES:
            self._is_bad(text, f"a quote is not closed within {_MOST_LINES:,} lines")
        elif state != "closed":
            self._is_bad(text, "a quote is not closed, or text stands behind it")
        else:
            whole = "".join(parts).rstrip("\r\n").replace("\0", "\u2400")
            if self._cells(whole, text):
                self.number += len(parts) - 1
                return
        self.ahead.extendleft(reversed(parts[1:]))

    def _cells(self, whole: str, text: str) -> bool:
        """A record if the number of its cells is right, or all others are empty."""
        if self.columns > 1 and whole == self.head.line:
            self._is_bad(text, "the header stands here again")
            return False
        end = self.shape.end_of(whole)
        if end is not None:
            self.as_is = self.as_is and end == len(whole)
            self._record(whole[:end])
            return True
        count = self.shape.count(whole)
        self._is_bad(text, f"{count} value{'s' * (count != 1)} in place of {self.columns}")
        return False

    def _record(self, text: str) -> None:
        for waiting in self.empty:
            self._write(waiting)
        self.empty.clear()
        self._write(text)

    def _write(self, text: str) -> None:
        self.records += 1
        if self.out:
            self.out.write(text + "\n")

    def _is_bad(self, text: str, why: str) -> None:
        self.bad.append(BadLine(self.named, self.number, text[:SHOWN], why))
        self.as_is = False


class _Shape:
    """What the text of a record looks like, for one delimiter and number of columns."""

    def __init__(self, sign: str, columns: int) -> None:
        d, blank = re.escape(sign), "[" + " \t".replace(sign, "") + "]*"
        inside = '[^"]*+(?:""[^"]*+)*+'
        quoted = f'{blank}"{inside}"{blank}'
        cell = f'(?:{quoted}|(?!{blank}")[^{d}]*+)'
        opened = f'{blank}"{inside}'
        cells = f"(?:{cell}{d})*+"
        nothing = f'(?:{d}(?:{blank}""{blank}|{blank}))*+$'
        tight = f'(?:"{inside}"|[^"{d}\\r\\n]*+)'
        #: Most records with quotes, quickly.
        self.usual = re.compile(f"{tight}(?:{d}{tight}){{{columns - 1}}}[\\r\\n]*+$")
        self._delimiter, self._cell = sign, re.compile(cell)
        self._line = re.compile(f"{cells}(?:(?P<open>{opened})|{cell})$")
        self._go_on = re.compile(
            f'{inside}(?:(?P<open>$)|"{blank}(?:$|{d}{cells}(?:(?P<later>{opened})|{cell})$))'
        )
        self._record = re.compile(f"(?P<all>{cell}(?:{d}{cell}){{{columns - 1}}}){nothing}")

    def after(self, line: str) -> str:
        """closed, open or broken: where a line leaves a record that begins with it."""
        found = self._line.match(line)
        return "broken" if not found else "open" if found["open"] is not None else "closed"

    def after_open(self, line: str) -> str:
        """The same for a line that begins inside of quotes."""
        found = self._go_on.match(line)
        if not found:
            return "broken"
        return "open" if found["open"] is not None or found["later"] is not None else "closed"

    def end_of(self, record: str) -> int | None:
        """Where the record's cells end, if nothing but empty cells follows; else None."""
        found = self._record.match(record)
        return found.end("all") if found else None

    def count(self, record: str) -> int:
        """The number of cells."""
        count, at = 0, -1
        while at < len(record) and (at < 0 or record[at] == self._delimiter):
            found = self._cell.match(record, at + 1)
            count, at = count + 1, found.end() if found else len(record)
        return count
