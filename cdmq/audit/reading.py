"""The audit tables of a target, read: rows as mappings, and when each run was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from cdmq.audit.migrations import constant, former
from cdmq.audit.tables import RUNS, audit_schema
from cdmq.problems import CdmqError, Problem, Span
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.shape import Table

if TYPE_CHECKING:
    from cdmq.project.spec import ProjectFile
    from cdmq.warehouses.base import Warehouse

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Where:
    """Which target's tables are read."""

    profiles_dir: str | None = None
    profile: str | None = None
    target: str | None = None


class Audit:
    """The audit tables behind one connection."""

    def __init__(self, warehouse: Warehouse, span: Span) -> None:
        self.warehouse, self.schema = warehouse, audit_schema(warehouse)
        self._columns: dict[str, frozenset[str]] = {}
        if RUNS.name not in warehouse.inventory.relations(self.schema):
            raise CdmqError(
                Problem(
                    span,
                    "CDMQ533",
                    "nothing was run on this target yet: it has no audit tables",
                    "try: cdmq run",
                )
            )

    def rows(self, table: Table, where: exp.Expr | None = None) -> list[dict[str, Any]]:
        """The rows of a table, in no order. What an older cdmq did not record is None."""
        names = self.names(table)
        if not names:
            return []
        shown = [nodes.column(c) for c in names]
        found = self.fetch(nodes.select(shown, self.source(table), where))
        return [
            {**dict.fromkeys(table.names), **dict(zip(names, row, strict=True))} for row in found
        ]

    def names(self, table: Table) -> tuple[str, ...]:
        """The columns of a table that are there: an older cdmq may have made it without some."""
        there = self._there(table)
        was = {**former(table.name), **constant(table.name)} if self._older(table) else {}
        return tuple(c for c in table.names if c in there or c in was)

    def _there(self, table: Table) -> frozenset[str]:
        if table.name not in self._columns:
            found = self.warehouse.columns(Relation(table.name, self.schema))
            self._columns[table.name] = frozenset(found or ())
        return self._columns[table.name]

    def _older(self, table: Table) -> bool:
        """Whether no run has brought over yet what an older cdmq wrote in another shape."""
        was = former(table.name)
        return bool(was) and set(was.values()) <= self._there(table)

    def source(self, table: Table) -> exp.Expr:
        """The table, with the columns that it has today."""
        at = nodes.table(Relation(table.name, self.schema))
        if not self._older(table):
            return at
        was, is_ = former(table.name), constant(table.name)
        shown = [
            nodes.alias(nodes.text(is_[c]) if c in is_ else nodes.column(was.get(c, c)), c)
            for c in self.names(table)
        ]
        return nodes.subquery(nodes.select(shown, at), "older")

    def fetch(self, query: exp.Expr) -> list[tuple[Any, ...]]:
        return self.warehouse.fetch(query.sql(self.warehouse.dialect))

    @cached_property
    def runs(self) -> dict[str, Row]:
        """Every run by its id, in the order in which they ran."""
        return {r["run_id"]: r for r in sorted(self.rows(RUNS), key=lambda r: r["run_id"])}

    def started(self, run_id: str | None) -> datetime | None:
        run = self.runs.get(run_id or "")
        return run["started"] if run else None

    def as_of(self, run_id: str | None) -> datetime | None:
        """The time that a run judged by."""
        run = self.runs.get(run_id or "")
        return run["as_of"] if run else None


@contextmanager
def open_audit(root: Path, config: ProjectFile, where: Where) -> Iterator[Audit]:
    """The audit tables of a project's target. Raises CdmqError where nothing was run there."""
    from cdmq.project import given
    from cdmq.warehouses.connecting import connect, scrubbing
    from cdmq.warehouses.profiles import read_target

    given.check(profiles_dir=where.profiles_dir, profile=where.profile, target=where.target)
    target = read_target(
        root,
        config,
        profiles_dir=where.profiles_dir,
        profile=where.profile,
        target=where.target,
    )
    with scrubbing(target):
        path = getattr(target.options, "path", None)
        if path and path != ":memory:" and not (root / path).is_file():
            raise CdmqError(
                Problem(
                    target.span,
                    "CDMQ533",
                    f"nothing was run on this target yet: there is no {path}",
                    "try: cdmq run",
                )
            )
        warehouse = connect(target, root)
        try:
            yield Audit(warehouse, target.span)
        finally:
            warehouse.close()


def same(column: str, value: str) -> exp.Expr:
    """The condition that a column has a value."""
    return nodes.equal(nodes.column(column), nodes.text(value))
