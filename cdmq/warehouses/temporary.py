"""Temporary tables of a run: all are made here, and vanish with the connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.relation import Relation

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


@dataclass(frozen=True)
class Temporary:
    """Makes them; one of the same name is dropped before."""

    warehouse: Warehouse

    def make(self, relation: Relation, query: exp.Select) -> None:
        self._run(nodes.drop(relation))
        self._run(nodes.create(relation, query, temporary=True))

    def load(
        self, relation: Relation, columns: Mapping[str, str], rows: Sequence[Sequence[object]]
    ) -> None:
        """With rows of Python values; `columns` gives the type of each."""
        self.empty(relation, columns)
        self.warehouse.insert(relation, dict(columns), rows)

    def empty(self, relation: Relation, columns: Mapping[str, str]) -> None:
        """Without rows, yet."""
        nothing = nodes.select(
            [nodes.alias(nodes.cast(nodes.null(), t), c) for c, t in columns.items()],
            where=exp.false(),
        )
        self.make(relation, nothing)

    def _run(self, node: exp.Expr) -> None:
        self.warehouse.run(node.sql(self.warehouse.dialect))
