"""The columns of datasets that take those of others: stacks, and what rules make."""

from __future__ import annotations

from collections.abc import Mapping

from cdmq.problems import Problem, did_you_mean
from cdmq.sql.types import Type
from cdmq.values import Dataset, Project


def stacked(dataset: Dataset, known: Mapping[str, Mapping[str, Type]]) -> dict[str, Type]:
    """The columns of a stack: the label, then each source's, renamed, in order of appearance."""
    columns: dict[str, Type] = {"source": "text"}
    for label, source in (dataset.spec.stack or {}).items():
        names = dataset.spec.rename.get(label, {})
        for column, type_ in known[source].items():
            name = names.get(column, column)
            if name in columns and columns[name] != type_:
                columns[name] = "text"
            else:
                columns.setdefault(name, type_)
    return columns


def made_columns(
    dataset: Dataset, project: Project, known: Mapping[str, Mapping[str, Type]]
) -> dict[str, Type]:
    """The columns of a dataset that a rule makes."""
    assert dataset.maker is not None
    of = str(dataset.made_of)
    rule = project.rules[str(dataset.made_by)]
    return dataset.maker.columns(rule, project.datasets[of], known[of])


def stack_problems(dataset: Dataset, known: Mapping[str, Mapping[str, Type]]) -> list[Problem]:
    """What is wrong with the names of its columns."""
    problems = []
    for label, source in (dataset.spec.stack or {}).items():
        names = dataset.spec.rename.get(label, {})
        for column in names:
            if column not in known.get(source, {column: 1}):
                problems.append(
                    Problem(
                        dataset.span,
                        "CDMQ203",
                        f"rename: {source} has no column '{column}'",
                        did_you_mean(column, known[source]),
                    )
                )
        written = [names.get(c, c) for c in known.get(source, {})]
        twice = sorted({w for w in written if written.count(w) > 1 or w == "source"})
        problems += [
            Problem(
                dataset.span,
                "CDMQ210",
                f"the stack {dataset.name} gets the column '{w}' twice from {label}",
                "rename one of them",
            )
            for w in twice
        ]
    return problems
