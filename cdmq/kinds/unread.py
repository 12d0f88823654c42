"""Files and folders of which nothing would be read, and nothing said."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from cdmq.kinds import kinds
from cdmq.problems import Problem, Span
from cdmq.project.spec import wrong_name
from cdmq.project.walk import PROJECT_FILE, Files, is_text, leads_out, no_text, shown
from cdmq.project.yaml_source import Source

_USUAL = frozenset({"models", "rules", "unit_tests", "seeds", "macros"})
_HEAD = ("version", "dataset", "owner", "tags")
_LISTS = ("datasets", "unit_tests")


def not_read(
    root: Path, folders: list[str], endings: Iterable[str], files: Files
) -> Iterator[Problem]:
    """Files whose real ending is hidden: `customers.yml.txt`."""
    hidden = tuple(e for e in endings if e.endswith(".txt"))
    for path in files.find(root, folders, hidden):
        place = Span(shown(path.relative_to(root)))
        yield Problem(
            place,
            "CDMQ127",
            "the file is not read: its name ends in .txt",
            f"rename it to {shown(Path(path.stem))}, or move it out of the folder",
        )


def passed_over(
    root: Path, folders: list[str], endings: Iterable[str], files: Files
) -> Iterator[Problem]:
    """What is no file, or stands behind a link to a folder."""
    for path in files.odd(root, folders, tuple(endings)):
        place = Span(shown(path.relative_to(root)))
        try:
            os.listdir(path)
            error = None
        except OSError as told:
            error = told
        loops = error is not None and error.errno == errno.ELOOP
        if not loops and not files.is_within(root, path):
            yield leads_out(place, "the link")
        elif error is None:
            yield Problem(
                place,
                "CDMQ127",
                "a link to a folder is not followed: nothing behind it is read",
                "put the files in its place, or name the link in "
                f"{PROJECT_FILE} as a folder of its own",
            )
        elif isinstance(error, NotADirectoryError):
            yield Problem(
                place,
                "CDMQ121",
                "it is a pipe, a socket or a device, and no file",
                "put a file in its place",
            )
        else:
            yield Problem(
                place,
                "CDMQ121",
                f"it cannot be opened: {error.strerror}",
                "look at its permissions and where it leads; is a disk not mounted?",
            )


def usable(
    root: Path,
    folders: list[str],
    endings: tuple[str, ...],
    problems: list[Problem],
    files: Files,
    named: bool = False,
) -> list[Path]:
    """The files that can be read; `named`: each has the name of the dataset that it makes."""
    found = []
    for path in files.find(root, folders, endings):
        below = path.relative_to(root)
        wrong = wrong_name(path.stem) if named else None
        if not is_text(below):
            problems.append(no_text(below, "the file"))
        elif wrong:
            problems.append(
                Problem(
                    Span(shown(below)),
                    "CDMQ133",
                    f"the file has the name of its dataset, and {wrong}",
                    "rename the file",
                )
            )
        else:
            found.append(path)
    return found


def empty_file(source: Source) -> Iterator[Problem]:
    """A file of rules, datasets or unit tests in which nothing stands."""
    span = Span(source.file)
    if source.data is None:
        yield Problem(
            span,
            "CDMQ128",
            "the file is empty, or holds comments only: nothing in it is judged",
            "write what it should say, or delete it",
        )
    elif isinstance(source.data, dict) and set(source.data) <= {*_HEAD, *_LISTS, *kinds()}:
        listed = [k for k in (*_LISTS, *kinds()) if k in source.data]
        if not any(source.data[k] for k in listed):
            named = ", ".join(f"{k}: has no entry" for k in listed) or "no section with rules"
            yield Problem(
                span,
                "CDMQ128",
                f"nothing stands in the file: {named}",
                "write what it should say, or delete it",
            )


def missing_folders(
    root: Path, key: str, folders: Iterable[str], source: Source
) -> Iterator[Problem]:
    """Folders that cdmq_project.yml names and that are not there; those of the usual names may
    come later."""
    if key == "target-path" or (key,) not in source.spans:
        return
    for folder in folders:
        if folder.rstrip("/") not in _USUAL and not (root / folder).is_dir():
            yield Problem(
                source.at((key,)),
                "CDMQ129",
                f"{key}: there is no folder '{folder}'",
                "mend the name, or make the folder",
            )
