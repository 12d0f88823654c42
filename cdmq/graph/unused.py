"""Which columns of what is delivered some rule reads: of a dataset, or of what is made of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from sqlglot import exp

from cdmq.datasets.models import model_query
from cdmq.project.column_names import folded
from cdmq.project.spec import money_columns
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.values import ALL, Dataset, Project, Rule


def read_columns(
    project: Project, known: Mapping[str, Collection[str]]
) -> dict[str, frozenset[str]]:
    """Dataset -> its columns that are read. `known`: all that each has.

    What a rule hands on as it is (golden records have all columns of theirs) is read where a rule
    reads it there; so is a column of a stack. What the SQL of a model names is read. Key, times
    and references of the declaration are read: they say what a record is.
    """
    named: dict[str, set[str]] = {n: set(_declared(d)) for n, d in project.datasets.items()}
    for rule in project.rules.values():
        if not _of_itself(rule, project):
            for name, columns in _read_by(rule, project):
                named.get(name, set()).update(columns - {ALL})
                if ALL in columns:
                    named.get(name, set()).update(known.get(name, ()))
    for dataset in reversed([*project.datasets.values()]):
        wanted = {folded(c) for c in named[dataset.name]}
        for below, handed in _handed_on(dataset, project, known, wanted):
            named.get(below, set()).update(handed)
    return {
        name: frozenset(c for c in columns if folded(c) in {folded(r) for r in named[name]})
        for name, columns in known.items()
        if name in named
    }


def _of_itself(rule: Rule, project: Project) -> bool:
    """A check that each typed column has, without anybody's word."""
    return rule.check == "readable" and rule.span == project.datasets[rule.dataset].span


def _read_by(rule: Rule, project: Project) -> Iterator[tuple[str, frozenset[str]]]:
    """Dataset -> columns that a rule reads and does not only hand on."""
    uses = project.uses[rule.id]
    hands_on = any(name.startswith("source:") for name in uses.makes)
    for name, columns in uses.reads.items():
        how, _, dataset = name.partition(":")
        if how in ("rows", "source"):
            yield dataset, columns - {ALL} if hands_on else columns


def _declared(dataset: Dataset) -> Iterator[str]:
    spec = dataset.spec
    yield from dataset.key
    yield from (c for c in (spec.changed_at, spec.changed_by, spec.happened_at) if c)
    yield from spec.verified_at.values()
    yield from money_columns(spec)
    yield from (c for columns in spec.refers_to.values() for c in columns)


def _handed_on(
    dataset: Dataset, project: Project, known: Mapping[str, Collection[str]], wanted: set[str]
) -> Iterator[tuple[str, Iterable[str]]]:
    """The datasets that one is made of, with their columns of which it makes a wanted one."""
    if dataset.spec.stack:
        for label, below in dataset.spec.stack.items():
            names = dataset.spec.rename.get(label, {})
            columns = known.get(below, ())
            yield below, [c for c in columns if folded(names.get(c, c)) in wanted]
    elif dataset.made_of is not None:
        yield (
            dataset.made_of,
            [c for c in known.get(dataset.made_of, ()) if folded(c) in wanted],
        )
    elif dataset.model is not None:
        query = model_query(dataset, project, lambda name: nodes.table(Relation(name)))
        said = {folded(c.name) for c in query.find_all(exp.Column)}
        if query.find(exp.Star):
            said |= wanted
        for below in dataset.depends_on:
            yield below, [c for c in known.get(below, ()) if folded(c) in said]
