"""What a run found, each once: rows that are the same in all are one with a count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.sql import nodes
from cdmq.sql.relation import Relation

if TYPE_CHECKING:
    from cdmq.warehouses.base import Warehouse


@dataclass(frozen=True)
class Found:
    """The rows of `found`. `codes` has by their code what they have in common; `twice` is filled
    with `twice()` before `once()` is asked."""

    warehouse: Warehouse
    found: Relation
    identity: tuple[str, ...]
    codes: Relation
    marks: Relation

    def twice(self) -> exp.Select:
        """The hashes of rows that may stand twice: grouping those only is half the work."""
        query = nodes.group_by(
            nodes.select([nodes.alias(self._mark(), "mark")], nodes.table(self.found)),
            [self._mark()],
        )
        more = exp.GT(this=exp.Count(this=exp.Star()), expression=nodes.number(1))
        query.set("having", exp.Having(this=more))
        return query

    def once(self, names: Sequence[str]) -> exp.Select:
        """`names` of each row, or of what it has in common with others."""
        query = nodes.select(
            [nodes.column(n, "f" if n in (*self.identity, "records") else "c") for n in names],
            nodes.subquery(self._counted(), "f"),
        )
        query.append(
            "joins",
            exp.Join(
                this=nodes.table(self.codes, "c"),
                on=nodes.equal(nodes.column("code", "f"), nodes.column("code", "c")),
            ),
        )
        return query

    def _counted(self) -> exp.Query:
        parts = [nodes.column(n) for n in ("code", *self.identity)]
        found = nodes.table(self.found)
        marks = nodes.select([nodes.column("mark")], nodes.table(self.marks))
        many = exp.In(this=self._mark(), query=exp.Subquery(this=marks))
        alone = nodes.select(
            [*parts, nodes.alias(nodes.number(1), "records")], found, exp.Not(this=many)
        )
        count = nodes.alias(exp.Count(this=exp.Star()), "records")
        copies = [p.copy() for p in parts]
        counted = nodes.select([*copies, count], found.copy(), many.copy())
        return nodes.union_all([alone, nodes.group_by(counted, [p.copy() for p in parts])])

    def _mark(self) -> exp.Expr:
        return self.warehouse.row_hash([nodes.column(n) for n in ("code", *self.identity)])
