"""golden: one best record per party, as one query over the matched dataset and its parties."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from cdmq.kinds.golden import GoldenRule
from cdmq.sql import nodes
from cdmq.sql.types import Type
from cdmq.stages.golden_cells import cells_query
from cdmq.stages.golden_layout import VERIFIED, layout
from cdmq.stages.golden_members import Members
from cdmq.stages.golden_order import first
from cdmq.stages.golden_problems import golden_problems
from cdmq.stages.made import PARTY
from cdmq.steps import DatasetSteps
from cdmq.values import Dataset, Rule

__all__ = ["cells_query", "golden_columns", "golden_problems", "golden_query"]


def golden_columns(
    rule: Rule, dataset: Dataset, columns: Mapping[str, Type]
) -> dict[str, Type]:
    """The columns of the golden dataset that a rule makes of `dataset`: party_id; the columns of
    the dataset without its key; how many records the party has; when values were verified."""
    return layout(rule, dataset, columns).types()


def golden_query(
    rule: Rule, dataset: Dataset, columns: Mapping[str, Type], steps: DatasetSteps, dialect: str
) -> exp.Select:
    """One row a party, with the columns of `golden_columns`.

    Reads the dataset's clean rows and `xref:<matching rule>`: a party for each key.
    """
    assert isinstance(rule.spec, GoldenRule)
    plan = layout(rule, dataset, columns)
    members = Members(plan, steps, f"xref:{rule.spec.matched_by}", dialect)
    shown: dict[str, exp.Expr] = {PARTY: nodes.column("p")}
    cells = {}
    for unit in plan.units:
        for column in unit.columns:
            cells[column] = first(members.cell(column), members.order(unit),
                                  members.present(unit), dialect)
    for name in plan.types():
        if name == PARTY or name in cells:
            shown[name] = shown.get(name) or cells[name]
        elif name == plan.changed_at:
            shown[name] = nodes.call("max", members.comparable(name))
        elif name == plan.records:
            shown[name] = _records()
    query = nodes.select([nodes.alias(n, name) for name, n in shown.items()],
                         nodes.subquery(members.ranked(), "m"))
    nodes.group_by(query, [nodes.column("p")])
    return _with_proofs(query, members) if plan.verified else query


def _records() -> exp.Expr:
    """How many records a party has. Only where a key stands twice are the keys counted."""
    twice = nodes.when(nodes.present(nodes.column("d")), nodes.column("k"))
    keys = exp.Count(this=exp.Distinct(expressions=[twice]))
    return exp.Coalesce(
        this=exp.Nullif(this=keys, expression=nodes.number(0)),
        expressions=[exp.Count(this=exp.Star())])


def _with_proofs(golden: exp.Select, members: Members) -> exp.Select:
    """When each winning value was verified: the latest proof that a record of the party has of
    the same value, whichever record won."""
    plan = members.layout
    shown: list[exp.Expr] = [nodes.column(e.alias, "g") for e in golden.expressions]
    query = nodes.select([], nodes.subquery(golden, "g"))
    for i, (column, verified) in enumerate(plan.verified.items()):
        proofs = nodes.select(
            [nodes.column("p"), nodes.alias(members.comparable(column), "c"),
             nodes.alias(nodes.call("max", members.comparable(verified)), "v")],
            nodes.subquery(members.joined([column, verified]), "j"),
            nodes.every([members.stands(column), nodes.present(members.cell(verified))]))
        nodes.group_by(proofs, [nodes.column("p"), members.comparable(column)])
        table = f"v{i}"
        value = members.compared(column, nodes.column(column, "g"))
        nodes.left_join(query, nodes.subquery(proofs, table), nodes.every([
            nodes.equal(nodes.column("p", table), nodes.column(PARTY, "g")),
            nodes.equal(nodes.column("c", table), value)]))
        shown.append(nodes.alias(nodes.column("v", table), f"{column}{VERIFIED}"))
    query.set("expressions", shown)
    return query
