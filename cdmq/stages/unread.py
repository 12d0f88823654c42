"""Files and folders of which nothing would be read, and nothing said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from cdmq.kinds import kinds
from cdmq.problems import Problem, Span
from cdmq.spec import ProjectFile
from cdmq.walk import YAML, Files
from cdmq.yaml_source import Source

_USUAL = frozenset({"models", "rules", "unit_tests", "seeds", "macros"})
#: What the design has and this version has not: what it is for.
NOT_BUILT = {
    "people.yml": "who may decide what is not read",
    "people.yaml": "who may decide what is not read",
    "decisions": "waivers, match decisions and approvals are not read",
}
_HEAD = ("version", "dataset", "owner", "tags")
_LISTS = ("datasets", "unit_tests")


def not_read(
    root: Path, folders: list[str], endings: Iterable[str], files: Files
) -> Iterator[Problem]:
    """Files whose real ending is hidden: `customers.yml.txt`."""
    hidden = tuple(e for e in endings if e.endswith(".txt"))
    for path in files.find(root, folders, hidden):
        place = path.relative_to(root).as_posix()
        yield Problem(Span(place), "CDMQ127", "the file is not read: its name ends in .txt",
                      f"rename it to {path.name[: -len('.txt')]}, or move it out of the folder")


def not_built(root: Path, config: ProjectFile, files: Files) -> Iterator[Problem]:
    """Files of what a later version reads: whoever wrote them thinks that they count."""
    read = {*config.model_paths, *config.rule_paths, *config.seed_paths, *config.macro_paths}
    for name, said in NOT_BUILT.items():
        if name not in read:
            for path in files.find(root, [name], YAML)[:1]:
                yield Problem(Span(path.relative_to(root).as_posix()), "CDMQ114", f"{name} is not "
                              f"built yet: {said}", "take it out until a version can read it")


def empty_file(source: Source) -> Iterator[Problem]:
    """A file of rules, datasets or unit tests in which nothing stands."""
    span = Span(source.file)
    if source.data is None:
        yield Problem(span, "CDMQ128", "the file is empty, or holds comments only: nothing in it "
                      "is judged", "write what it should say, or delete it")
    elif isinstance(source.data, dict) and set(source.data) <= {*_HEAD, *_LISTS, *kinds()}:
        listed = [k for k in (*_LISTS, *kinds()) if k in source.data]
        if not any(source.data[k] for k in listed):
            named = ", ".join(f"{k}: has no entry" for k in listed) or "no section with rules"
            yield Problem(span, "CDMQ128", f"nothing stands in the file: {named}",
                          "write what it should say, or delete it")


def missing_folders(
    root: Path, key: str, folders: Iterable[str], source: Source
) -> Iterator[Problem]:
    """Folders that cdmq_project.yml names and that are not there; those of the usual names may
    come later."""
    if key == "target-path" or (key,) not in source.spans:
        return
    for folder in folders:
        if folder.rstrip("/") not in _USUAL and not (root / folder).is_dir():
            yield Problem(source.at((key,)), "CDMQ129", f"{key}: there is no folder '{folder}'",
                          "mend the name, or make the folder")
