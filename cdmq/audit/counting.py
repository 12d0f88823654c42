"""Which audit rows count, where a warehouse has no transactions over several statements.

A run writes its rows one statement after the other, and its row in `runs` last: by that one all
others count. Until then views of the tables' names show what stood before; what a run that died
has written is taken back by the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from cdmq.audit.tables import (
    PII_KEY,
    REGISTER,
    RUNS,
    SCHEMA_TABLE,
    audit_schema,
    read_schema,
)
from cdmq.sql import nodes
from cdmq.sql.relation import Relation
from cdmq.sql.shape import Table

if TYPE_CHECKING:
    from cdmq.audit.stated import Stated
    from cdmq.warehouses.base import Warehouse

#: Columns that say in which run a row came; and beside `to_run`, what else is set when it ends.
_CAME = ("from_run", "run_id", "first_run")
_ENDED = ("to_run", "undone_run")
_BESIDE = ("closed_because", "to_review")
#: Tables whose rows are there from the moment that they are written.
_AT_ONCE = (RUNS, SCHEMA_TABLE, REGISTER, PII_KEY)


def counts(run: exp.Expr, schema: str) -> exp.Expr:
    """The condition that a run's row stands in `runs`."""
    return nodes.among(run, nodes.select([nodes.column("run_id")], _table(RUNS, schema)))


def show_counted(warehouse: Warehouse, stated: Stated) -> None:
    """Make the views that people read: the rows that count, as they stood before a run does."""
    rows, read = audit_schema(warehouse), read_schema(warehouse)
    for table in (SCHEMA_TABLE, *stated.tables):
        if table is not PII_KEY:
            query = _counted(table, rows)
            made = nodes.create(Relation(table.name, read), query, "VIEW", replace=True)
            warehouse.run(made.sql(warehouse.dialect))
    for view in stated.views:
        warehouse.run(view.create(read).sql(warehouse.dialect))


def _counted(table: Table, schema: str) -> exp.Select:
    shown: list[exp.Expr] = []
    for name in table.names:
        by = name if name in _ENDED else "to_run" if name in _BESIDE else None
        if table in _AT_ONCE or by is None:
            shown.append(nodes.column(name))
            continue
        value = exp.Case(
            ifs=[exp.If(this=counts(nodes.column(by), schema), true=nodes.column(name))]
        )
        shown.append(nodes.alias(value, name))
    came = [] if table in _AT_ONCE else [c for c in _CAME if c in table.names][:1]
    where = counts(nodes.column(came[0]), schema) if came else None
    return nodes.select(shown, _table(table, schema), where)


def take_back(warehouse: Warehouse, tables: Iterable[Table]) -> None:
    """Take back what runs wrote whose row is not among the runs."""
    for statement in _taken_back(tables, audit_schema(warehouse)):
        warehouse.run(statement.sql(warehouse.dialect))


def _taken_back(tables: Iterable[Table], schema: str) -> Iterator[exp.Expr]:
    for table in tables:
        names = () if table in _AT_ONCE else table.names
        for ended in (c for c in _ENDED if c in names):
            also = [c for c in _BESIDE if c in names and ended == "to_run"]
            yield exp.Update(
                this=_table(table, schema),
                expressions=[
                    exp.EQ(this=nodes.column(c), expression=nodes.null()) for c in (ended, *also)
                ],
                where=exp.Where(this=_lost(ended, schema)),
            )
        for came in [c for c in _CAME if c in names][:1]:
            yield exp.Delete(this=_table(table, schema), where=exp.Where(this=_lost(came, schema)))


def _lost(column: str, schema: str) -> exp.Expr:
    return nodes.every(
        [
            nodes.present(nodes.column(column)),
            exp.Not(this=counts(nodes.column(column), schema)),
        ]
    )


def _table(table: Table, schema: str) -> exp.Table:
    return nodes.table(Relation(table.name, schema))
