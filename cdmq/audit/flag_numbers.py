"""The numbers of what many flags have in common: rule, version, dataset, columns and state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from cdmq.audit.flag_tables import FLAG_RULES, FLAG_SUGGESTIONS
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.shape import Table

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse

#: Rule, version, dataset, columns, state.
Common = tuple[str, str, str, str, str]


class FlagNumbers:
    """Those that there are, and those that a run adds. It reads at once, and writes in `write`."""

    def __init__(self, warehouse: Warehouse, schema: str, run_id: str) -> None:
        self.warehouse, self.schema, self.run_id = warehouse, schema, run_id
        shown = [nodes.column(c) for c in FLAG_RULES.names[:-1]]
        rows = self._fetch(nodes.select(shown, self._table(FLAG_RULES)))
        self.known: dict[Common, int] = {}
        for number, *common in sorted(rows, reverse=True):  # of equal ones the least
            self.known[tuple(common)] = int(number)
        self.last = max((int(r[0]) for r in rows), default=0)
        self.added: dict[Common, int] = {}
        self.suggestions: list[tuple[int, str, str]] = []

    def number(self, common: Common) -> int:
        """The number of what flags have in common; a new one where none is there."""
        if common not in self.known and common not in self.added:
            self.last += 1
            self.added[common] = self.last
        return self.known.get(common) or self.added[common]

    def suggest(self, number: int, found: Iterable[tuple[str, str]]) -> None:
        """(wrong value, nearest allowed value) of flags with a number."""
        self.suggestions += [(number, value, near) for value, near in found]

    def write(self) -> None:
        """What was added. Inside the transaction of the run."""
        self._add(FLAG_RULES, [[n, *common, self.run_id] for common, n in self.added.items()])
        if not self.suggestions:
            return
        numbers = sorted({n for n, _, _ in self.suggestions})
        there = nodes.select(
            [nodes.column("judgement"), nodes.column("value")],
            self._table(FLAG_SUGGESTIONS),
            exp.In(this=nodes.column("judgement"), expressions=[nodes.number(n) for n in numbers]),
        )
        known = {(n, value) for n, value in self._fetch(there)}
        new = [[*s, self.run_id] for s in self.suggestions if s[:2] not in known]
        self._add(FLAG_SUGGESTIONS, new)

    def _add(self, table: Table, rows: Sequence[Sequence[object]]) -> None:
        if rows:
            types = {c.name: c.type for c in table.columns}
            self.warehouse.insert(Relation(table.name, self.schema), types, rows)

    def _table(self, table: Table) -> exp.Table:
        return nodes.table(Relation(table.name, self.schema))

    def _fetch(self, query: exp.Expr) -> list[tuple[Any, ...]]:
        return self.warehouse.fetch(query.sql(self.warehouse.dialect))
