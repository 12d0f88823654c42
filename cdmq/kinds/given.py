"""The columns that rules give to the records of a dataset, and the rows that have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.kinds import kinds
from cdmq.sql import nodes
from cdmq.sql.logical import Names, logical
from cdmq.steps import DatasetSteps
from cdmq.values import Given, Project, Rule


def given_columns(project: Project, dataset: str) -> dict[str, Given]:
    """By its name, each column that a rule gives to the records of a dataset."""
    found = {}
    for rule in project.rules.values():
        if rule.dataset == dataset and (given := kinds()[rule.kind].gives(rule)):
            found[rule.id] = given
    return found


def read_by(rule: Rule, project: Project, delivered: Iterable[str]) -> dict[str, Given]:
    """Those that a rule reads: what is delivered under the same name is read before."""
    there = {c.lower() for c in delivered}
    wanted = {c.lower() for c in project.uses[rule.id].columns(rule.dataset)} - there
    return {
        name: given
        for name, given in given_columns(project, rule.dataset).items()
        if name.lower() in wanted and name != rule.id
    }


def rows_with(rows: Rows, given: Mapping[str, Given]) -> Rows:
    """The rows as a rule sees them that reads such columns."""
    if not given:
        return rows
    types = {name: g.type for name, g in given.items()}
    return replace(rows, columns={**rows.columns, **types}, given=tuple(sorted(given)))


def joined(steps: DatasetSteps, sources: Mapping[str, exp.Select]) -> exp.Select:
    """The rows of a dataset with columns of rules; `sources`: by column, (key, value) of each.

    One pass over the rows for all rules that read them: the statement has it as a table of its own.
    """
    keyed = nodes.select(
        [exp.Star(), nodes.alias(steps.key_for(steps.relation), "__key")],
        logical(steps.relation),
    )
    shown: list[exp.Expr] = [nodes.column(c, "t") for c in _columns(steps)]
    query = nodes.select(shown, nodes.subquery(keyed, "t"))
    for number, (name, source) in enumerate(sorted(sources.items())):
        query.append("expressions", nodes.alias(nodes.column("value", f"g{number}"), name))
        same = nodes.equal(nodes.column("__key", "t"), nodes.column("key", f"g{number}"))
        nodes.left_join(query, nodes.subquery(source, f"g{number}"), same)
    return query


def name_published(names: Names, steps: DatasetSteps) -> None:
    """How its rows with such columns are read, by what people read of the rules that give them."""
    for relation, columns in steps.joined.items():
        sources = {}
        for given in columns:
            names.put(f"made:{given.made}", names.output(given.made)[1])
            sources[given.rule] = values_of(given, logical(f"made:{given.made}"))
        names.queries[relation] = joined(steps, sources)


def values_of(given: Given, table: exp.Expr, where: exp.Expr | None = None) -> exp.Select:
    """(key, value) of a column."""
    shown = [nodes.column("key"), nodes.alias(nodes.column(given.value), "value")]
    return nodes.select(shown, table, where)


def _columns(steps: DatasetSteps) -> list[str]:
    """All of the relation, the hidden ones among them."""
    return list(steps.stage.query.named_selects) if steps.stage else list(steps.columns)
