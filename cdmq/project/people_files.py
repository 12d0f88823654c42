"""people.yml and the files in decisions/, read: each is a list. They hold no Jinja."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from cdmq.problems import Problem, Span
from cdmq.project.people import DecisionSpec, Person
from cdmq.project.spec import ProjectFile
from cdmq.project.typed import read_model
from cdmq.project.yaml_source import Source

M = TypeVar("M", bound=BaseModel)
#: Where they stand, from the project's folder.
PEOPLE, DECISIONS = ("people.yml", "people.yaml"), "decisions"


def apart(config: ProjectFile) -> tuple[list[str], list[str]]:
    """Where people and decisions stand, but for what is a folder of something else."""
    other = {*config.model_paths, *config.rule_paths, *config.seed_paths, *config.macro_paths}
    return [p for p in PEOPLE if p not in other], [p for p in (DECISIONS,) if p not in other]


def people_of(
    paths: Iterable[Path], read: Callable[[Path], Source], problems: list[Problem]
) -> tuple[Person, ...]:
    """Who may decide: each login once."""
    found: dict[str, tuple[Person, Span]] = {}
    for path in paths:
        for person, span in _items(Person, read(path), problems, "person"):
            if person.login in found:
                first = found[person.login][1]
                cause = f"the login '{person.login}' stands twice"
                how = f"remove one of them (the first is at {first})"
                problems.append(Problem(span, "CDMQ201", cause, how))
            else:
                found[person.login] = person, span
    return tuple(person for person, _ in found.values())


def decisions_of(
    paths: Iterable[Path], read: Callable[[Path], Source], problems: list[Problem]
) -> tuple[tuple[DecisionSpec, Span], ...]:
    """What the files say was decided, in their order."""
    return tuple(
        item for path in paths for item in _items(DecisionSpec, read(path), problems, "decision")
    )


def _items(
    model: type[M], source: Source, problems: list[Problem], what: str
) -> list[tuple[M, Span]]:
    if source.data is None or source.problems:
        return []
    if not isinstance(source.data, list):
        cause = f"the file must be a list: a {what} an entry"
        how = f"write each as - {{...}}; see: cdmq explain {'people' if what == 'person' else 'decisions'}"
        problems.append(Problem(source.at(()), "CDMQ112", cause, how))
        return []
    read = (
        (read_model(model, item, source, (i,), problems, what), source.at((i,)))
        for i, item in enumerate(source.data)
    )
    return [(item, span) for item, span in read if item is not None]
