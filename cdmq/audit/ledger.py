"""The audit tables of a warehouse, as a run reads them and writes into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.shape import Table

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


@dataclass(frozen=True)
class Ledger:
    """Where they stand, and the run that writes."""

    warehouse: Warehouse
    schema: str
    run_id: str

    def at(self, table: Table) -> Relation:
        return Relation(table.name, self.schema)

    def of(self, table: Table, alias: str | None = None) -> exp.Table:
        """To be read in a query."""
        return nodes.table(self.at(table), alias)

    def fetch(self, query: exp.Expr) -> list[tuple[Any, ...]]:
        return self.warehouse.fetch(query.sql(self.warehouse.dialect, copy=False))

    def run(self, node: exp.Expr) -> int:
        """Send a statement, made for that alone; the rows that it touched."""
        return self.warehouse.run(node.sql(self.warehouse.dialect, copy=False))

    def add(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows that have all columns of a table."""
        if rows:
            types = {c.name: c.type for c in table.columns}
            self.warehouse.insert(self.at(table), types, rows)
