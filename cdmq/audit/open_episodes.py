"""The episodes that are open when a run compares what it found."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sqlglot import exp

from cdmq.audit.ledger import Ledger
from cdmq.audit.narrow import Narrow
from cdmq.audit.renames import today
from cdmq.sql import nodes
from cdmq.values import Project


@dataclass(frozen=True)
class OpenEpisodes:
    """Reads the open rows of one table."""

    ledger: Ledger
    project: Project
    kept: Narrow
    #: The columns that are asked for.
    names: tuple[str, ...]
    #: Former id of a rule -> the present one.
    renamed: Mapping[str, str]

    def stored(self) -> exp.Expr:
        """The episodes that there are, with their numbers."""
        places = {n: "j" if n in self.kept.common else "r" for n in (*self.names, "to_run")}
        query = nodes.select(
            [nodes.column(n, place) for n, place in places.items()],
            self.ledger.of(self.kept.rows, "r"),
        )
        self.kept.join_rules(query, self.ledger.of(self.kept.rules, "j"))
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
        for rule, dataset, count in self.ledger.fetch(query):
            name = self.renamed.get(str(rule), str(rule))
            counts[name] = counts.get(name, 0) + int(count)
            if name in self.project.rules and dataset not in self.project.names_of(
                self.project.rules[name].dataset
            ):
                moved.add(name)
        return counts, moved

    def of(self, rules: AbstractSet[str]) -> exp.Select:
        """The open rows of some rules, under the ids and datasets that these have now."""
        former = {
            old: name for name in self.project.datasets for old in self.project.names_of(name)[1:]
        }
        now = {
            "rule_id": today(nodes.column("rule_id"), self.renamed, rules),
            "dataset": today(nodes.column("dataset"), former, former.values()),
        }
        ids = sorted(rules | {old for old, new in self.renamed.items() if new in rules})
        return nodes.select(
            [nodes.alias(now[n], n) if n in now else nodes.column(n) for n in self.names],
            self.stored(),
            nodes.every(
                [
                    nodes.is_null(nodes.column("to_run")),
                    exp.In(this=nodes.column("rule_id"), expressions=[nodes.text(i) for i in ids]),
                ]
            ),
        )
