"""The episodes that are open when a run compares what it found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.flag_tables import FLAG_ROWS, FLAG_RULES
from cdmq.audit.renames import today
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.values import Project

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


@dataclass(frozen=True)
class OpenEpisodes:
    """Reads the open rows of one table."""

    warehouse: Warehouse
    project: Project
    table: Relation
    #: Flags are kept by the numbers of what they have in common.
    numbered: bool
    #: What tells one episode of a rule and column from another.
    identity: tuple[str, ...]
    #: Former id of a rule -> the present one.
    renamed: Mapping[str, str]

    def stored(self) -> exp.Expr:
        """The episodes that there are; of flags with their numbers, and without suggestions."""
        if not self.numbered:
            return nodes.table(self.table)
        common = ("rule_id", "dataset", "column_name", "state")
        own = ("judgement", *self.identity, "records", "to_run")
        query = nodes.select(
            [*(nodes.column(c, "j") for c in common), *(nodes.column(c, "r") for c in own)],
            nodes.table(Relation(FLAG_ROWS.name, self.table.schema), "r"),
        )
        rules = nodes.table(Relation(FLAG_RULES.name, self.table.schema), "j")
        same = nodes.equal(nodes.column("judgement", "j"), nodes.column("judgement", "r"))
        query.append("joins", exp.Join(this=rules, on=same))
        return nodes.subquery(query, "s")

    def counts(self) -> tuple[dict[str, int], set[str]]:
        """Rule -> how many found rows its open episodes stand for, also under former ids; and the rules
        with open rows about a dataset that they judge no more."""
        query = nodes.group_by(
            nodes.select(
                [
                    nodes.column("rule_id"),
                    nodes.column("dataset"),
                    exp.Sum(this=nodes.column("records")),
                ],
                self.stored(),
                nodes.is_null(nodes.column("to_run")),
            ),
            [nodes.column("rule_id"), nodes.column("dataset")],
        )
        counts: dict[str, int] = {}
        moved: set[str] = set()
        for rule, dataset, count in self.warehouse.fetch(query.sql(self.warehouse.dialect)):
            name = self.renamed.get(str(rule), str(rule))
            counts[name] = counts.get(name, 0) + int(count)
            if name in self.project.rules and dataset not in self.project.names_of(
                self.project.rules[name].dataset
            ):
                moved.add(name)
        return counts, moved

    def of(self, names: AbstractSet[str], shown: Sequence[str]) -> exp.Select:
        """The open rows of some rules, under the ids that the rules have now, with the columns
        `shown`."""
        stored = nodes.column("rule_id")
        former = {
            old: name for name in self.project.datasets for old in self.project.names_of(name)[1:]
        }
        ids = sorted(names | {old for old, new in self.renamed.items() if new in names})
        return nodes.select(
            [
                nodes.alias(today(stored.copy(), self.renamed, names), "rule_id"),
                nodes.alias(stored, "stored_id"),
                nodes.alias(today(nodes.column("dataset"), former, former.values()), "dataset"),
                nodes.alias(nodes.column("dataset"), "stored_dataset"),
                *(nodes.column(n) for n in shown),
            ],
            self.stored(),
            nodes.every(
                [
                    nodes.is_null(nodes.column("to_run")),
                    exp.In(this=stored.copy(), expressions=[nodes.text(i) for i in ids]),
                ]
            ),
        )
