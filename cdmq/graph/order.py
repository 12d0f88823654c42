"""The one graph of datasets: what each needs before it, and an order, or the path of a cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from cdmq.datasets.model_text import render_model
from cdmq.kinds.defaults.words import DefaultRule
from cdmq.problems import Problem, Span, did_you_mean
from cdmq.values import Dataset, Documents, Rule


def dataset_needs(
    datasets: Mapping[str, Dataset],
    rules: Mapping[str, Rule],
    documents: Documents,
    problems: list[Problem],
) -> dict[str, list[str]]:
    """For each dataset the names of those that must stand before it, sorted."""
    needs: dict[str, set[str]] = {name: set() for name in datasets}
    for name, dataset in datasets.items():
        if dataset.spec.stack:
            needs[name] |= {s for s in dataset.spec.stack.values() if s in datasets}
        if dataset.model:
            needs[name] |= _model_needs(dataset, datasets, documents, problems)
        if dataset.made_of in datasets:
            needs[name].add(str(dataset.made_of))
    for rule in rules.values():
        if isinstance(rule.spec, DefaultRule) and rule.dataset in needs:
            needs[rule.dataset] |= {
                source.split(".", 1)[0]
                for source in rule.spec.fill_from
                if "." in source and source.split(".", 1)[0] in datasets
            }
            if rule.spec.map and rule.spec.map.seed in datasets:
                needs[rule.dataset].add(rule.spec.map.seed)
    return {name: sorted(found) for name, found in needs.items()}


def _model_needs(
    dataset: Dataset,
    datasets: Mapping[str, Dataset],
    documents: Documents,
    problems: list[Problem],
) -> set[str]:
    assert dataset.model is not None
    span = Span(dataset.model.path)
    try:
        text = render_model(dataset, documents.variables, documents.macros)
    except ValueError as error:
        line = getattr(error, "line", 0)
        place = Span(span.file, line, 1) if line else span
        problems.append(
            Problem(
                place,
                "CDMQ107",
                str(error),
                getattr(error, "remedy", "").replace(
                    "here: var()", "here: ref(), source(), config(), var()"
                ),
            )
        )
        return set()
    needs = set()
    for how, name in text.references():
        if how == "clean" and name in datasets:
            needs.add(name)
        elif how == "clean" and name not in documents.broken:
            problems.append(
                Problem(
                    span,
                    "CDMQ202",
                    f"unknown dataset '{name}' in ref()",
                    did_you_mean(name, datasets),
                )
            )
    return needs


def sort(
    needs: Mapping[str, Sequence[str]], datasets: Mapping[str, Dataset], problems: list[Problem]
) -> list[str]:
    """Names in an order that does not hang on the order of files; a cycle is a Problem."""
    sorter = TopologicalSorter({name: needs[name] for name in sorted(needs)})
    try:
        return list(sorter.static_order())
    except CycleError as error:
        path = list(reversed(error.args[1]))
        problems.append(
            Problem(
                datasets[path[0]].span,
                "CDMQ207",
                "a cycle: " + " -> ".join(path),
                "one of them must not read the next",
            )
        )
        return sorted(needs)
