"""golden: one best record per party, as one query over the matched dataset and its parties."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from cdmq.kinds.golden.cells import cells_query
from cdmq.kinds.golden.layout import VERIFIED, layout
from cdmq.kinds.golden.members import UNFLAGGED, Flagged, Members
from cdmq.kinds.golden.order import first
from cdmq.kinds.golden.problems import golden_problems
from cdmq.kinds.golden.words import PARTY, GoldenRule
from cdmq.sql import nodes
from cdmq.sql.logical import logical
from cdmq.sql.types import Type
from cdmq.steps import DatasetSteps
from cdmq.values import Dataset, Rule

__all__ = ["cells_query", "golden_problems", "golden_query"]


def golden_query(
    rule: Rule,
    dataset: Dataset,
    columns: Mapping[str, Type],
    steps: DatasetSteps,
    dialect: str,
    flagged: Flagged = UNFLAGGED,
) -> exp.Select:
    """One row a party, with the columns that `columns` says.

    Reads the dataset's clean rows and `xref:<matching rule>`: a party for each key.
    """
    assert isinstance(rule.spec, GoldenRule)
    plan = layout(rule, dataset, columns)
    members = Members(plan, steps, f"xref:{rule.spec.matched_by}", dialect, flagged)
    units = members.units
    shown: dict[str, exp.Expr] = {PARTY: nodes.column("p")}
    cells = {}
    for unit in plan.units:
        for column in unit.columns:
            cells[column] = first(
                units.cells.cell(column), units.order(unit), units.present(unit), dialect
            )
    for name in plan.types():
        if name in cells:
            shown[name] = cells[name]
        elif name == plan.changed_at:
            shown[name] = units.cells.latest(name)
    query = nodes.select(
        [nodes.alias(n, name) for name, n in shown.items()], nodes.subquery(members.ranked(), "m")
    )
    return _with_party(nodes.group_by(query, [nodes.column("p")]), members)


def _with_party(golden: exp.Select, members: Members) -> exp.Select:
    """What is known of the party besides: its records, a key that stands twice counted once, and
    when each winning value was verified: the latest proof that a record of the party has of the
    same value, whichever record won."""
    plan, units = members.layout, members.units
    size = nodes.group_by(
        nodes.select(
            [nodes.column("party_id"), nodes.alias(exp.Count(this=exp.Star()), "n")],
            logical(members.xref),
        ),
        [nodes.column("party_id")],
    )
    shown: list[exp.Expr] = [
        *(nodes.column(e.alias, "g") for e in golden.expressions),
        nodes.alias(nodes.column("n", "s"), plan.records),
    ]
    query = nodes.select(shown, nodes.subquery(golden, "g"))
    nodes.left_join(
        query,
        nodes.subquery(size, "s"),
        nodes.equal(nodes.column("party_id", "s"), nodes.column(PARTY, "g")),
    )
    for i, (column, verified) in enumerate(plan.verified.items()):
        proofs = nodes.select(
            [
                nodes.column("p"),
                nodes.alias(units.cells.comparable(column), "c"),
                nodes.alias(units.cells.latest(verified), "v"),
            ],
            nodes.subquery(members.joined([column, verified]), "j"),
            nodes.every([units.cells.stands(column), nodes.present(units.cells.when(verified))]),
        )
        nodes.group_by(proofs, [nodes.column("p"), units.cells.comparable(column)])
        table = f"v{i}"
        value = units.cells.compared(column, nodes.column(column, "g"))
        nodes.left_join(
            query,
            nodes.subquery(proofs, table),
            nodes.every(
                [
                    nodes.equal(nodes.column("p", table), nodes.column(PARTY, "g")),
                    nodes.equal(nodes.column("c", table), value),
                ]
            ),
        )
        query.append("expressions", nodes.alias(nodes.column("v", table), f"{column}{VERIFIED}"))
    return query
