"""A new project on disk: made from the reference project, or a minimal one of one rule."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cdmq.problems import CdmqError, Problem, Span
from cdmq.project.walk import PROJECT_FILE

if TYPE_CHECKING:
    from cdmq.commands.init_from import FromFiles

_PARTS = (PROJECT_FILE, "profiles.yml", "models", "rules")
_ENDINGS = {".yml", ".sql", ".csv", ".json", ".md"}

_README = """\
# {name}

A project of cdmq, the data quality framework for customer data: rules in YAML, flags and an audit
trail in the warehouse.

    cdmq run            build the datasets, apply the defaults, judge the rules
    cdmq unit-test      the rules' own tests, in memory
    cdmq ls             all rules and datasets
    cdmq explain        the manual; cdmq explain --record KEY: all that happened to one record
    cdmq history RULE   its versions: who, when, why, and what each found
    cdmq schema --write schemas, for an editor that completes keys

Datasets stand in models/, rules and their unit tests in rules/, the connection in profiles.yml
(secrets only by env_var()). What a run writes stands in target/, which git does not keep.
"""

_MINIMAL: Mapping[str, str] = {
    PROJECT_FILE: "name: {name}\n",
    "profiles.yml": """\
{name}:
  target: dev
  outputs:
    # what a run makes stands in this schema, the audit tables in {schema}_cdmq
    dev: {{type: duckdb, path: target/{name}.duckdb, schema: {schema}}}
""",
    "models/customers.yml": """\
version: 1
datasets:
  - {{name: customers, file: data/customers.csv, key: id}}
""",
    "rules/customers.yml": """\
version: 1
dataset: customers
validation:
  - {{column: email, checks: [email], why: What is not an address bounces.}}
""",
    "data/customers.csv": """\
id,name,email
1,Anna Weiler,anna@example.com
2,Jo Brunn,jo@@example.com
3,Mia Eichen,
""",
}


@dataclass(frozen=True)
class Made:
    """A new project: where it is, its name, and the files written, relative to it."""

    root: Path
    name: str
    files: tuple[str, ...]


def init(
    folder: str | Path,
    *,
    name: str | None = None,
    minimal: bool = False,
    from_files: Sequence[str | Path] = (),
) -> Made:
    """Write a project to `folder`, without a file that stands there already.

    With `from_files` it is made for those: files outside of the folder are copied into its data/.

    Raises CdmqError, and writes nothing, where that is more than README.md and .gitignore.
    """
    root = Path(folder)
    named = name or re.sub(r"\W+", "_", root.resolve().name)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", named):
        raise CdmqError(
            Problem(
                Span(str(root)),
                "CDMQ541",
                f"'{named}' is no name for a project",
                "give one with --name: letters, digits and underscores",
            )
        )
    looked = _look(from_files, root) if from_files else None
    files = dict(
        _own(named, looked) if looked else _minimal(named) if minimal else _from_reference(named)
    )
    copies = looked.copies if looked else {}
    standing = [f for f in (*files, *copies) if (root / f).exists()]
    if standing:
        raise CdmqError(
            [
                Problem(
                    Span(str(root / f)),
                    "CDMQ540",
                    "the file is there already: nothing is written",
                    "name another folder: cdmq init FOLDER",
                )
                for f in standing[:3]
            ]
        )
    beside = {"README.md": _README.format(name=named).encode(), ".gitignore": b"target/\n"}
    files |= {f: content for f, content in beside.items() if not (root / f).exists()}
    _write(root, files, copies)
    return Made(root, named, tuple(sorted([*files, *copies])))


def _look(files: Sequence[str | Path], root: Path) -> FromFiles:
    from cdmq.commands.init_from import from_files

    return from_files([Path(f) for f in files], root)


def _own(name: str, looked: FromFiles) -> Iterator[tuple[str, bytes]]:
    yield from ((f, content) for f, content in _minimal(name) if "/" not in f)
    for file, text in looked.texts.items():
        yield file, text.encode()


def _write(root: Path, files: Mapping[str, bytes], copies: Mapping[str, Path]) -> None:
    made = not root.exists()
    try:
        for file, content in files.items():
            path = root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as out:  # never over a file that came meanwhile
                out.write(content)
        for file, source in copies.items():
            path = root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as out, source.open("rb") as read:
                shutil.copyfileobj(read, out)
    except OSError as error:
        if made:
            shutil.rmtree(root, ignore_errors=True)
        raise CdmqError(
            Problem(
                Span(str(root)),
                "CDMQ542",
                f"cannot be written: {error.strerror}",
                "look at the folder's permissions",
            )
        ) from None


def _minimal(name: str) -> Iterator[tuple[str, bytes]]:
    for file, text in _MINIMAL.items():
        yield file, text.format(name=name, schema=schema_of(name)).encode()


def schema_of(name: str) -> str:
    """The schema of a new project: one of its own, where no table of anybody else stands.

    Not the name alone: DuckDB would take it for that of the database file.
    """
    return f"{name[:50].lower()}_dq"


def reference_root() -> Path:
    """The reference project: in the package when installed, else the repository's root."""
    packaged = Path(__file__).parents[1] / "reference"
    root = packaged if (packaged / PROJECT_FILE).is_file() else Path(__file__).parents[2]
    if not (root / PROJECT_FILE).is_file():
        raise CdmqError(
            Problem(
                Span(str(root)),
                "CDMQ543",
                "the reference project is not with this installation",
                "install cdmq again, or say --minimal",
            )
        )
    return root


def _from_reference(name: str) -> Iterator[tuple[str, bytes]]:
    """Its files under the new name."""
    root = reference_root()
    for part in _PARTS:
        paths = [root / part] if (root / part).is_file() else sorted((root / part).rglob("*"))
        for path in paths:
            if path.is_file() and path.suffix in _ENDINGS:
                content = path.read_bytes()
                if part in (PROJECT_FILE, "profiles.yml"):
                    content = _renamed(content.decode(), name).encode()
                yield path.relative_to(root).as_posix(), content


def _renamed(text: str, name: str) -> str:
    """The project file or profiles.yml under another name; what it says of the repository goes."""
    text = re.sub(r"\A(#[^\n]*\n)+", "", text) if "name: reference" in text else text
    text = re.sub(r"(?m)^(name|profile): reference$", rf"\1: {name}", text)
    text = re.sub(r"(?m)^reference:$", f"{name}:", text)
    schema = schema_of(name)
    path = "      path: target/reference.duckdb\n"
    text = text.replace(path, f"{path}      schema: {schema}  # audit tables: {schema}_cdmq\n")
    text = text.replace("'CDMQ_PG_SCHEMA', 'public'", f"'CDMQ_PG_SCHEMA', '{schema}'")
    return text.replace("target/reference.duckdb", f"target/{name}.duckdb")
