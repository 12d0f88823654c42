"""What a kind is given where its rules become work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cdmq.datasets.rows import Rows
from cdmq.kinds.binding import Binder
from cdmq.problems import Problem
from cdmq.steps import DatasetSteps
from cdmq.values import Catalog, Dataset, Project


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
