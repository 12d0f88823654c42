"""What a kind is given where its rules become work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder
from cdmq.problems import Problem
from cdmq.sql.types import Type
from cdmq.steps import DatasetSteps
from cdmq.values import Catalog, Dataset, Project, Rule

T = TypeVar("T")


@dataclass(frozen=True)
class Compiling:
    """One dataset: its rows as rules see them, and what is known of the others.

    What does not fit is told in `problems`. With `check_only` nothing is built.
    """

    project: Project
    catalog: Catalog
    dataset: Dataset
    rows: Rows
    binder: Binder
    problems: list[Problem]
    check_only: bool
    #: The steps of the datasets that it may stand on.
    before: Mapping[str, DatasetSteps]

    @property
    def dialect(self) -> str:
        return self.binder.dialect


class Apart(Protocol):
    """Compiles a rule apart from the others: what does not fit is told, and it is left out."""

    def __call__(self, rule: Rule, compiled: Callable[[], T | None]) -> T | None: ...


@dataclass(frozen=True)
class Layering:
    """One dataset before its cells are changed: its columns as they are delivered."""

    project: Project
    catalog: Catalog
    dataset: Dataset
    columns: Mapping[str, Type]
    binder: Binder
    problems: list[Problem]
    apart: Apart
