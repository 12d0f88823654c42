"""The columns that rules give to the records of a dataset, and the rows that have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sqlglot import exp

from cdmq.datasets.rows import Rows
from cdmq.kinds import kinds
from cdmq.problems import Problem
from cdmq.sql import nodes
from cdmq.sql.logical import Names, logical
from cdmq.steps import DatasetSteps
from cdmq.values import Given, Project, Rule


def given_columns(project: Project, dataset: str) -> list[Given]:
    """The columns that rules give to the records of a dataset."""
    rules = (project.rules[r] for r in project.given(dataset).values() if r in project.rules)
    found = (kinds()[rule.kind].gives(rule) for rule in rules)
    return [given for given in found if given]


def two_of_one_name(rule: Rule, given: Given, dataset: str) -> Problem:
    """A rule reads a name that is a column of the dataset, and one that another rule gives."""
    return Problem(
        rule.span,
        "CDMQ228",
        f"'{given.rule}' is a column of {dataset}, and what the rule {given.rule} gives "
        f"(rule {rule.id})",
        f"give the rule another id, with formerly: {given.rule}",
    )


def read_by(rule: Rule, project: Project, columns: Iterable[Given]) -> list[Given]:
    """Those of some columns that a rule reads, in the order of their names; its own is none."""
    known = {g.rule.lower(): g for g in columns if g.rule != rule.id}
    if not known:
        return []
    read = {c.lower() for c in project.uses[rule.id].columns(rule.dataset)}
    return [known[name] for name in sorted(known.keys() & read)]


def rows_with(rows: Rows, given: Iterable[Given]) -> Rows:
    """The rows as a rule sees them that reads such columns."""
    types = {g.rule: g.type for g in given}
    return replace(rows, columns={**rows.columns, **types}, given=tuple(types)) if types else rows


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
