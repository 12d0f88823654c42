"""How a page for people is written, and where its commands run.

```console   lines that begin with `$ ` are commands, the lines below are what they print; a
             line `...` stands for any lines, ` ...` at the end of one for its rest. A command
             ends with exit code 0, or `$ echo $?` follows and shows its code.
```sql       is run on the DuckDB file of the page's last run; a table below is its rows.
```yaml      must be YAML as cdmq reads it.

<!-- world: W -->          where its commands run: empty, reference (a copy of the project of
                           this repository, in git), repository (a copy of the code)
<!-- file: PATH -->        the block below is written to that file
<!-- not run: WHY -->      the block below is only looked at: targets, extras, commands exist
<!-- wrong on purpose -->  the YAML below cannot be read
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import reference_run

ROOT = Path(__file__).parents[1]
_COMMENT = re.compile(r"<!-- *(world|file|not run|wrong on purpose)(?:: *(.*?))? *-->")
#: What differs from run to run, and the word that stands for it.
_VARIES = (
    (r"\d{8}T\d{9}-[0-9a-f]{6}", "RUN"),
    (r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?(\.\d+)?( UTC|Z)?", "TIME"),
    (r"(?m)^\d{2}:\d{2}:\d{2}", "CLOCK"),
    (r"\b\d+\.\d+ s\b", "SECONDS"),
    (r"\b(python|duckdb|sqlglot|pydantic|psycopg) v?\d+(\.\d+)+", r"\1 VERSION"),
    (r"\bcommit +[0-9a-f]{7,12}\b", "commit DIGEST"),
    (r'"(ts|seconds|run_id)": ("[^"]*"|[\d.]+)', r'"\1": VARIES'),
    (r"\bversion [0-9a-f]{10}\b", "version DIGEST"),
    (r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])([0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{7,12})\b", "DIGEST"),
)


@dataclass
class Block:
    """A fenced block, with the comments that stand right above it."""

    page: Path
    line: int
    language: str
    lines: list[str] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    #: The rows of the table right below a block of SQL.
    table: list[list[str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def commands(self) -> Iterator[tuple[str, list[str]]]:
        """Each command with the lines below it. A command ending in a backslash goes on."""
        found: list[tuple[str, list[str]]] = []
        for line in self.lines:
            if found and found[-1][0].endswith("\\"):
                found[-1] = (f"{found[-1][0]}\n{line}", [])
            elif line.startswith("$ "):
                found.append((line[2:], []))
            else:
                assert found, f"{self.place}: output above the first command"
                found[-1][1].append(line)
        return iter(found)


def blocks(page: Path) -> list[Block]:
    found: list[Block] = []
    marks: dict[str, str] = {}
    inside = after_sql = False
    for number, line in enumerate(page.read_text("utf-8").splitlines(), 1):
        if inside:
            if line.strip() == "```":
                inside, after_sql = False, found[-1].language == "sql"
            else:
                found[-1].lines.append(line)
        elif line.startswith("```"):
            found.append(Block(page, number, line[3:].strip(), marks=marks))
            inside, marks = True, {}
        elif comment := _COMMENT.fullmatch(line.strip()):
            if comment[1] != "world":
                marks[comment[1]] = comment[2] or ""
        elif line.startswith("|") and after_sql:
            found[-1].table.append([c.strip() for c in line.strip("| ").split(" | ")])
        elif line.strip():
            marks, after_sql = {}, False
    assert not inside, f"{page}: a block is not closed"
    return found


def world_of(page: Path) -> str:
    found = re.search(r"<!-- world: (\w+) -->", page.read_text("utf-8"))
    return found[1] if found else "empty"


def normal(text: str) -> str:
    for pattern, word in _VARIES:
        text = re.sub(pattern, word, text)
    # How wide a column is printed says nothing.
    return "\n".join(re.sub(r"(?<=\S) {2,}", "  ", line.rstrip()) for line in text.splitlines())


def fits(expected: list[str], got: str) -> bool:
    """Whether output is as shown, with `...` for what the page leaves out."""
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
            continue
        cut = line.endswith(" ...")
        shown = normal(line[:-4] if cut else line)
        pattern += re.escape(shown) + (r".*\n" if cut else r"\n")
    got = normal(got)
    return re.fullmatch(pattern, got + "\n" if got else "") is not None


class World:
    """A folder and a shell for one page.

    With a `factory` the first run of the reference project is not made for each page: it is the
    session's, copied with what it printed.
    """

    def __init__(
        self, kind: str, folder: Path, factory: pytest.TempPathFactory | None = None
    ) -> None:
        self.folder, self.code, self.place = folder, 0, folder / "customers"
        self.source, self.factory, self.untouched = ROOT, factory, False
        self.place.mkdir(parents=True)
        getattr(self, f"_{kind}")()
        self.environment = reference_run.shell(folder, self.source)

    def _empty(self) -> None:
        pass

    def _reference(self) -> None:
        if self.factory is None:
            reference_run.make_project(self.folder)
        else:
            reference_run.project(self.factory, self.place)
            self.untouched = True

    def _repository(self) -> None:
        self.source = self.place
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "cdmq", self.place / "cdmq", ignore=ignored)
        for name in (
            "conftest.py",
            "contract.py",
            "depth.py",
            "marks.py",
            "runner.py",
            "test_contract.py",
        ):
            (self.place / "tests").mkdir(exist_ok=True)
            shutil.copy(ROOT / "tests" / name, self.place / "tests")
        for name in ("checks", "defaults", "kinds"):
            shutil.copytree(ROOT / "tests" / name, self.place / "tests" / name, ignore=ignored)
        shutil.copy(ROOT / "pyproject.toml", self.place)

    def run(self, command: str) -> tuple[str, int]:
        """What a command prints, and its exit code. The folder and `$?` are kept."""
        ran, _, to = command.partition(" > ")
        if self.untouched and self.factory and ran == reference_run.COMMAND:
            return self._ran(self.factory, to)
        self.untouched = False
        here = self.folder / "here"
        script = f'(exit {self.code})\n{command}\ncode=$?\npwd > "{here}"\nexit $code'
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.place,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=300,
            check=False,
        )
        if here.exists():
            self.place = Path(here.read_text().rstrip("\n"))
        self.code = done.returncode
        return done.stdout.replace(str(self.folder), "~"), done.returncode

    def _ran(self, factory: pytest.TempPathFactory, to: str) -> tuple[str, int]:
        """The session's first run of this very project, in place of another one."""
        said, self.untouched = reference_run.ran(factory, self.place), False
        self.code = said.code
        if to:
            (self.place / to).write_text(said.text, "utf-8")
        return "" if to else said.text, said.code

    def write(self, path: str, text: str) -> None:
        self.untouched = False
        file = self.place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def rows(self, query: str) -> list[list[str]]:
        """The head and the rows of a query, each cell as a page shows it."""
        import duckdb

        (file,) = self.place.glob("target/*.duckdb")
        with duckdb.connect(str(file), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            cursor = connection.execute(query)
            found = [[d[0] for d in cursor.description], *cursor.fetchall()]
        return [["NULL" if c is None else " ".join(str(c).split()) for c in r] for r in found]
